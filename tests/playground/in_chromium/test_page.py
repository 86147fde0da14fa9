"""The page in a real browser, before a studio that moves only when the test says so."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from bot.domain.estimates import Estimate
from tests.playground.fake_studio import START, FakeStudio
from tests.playground.fakes import FakeVault
from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.serving import Served, serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEAR = "a teddy bear with an electric guitar"
SCRIPT = "<img src=x onerror=document.title='caught'><script>document.title='caught'</script>"


async def test_a_newcomers_first_click_becomes_a_picture(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, calm=False, stands_still=True)
    await page.get_by_role("button", name=f"/imagine {BEAR}").click()
    await expect(page.locator(".headline")).to_have_text(re.compile("Place 1 in the queue"))
    await expect(page.locator("#welcome")).to_be_hidden()
    job = served.service.newest
    await served.service.run(job, since=START - 11_000)
    bar = page.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", "50")
    await served.service.finish(job)
    picture = page.locator(".picture img")
    await expect(picture).to_have_attribute("alt", BEAR)
    await expect(page.locator(".picture.there")).to_be_visible()
    sizes = await picture.evaluate("image => [image.naturalWidth, image.naturalHeight, image.width > 300]")
    assert sizes == [2048, 1152, True]
    await expect(page.locator("#announcements")).to_have_text(f"ada’s picture is ready: {BEAR}")
    await expect(page.locator(".said")).to_have_text(f"/imagine {BEAR}")
    await expect(page.locator("#quota")).to_have_text("$24.98 left")
    assert complaints(page) == []


async def test_a_picture_can_be_enlarged_reframed_and_deleted_by_keyboard(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {BEAR}")
    await page.wait_for_selector(".developing")
    source = served.service.newest
    await served.service.finish(source)
    await page.locator(".picture").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#lightbox img")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#lightbox")).to_be_hidden()
    await expect(page.locator(".picture")).to_be_focused()

    await page.get_by_role("button", name="Reframe").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Reframe to 1:1")).to_be_focused()
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("menuitem", name="Reframe to 9:16")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message")).to_have_count(2)
    await served.service.finish(served.service.newest)
    tall = page.locator(".message").nth(1)
    await expect(tall.locator("img")).to_have_attribute("height", "2048")
    await expect(tall.locator(".said")).to_have_text("🖼️ Reframe 9:16")
    await tall.get_by_role("link", name="from #").click()
    await expect(page.locator(f"#job-{source}")).to_be_focused()

    delete = tall.get_by_role("button", name="Delete")
    await delete.click()
    question = page.get_by_role("dialog", name="Delete this?")
    await expect(question).to_contain_text(f"#{served.service.newest[-6:]}")
    await question.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.locator(f"#job-{served.service.newest}")).to_have_count(0)
    assert complaints(page) == []


async def test_what_people_write_is_shown_as_text(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {SCRIPT}")
    await expect(page.locator(".title")).to_have_text(SCRIPT)
    await expect(page.locator(".said")).to_have_text(f"/imagine {SCRIPT}")
    await served.service.finish(served.service.newest)
    await page.locator(".picture").click()
    await expect(page.locator("#lightbox figcaption span")).to_have_text(SCRIPT)
    await page.keyboard.press("Escape")
    await say(page, f"/{SCRIPT}")
    await expect(page.locator(".note .text")).to_contain_text("There is no /<img")
    await page.reload()
    await expect(page.locator(".note .text")).to_contain_text("There is no /<img")
    assert await page.title() == "Reverie"
    assert complaints(page) == []


async def test_two_tabs_are_two_people_with_notes_and_quotas_of_their_own(
    served: Served, browser: Browser
) -> None:
    ada = await open_page(browser, served.url)
    grace = await open_page(browser, served.url)
    await grace.click("#who")
    await grace.get_by_role("button", name="grace").click()
    await expect(grace.locator(".who-name")).to_have_text("grace")
    await say(ada, f"/imagine {BEAR}")
    await say(grace, "/imagine x")
    await expect(grace.locator(".card .title")).to_have_text(BEAR)
    note = grace.locator(".note")
    await expect(note).to_contain_text("Only you can see this")
    await expect(note).to_contain_text("Prompt is too short")
    await expect(ada.locator(".note")).to_have_count(0)
    await expect(ada.locator("#quota")).to_have_text("$24.98 left")
    await expect(grace.locator("#quota")).to_have_text("$25.00 left")
    await grace.reload()
    await expect(grace.locator(".who-name")).to_have_text("grace")
    await note.get_by_role("button", name="Dismiss").click()
    await expect(note).to_have_count(0)
    await grace.reload()
    await expect(grace.locator(".card .title")).to_have_text(BEAR)
    await expect(note).to_have_count(0)
    assert complaints(ada) + complaints(grace) == []


async def test_somebody_can_be_added_and_be_from_then_on(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.click("#who")
    await page.fill("#newcomer", "not a name")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#newcomer-problem")).to_contain_text("1 to 24")
    await page.fill("#newcomer", "Lin")
    await page.keyboard.press("Enter")
    await expect(page.locator(".who-name")).to_have_text("lin")


async def test_completion_follows_the_listbox_pattern(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, me="grace")
    words = page.locator("#words")
    await words.press_sequentially("/i")
    first = page.get_by_role("option", name="/imagine")
    await expect(first).to_have_attribute("aria-selected", "true")
    active = await words.get_attribute("aria-activedescendant")
    assert active == await first.get_attribute("id")
    await page.keyboard.press("Tab")
    await expect(words).to_have_value("/imagine ")
    await words.press_sequentially("a fox --aspect_ratio ")
    await expect(page.get_by_role("option")).to_have_count(7)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("option", name="1:1")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(words).to_have_value("/imagine a fox --aspect_ratio 1:1 ")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await expect(page.locator(".facts")).to_contain_text("1:1")
    await expect(words).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(words).to_have_value("/imagine a fox --aspect_ratio 1:1")
    await page.keyboard.press("ArrowDown")
    await expect(words).to_have_value("")


async def test_words_without_a_slash_are_offered_not_guessed(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.fill("#words", BEAR)
    await expect(page.get_by_role("button", name="Picture this?")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#words")).to_have_value(f"/imagine {BEAR}")
    assert served.service.keys == []
    await page.keyboard.press("Enter")
    await expect(page.locator(".card .title")).to_have_text(BEAR)


async def test_a_reload_while_a_command_is_on_its_way_makes_one_job(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    served.service.open.clear()
    await say(page, f"/imagine {BEAR}")
    await expect(page.locator("#sending")).to_contain_text("sending")
    await page.reload()
    await expect(page.locator("#sending")).to_contain_text(BEAR)
    served.service.open.set()
    await expect(page.locator(".card .title")).to_have_text(BEAR)
    await expect(page.locator("#sending")).to_be_hidden()
    assert len(served.service.cards) == 1
    assert len(set(served.service.keys)) == 1


async def test_a_lost_server_is_told_and_what_was_missed_comes_after_it_is_back(browser: Browser) -> None:
    service, adapter_data = FakeStudio(), FakeVault()
    async with serve(service=service, adapter_data=adapter_data) as served:
        page = await open_page(browser, served.url)
        await say(page, f"/imagine {BEAR}")
        await expect(page.locator(".developing")).to_be_visible()
    await expect(page.locator("#banner")).to_contain_text("The connection is lost")
    await say(page, "/imagine a fox in the snow")
    await expect(page.locator("#sending")).to_contain_text("trying again")
    await service.finish(service.newest)
    async with serve(service=service, adapter_data=adapter_data, port=int(served.url.rpartition(":")[2])):
        await expect(page.locator("#banner")).to_be_hidden()
        await expect(page.locator(".picture.there")).to_be_visible()
        await expect(page.locator(".card .title")).to_have_text([BEAR, "a fox in the snow"])
        assert len(service.cards) == 2
        await page.context.close()


async def test_progress_keeps_the_focus_where_it_was(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {BEAR}")
    await page.get_by_role("button", name="Cancel").focus()
    served.service.estimate = Estimate(position=1, wait_ms=5000)
    await served.service.change(served.service.newest)
    await expect(page.locator(".headline")).to_contain_text("a few seconds")
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".verdict")).to_contain_text("not charged")


async def bar_width(page: Page) -> float:
    width = await page.locator(".bar span").evaluate("bar => parseFloat(bar.style.inlineSize)")
    return float(width)


async def test_a_bar_slows_down_towards_its_end_and_never_jumps_back(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url, calm=False, stands_still=True)
    await say(page, f"/imagine {BEAR}")
    await page.wait_for_selector(".developing")
    job = served.service.newest
    await served.service.run(job, since=START - 18_000)
    await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "80")
    before = await bar_width(page)
    assert 85 < before < 95
    served.service.estimate = Estimate(generation_ms=40_000, late=True)
    await served.service.change(job)
    await expect(page.locator(".headline")).to_have_text(re.compile("Taking longer than usual"))
    assert await bar_width(page) >= before
    served.service.estimate = Estimate(generation_ms=2000, late=True)
    await served.service.change(job)
    await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "90")
    assert await bar_width(page) <= 99


@pytest.mark.parametrize("width", [360, 1100])
async def test_nothing_reaches_over_the_edge(served: Served, browser: Browser, width: int) -> None:
    page = await open_page(browser, served.url, width=width, dark=width == 360)
    for text in (f"/imagine {'very' * 60} long", "/imagine a tower --ar 9:21", "/help", "/imagine x"):
        await say(page, text)
    await expect(page.locator(".message")).to_have_count(4)
    for job in list(served.service.jobs):
        await served.service.finish(job)
    await expect(page.locator(".picture.there")).to_have_count(2)
    widest = await page.evaluate(
        "Math.max(...[...document.querySelectorAll('body *')].map(one => one.getBoundingClientRect().right))"
    )
    assert widest <= width


async def test_everything_that_can_be_pressed_has_a_name(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {BEAR}")
    await page.wait_for_selector(".developing")
    await served.service.finish(served.service.newest)
    await say(page, "/help")
    await expect(page.locator(".note")).to_have_count(1)
    nameless = await page.evaluate(
        """[...document.querySelectorAll('button, a, input, textarea')]
           .filter(one => one.checkVisibility() && !one.getAttribute('aria-label'))
           .filter(one => !one.textContent.trim() && !one.labels?.length)
           .map(one => one.outerHTML)"""
    )
    assert nameless == []
    for landmark in ("banner", "main"):
        await expect(page.get_by_role(landmark)).to_have_count(1)
