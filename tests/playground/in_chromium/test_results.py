"""Results in a real browser: videos, several pictures in a grid, reactions, sources."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.page_requests import post
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORM = "a lighthouse in a storm"
BEAR = "a teddy bear with an electric guitar"
PLAYING = "video => !video.paused && video.currentTime > 0 && video.readyState > 2"


async def made(served: Served, page: Page, text: str) -> list[str]:
    """Send a command, finish its jobs and return their ids."""
    before = await served.core.job_ids()
    await say(page, text)
    await page.wait_for_selector(".progress")
    jobs = (await served.core.job_ids())[len(before) :]
    for job in jobs:
        await served.core.finish(job)
    await expect(page.locator(".progress")).to_have_count(0)
    return jobs


async def test_a_preview_plays_while_a_video_is_made_and_gives_way_to_it(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url, calm=False)
    await say(page, f"/animate {STORM}")
    await page.wait_for_selector(".progress")
    job = (await served.core.preview()).id
    preview = page.locator(".progress video.preview")
    await page.wait_for_function(PLAYING, arg=await preview.element_handle())
    assert await preview.evaluate("one => [one.muted, one.loop, one.ariaHidden]") == [True, True, "true"]
    await expect(page.locator(".progress .headline")).to_be_visible()
    await served.core.finish(job)
    await expect(page.locator(".progress")).to_have_count(0)
    await expect(page.locator(".shown.video video")).to_have_count(1)
    assert [] == complaints(page)


async def test_a_preview_stands_still_where_motion_is_not_wanted(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/animate {STORM}")
    await page.wait_for_selector(".progress")
    await served.core.preview()
    preview = page.locator(".progress video.preview")
    assert "/media/" in (await preview.get_attribute("poster") or "")
    await expect(preview).to_have_js_property("paused", value=True)


async def test_only_one_video_plays_at_a_time_while_it_is_visible(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, calm=False)
    for _ in range(2):
        await made(served, page, f"/animate {STORM}")
    videos = page.locator("video")
    await expect(videos).to_have_count(2)
    flags = await videos.first.evaluate("one => [one.loop, one.muted, one.controls, one.playsInline]")
    assert flags == [True, True, True, True]
    assert "/media/" in (await videos.first.get_attribute("poster") or "")
    assert await videos.evaluate_all("all => all.map(one => one.paused)") == [True, True]

    await videos.nth(1).hover()
    await page.wait_for_function(PLAYING, arg=await videos.nth(1).element_handle())
    await videos.nth(0).scroll_into_view_if_needed()
    await videos.nth(0).hover()
    await page.wait_for_function(PLAYING, arg=await videos.nth(0).element_handle())
    assert await videos.evaluate_all("all => all.map(one => one.paused)") == [False, True]
    await page.locator(".brand").hover()
    await expect(videos.nth(0)).to_have_js_property("paused", value=True)

    # What was pressed goes on when the pointer leaves, until another one is pressed.
    await page.set_viewport_size({"width": 1100, "height": 1800})
    for index in (1, 0):
        await videos.nth(index).evaluate("one => one.play()")
    assert await videos.evaluate_all("all => all.map(one => one.paused)") == [False, True]

    size = await videos.nth(0).evaluate("one => [one.videoWidth > one.videoHeight, one.duration]")
    assert size == [True, 5]
    await page.get_by_role("button", name="Enlarge").first.click()
    await page.wait_for_function(PLAYING, arg=await page.locator("#lightbox video").element_handle())
    await page.keyboard.press("Escape")
    await expect(page.locator("#lightbox video")).to_have_count(0)
    assert complaints(page) == []


async def test_a_video_plays_on_while_its_card_changes(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, calm=False)
    (job,) = await made(served, page, f"/animate {STORM}")
    await page.locator("video").hover()
    playing = await page.locator("video").element_handle()
    await page.wait_for_function(PLAYING, arg=playing)
    for name in ("ada", "grace"):
        await post(served, "action", name, {"action": "gallery", "job": job, "key": f"star-by-{name}"})
    await expect(page.locator(".stars")).to_contain_text("★ 2")
    # The rest of its text is for screen readers alone.
    hidden = await page.locator(".stars span").bounding_box()
    assert hidden is not None
    assert hidden["width"] <= 1
    assert await playing.evaluate("one => [one.isConnected, one.paused]") == [True, False]


async def test_several_pictures_share_one_row_of_actions(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {BEAR} --count 4")
    await expect(page.locator(".cell")).to_have_count(4)
    jobs = await served.core.job_ids()
    await served.core.finish(jobs[0])
    await served.core.run(jobs[1])
    await served.core.finish(jobs[2])
    await served.core.fail(jobs[3])
    await expect(page.locator(".cell .picture.there")).to_have_count(2)
    await expect(page.get_by_role("progressbar")).to_have_count(1)
    await expect(page.locator(".cell").nth(3)).to_contain_text("refused by moderation")
    await expect(page.get_by_role("group", name="Actions")).to_have_count(1)

    await page.get_by_role("radio", name="Select number 1").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="Select number 3")).to_be_checked()
    await page.get_by_role("button", name=re.compile("^Variation")).click()
    await expect(page.locator(".parent")).to_contain_text("from #")
    assert (await served.core.newest()).parent == jobs[2]
    assert complaints(page) == []


async def test_a_grid_fits_with_its_buttons_and_is_picked_by_click_number_key_and_arrow(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url, width=1280)
    for ratio in ("9:16", "16:9"):
        await made(served, page, f"/imagine {BEAR} --count 4 --ar {ratio}")
        card = page.locator(".message").last
        for width, height in ((1280, 800), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            seen = await page.locator("#conversation").bounding_box()
            of_card = await card.locator(".job.group").bounding_box()
            assert seen is not None
            assert of_card is not None
            assert of_card["height"] < seen["height"], (ratio, width)
            assert of_card["x"] + of_card["width"] <= width
            aside = await card.locator(".caption").bounding_box()
            cells = await card.locator(".cells").bounding_box()
            assert aside is not None
            assert cells is not None
            beside = aside["x"] >= cells["x"] + cells["width"]
            assert beside is (width > 600), (ratio, width)
    await page.set_viewport_size({"width": 1280, "height": 800})

    def picked(number: int) -> Locator:
        return card.get_by_role("radio", name=f"Select number {number}")

    pictures = card.locator(".picture")
    await pictures.nth(2).click()
    await expect(picked(3)).to_be_checked()
    await expect(page.locator("#lightbox")).to_be_hidden()
    await page.keyboard.press("2")
    await expect(picked(2)).to_be_checked()
    await pictures.nth(1).focus()
    await page.keyboard.press("ArrowDown")
    await expect(picked(4)).to_be_checked()
    await expect(pictures.nth(3)).to_be_focused()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("1")
    await expect(picked(1)).to_be_checked()
    await page.locator("#command-input").fill("")
    await page.locator("#command-input").press("3")
    await expect(page.locator("#command-input")).to_have_value("3")
    await expect(picked(1)).to_be_checked()
    await pictures.nth(0).click()
    await expect(page.locator("#lightbox")).to_be_visible()
    assert complaints(page) == []


async def test_buttons_and_menus_show_prices_and_warn_where_too_little_is_left(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    await made(served, page, f"/imagine {BEAR}")
    animate = page.get_by_role("button", name="Animate $0.25")
    await expect(animate).to_be_visible()
    await expect(animate).not_to_have_class(re.compile("short"))
    await page.get_by_role("button", name="Reframe").click()
    await expect(page.get_by_role("menuitem", name="Reframe to 1:1 · $0.018")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Add a reaction").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitemcheckbox", name="Animate · $0.25")).to_be_visible()
    await page.keyboard.press("Escape")

    await say(page, "/quotas set ada --amount 0.10")
    await expect(animate).to_have_class(re.compile("short"))
    await expect(animate).to_have_attribute("title", re.compile("more than is left"))
    await page.locator("#command-input").fill(f"/imagine {BEAR} --count 4")
    await expect(page.locator("#price")).to_contain_text("4 × ≈$0.018 = ≈$0.072")
    await page.locator("#command-input").fill(f"/animate {BEAR}")
    await expect(page.locator("#price")).to_have_class(re.compile("short"))
    await expect(page.locator("#quota")).to_have_class(re.compile("short"))
    assert complaints(page) == []


async def test_reactions_are_added_counted_and_removed(served: Served, browser: Browser) -> None:
    ada = await open_page(browser, served.url)
    grace = await open_page(browser, served.url, me="grace")
    await made(served, ada, f"/imagine {BEAR} --count 2")
    jobs = await served.core.job_ids()
    for page, number in ((ada, "Number 2"), (grace, "Number 1")):
        add = page.get_by_role("button", name="Add a reaction").first
        await add.focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("menuitemcheckbox", name=number).click()
    await expect(ada.get_by_role("radio", name="Select number 2")).to_be_checked()
    heart = ada.get_by_role("button", name="Add a reaction").first
    await heart.focus()
    await ada.keyboard.press("Enter")
    await ada.get_by_role("menuitemcheckbox", name="❤️").click()
    chip = grace.locator(".reaction[data-emoji='❤️']")
    await expect(chip).to_have_attribute("aria-label", "ada reacted with ❤️")
    await chip.click()
    await expect(ada.locator(".reaction[data-emoji='❤️'] .count")).to_have_text("2")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await chip.click()
    await expect(ada.locator(".reaction[data-emoji='❤️'] .count")).to_have_text("1")

    await ada.locator(".message").first.hover()
    await ada.get_by_role("button", name="React: Animate").first.click()
    await expect(ada.locator(".message")).to_have_count(2)
    assert (await served.core.newest()).parent == jobs[1]
    assert complaints(ada) + complaints(grace) == []


async def test_a_reaction_that_does_not_apply_is_not_offered(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await made(served, page, f"/imagine {BEAR}")
    await page.get_by_role("button", name="Add a reaction").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitemcheckbox", name="Animate")).to_be_visible()
    await expect(page.get_by_role("menuitemcheckbox", name="Extend")).to_have_count(0)


async def test_the_delete_reaction_asks_for_confirmation(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    (job,) = await made(served, page, f"/imagine {BEAR}")
    for answer in ("Keep", "Delete"):
        await page.get_by_role("button", name="Add a reaction").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("menuitemcheckbox", name="Delete").click()
        await expect(page.get_by_role("button", name="Keep")).to_be_focused()
        await page.locator("dialog").get_by_role("button", name=answer, exact=True).click()
        await expect(page.locator("dialog.sheet")).to_have_count(0)
        if answer == "Keep":
            assert not (await served.core.job(job)).deleted
    await expect(page.locator(".message")).to_have_count(0)


async def test_a_double_click_deletes_nothing(served: Served, browser: Browser) -> None:
    """Wherever the question appears, the second click does not confirm it."""
    page = await open_page(browser, served.url)
    (job,) = await made(served, page, f"/imagine {BEAR}")
    await page.get_by_role("button", name="Delete", exact=True).dblclick()
    assert not (await served.core.job(job)).deleted
    await expect(page.locator("button[aria-busy]")).to_have_count(0)
    # The second click may have hit Keep, which closes the question.
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.sheet")).to_have_count(0)
    await page.get_by_role("button", name="Delete", exact=True).click()
    question = page.get_by_role("dialog", name="Delete this?")
    confirm = question.get_by_role("button", name="Delete", exact=True)
    await expect(confirm).to_be_visible()
    await confirm.dispatch_event("click", {"detail": 2})
    await expect(confirm).to_be_visible()
    assert not (await served.core.job(job)).deleted
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.sheet")).to_have_count(0)
    assert not (await served.core.job(job)).deleted


async def test_a_typed_delete_asks_in_a_dialog(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    (job,) = await made(served, page, f"/imagine {BEAR}")
    await say(page, f"/delete {job}")
    await (
        page.get_by_role("dialog", name="Delete this?")
        .get_by_role("button", name="Delete", exact=True)
        .click()
    )
    await expect(page.locator(".message")).to_have_count(0)
    assert (await served.core.job(job)).deleted


async def test_a_result_links_to_its_source(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    (source,) = await made(served, page, f"/imagine {BEAR} --ar 1:1")
    await page.get_by_role("button", name=re.compile("^Animate")).click()
    await expect(page.locator(".message")).to_have_count(2)
    await page.get_by_role("link", name="from #").click()
    await expect(page.locator(f"#job-{source}")).to_be_focused()
    await page.get_by_role("button", name="Copy the command").first.click()
    await expect(page.locator("#announcements")).to_contain_text("Copied: /imagine")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert (
        copied == f"/imagine {BEAR} --model photon-1 --aspect_ratio 1:1 --count 1 --format jpg --private=no"
    )
    await page.get_by_role("button", name="Use the settings").first.click()
    dialog = page.get_by_role("dialog", name="/imagine")
    await expect(dialog.get_by_role("textbox", name="Prompt")).to_have_value(BEAR)
    await expect(dialog.get_by_label("Aspect ratio")).to_have_value("1:1")
    await page.keyboard.press("Escape")
    # On a page that does not hold the parent any more it is shown privately.
    await page.evaluate("document.querySelector('#messages .message').remove()")
    await page.get_by_role("link", name="from #").click()
    await expect(page.locator(".note .picture.there")).to_be_visible()
    await expect(page.locator(".note .said")).to_have_text(re.compile("^/show "))


async def test_the_prompt_is_edited_in_a_dialog(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await made(served, page, f"/imagine {BEAR}")
    await page.get_by_role("button", name=re.compile("^Edit prompt")).click()
    field = page.get_by_role("textbox", name="Prompt", exact=True)
    await expect(field).to_be_focused()
    await expect(field).to_have_value(BEAR)
    await field.fill("a bear with a drum")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".card .title").last).to_have_text("a bear with a drum")
    await expect(page.locator("dialog.sheet")).to_have_count(0)
    assert complaints(page) == []


async def test_direct_messages_show_their_unread_count(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await made(served, page, f"/imagine {BEAR}")
    await page.get_by_role("button", name="Send to me", exact=True).click()
    await expect(page.locator(".toast")).to_contain_text("On its way to you")
    channel = page.get_by_role("button", name="Direct messages, 1 unread")
    await channel.click()
    direct = page.get_by_role("button", name="Direct messages", exact=True)
    await expect(direct).to_have_attribute("aria-current", "page")
    await expect(page.locator(".picture.there")).to_have_count(1)
    await say(page, f"/imagine {STORM}")
    await expect(page.locator(".message")).to_have_count(2)
    await page.reload()
    await expect(page.locator(".message")).to_have_count(2)
    await page.get_by_role("button", name="studio").click()
    await expect(page.locator(".message")).to_have_count(1)
    await expect(page.locator(".unread:visible")).to_have_count(0)
    assert complaints(page) == []
