"""The page in a real browser, on the real core, whose jobs advance when the test says so."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.requests import Request

from adapters.playground.events import page_routes
from adapters.playground.events.requests import DismissBody, read_body
from bot.domain.cards.card import JobPhase
from tests.playground.core import Core, open_core
from tests.playground.in_chromium.browsing import complaints, open_page, put_away, say
from tests.playground.serving import Served, serve_core

WIDEST = "Math.max(...[...document.querySelectorAll('body *')].map(one => one.getBoundingClientRect().right))"
pytestmark = pytest.mark.asyncio(loop_scope="session")

BEAR = "a teddy bear with an electric guitar"
SCRIPT = "<img src=x onerror=document.title='caught'><script>document.title='caught'</script>"


async def test_the_first_example_becomes_a_picture(served: Served, browser: Browser) -> None:
    opened_at = served.core.now
    page = await open_page(browser, served.url, calm=False, stopped_clock=True)
    await page.get_by_role("button", name=f"/imagine {BEAR}").click()
    await expect(page.locator(".headline")).to_have_text(re.compile("Place 1 in the queue"))
    await expect(page.locator("#welcome")).to_be_hidden()
    job = (await served.core.newest()).id
    await show_running(served, job, since=opened_at - 100_000, expected_ms=200_000)
    bar = page.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", "50")
    await served.core.finish(job)
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
    await page.wait_for_selector(".progress")
    source = (await served.core.finish()).id
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
    await served.core.finish()
    tall = page.locator(".message").nth(1)
    await expect(tall.locator("img")).to_have_attribute("height", "2048")
    await expect(tall.locator(".said")).to_have_text("🖼️ Reframe 9:16")
    await tall.get_by_role("link", name="from #").click()
    await expect(page.locator(f"#job-{source}")).to_be_focused()

    delete = tall.get_by_role("button", name="Delete")
    await delete.click()
    question = page.get_by_role("dialog", name="Delete this?")
    await expect(question).to_contain_text(f"#{(await served.core.newest()).id[-6:]}")
    await question.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.locator(f"#job-{(await served.core.newest()).id}")).to_have_count(0)
    assert complaints(page) == []


async def test_text_of_people_is_shown_as_text(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {SCRIPT}")
    await expect(page.locator(".title")).to_have_text(SCRIPT)
    await expect(page.locator(".said")).to_have_text(f"/imagine {SCRIPT}")
    await served.core.finish()
    await page.locator(".picture").click()
    await expect(page.locator("#lightbox figcaption > span")).to_have_text(SCRIPT)
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


async def test_a_reload_does_not_abort_a_dismissal(
    served: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloaded = asyncio.Event()

    async def read_after_the_reload(request: Request, schema: type[DismissBody]) -> DismissBody:
        await reloaded.wait()
        return await read_body(request, schema)

    monkeypatch.setattr(page_routes, "read_body", read_after_the_reload)
    page = await open_page(browser, served.url)
    await say(page, "/imagine x")
    await page.locator(".note .dismiss").click()
    await page.reload()
    await expect(page.locator(".note")).to_have_count(1)
    reloaded.set()
    await expect(page.locator(".note")).to_have_count(0)


async def test_a_person_can_be_added_and_selected(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.click("#who")
    await page.fill("#new-person", "not a name")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#new-person-problem")).to_contain_text("1 to 24")
    await page.fill("#new-person", "🦊")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#new-person-problem")).to_contain_text("1 to 24")
    for name in ("Lin", "Jürgen", "سارة"):
        if not await page.locator("#new-person").is_visible():
            await page.click("#who")
        await page.fill("#new-person", name)
        await page.keyboard.press("Enter")
        await expect(page.locator(".who-name")).to_have_text(name.lower())
    # Text is written in its own direction, and a reload keeps who somebody is.
    await say(page, "/imagine ثعلب أحمر 🦊 في الثلج, 4K")
    title = page.locator(".card .title")
    await expect(title).to_have_text("ثعلب أحمر 🦊 في الثلج, 4K")
    await expect(title).to_have_css("direction", "rtl")
    await page.reload()
    await expect(page.locator(".card strong")).to_have_text("سارة")
    assert await served.core.card_count() == 1


async def test_completion_follows_the_listbox_pattern(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, me="grace")
    words = page.locator("#command-input")
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


async def test_text_without_a_slash_is_run_as_the_offered_command(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.fill("#command-input", BEAR)
    await expect(page.get_by_role("button", name="Make a picture?")).to_be_visible()
    # The price is seen before it is spent.
    await expect(page.locator("#price")).to_have_text(re.compile(r"\$0.018"))
    assert served.core.service.keys == []
    await page.keyboard.press("Enter")
    await expect(page.locator(".card .title")).to_have_text(BEAR)
    await expect(page.locator("#command-input")).to_have_value("")


async def test_a_reload_while_a_command_is_sent_creates_one_job(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    served.core.service.gate.clear()
    await say(page, f"/imagine {BEAR}")
    await expect(page.locator("#outbox")).to_contain_text("sending")
    await page.reload()
    await expect(page.locator("#outbox")).to_contain_text(BEAR)
    served.core.service.gate.set()
    await expect(page.locator(".card .title")).to_have_text(BEAR)
    await expect(page.locator("#outbox")).to_be_hidden()
    assert await served.core.card_count() == 1
    assert len(set(served.core.service.keys)) == 1


async def test_a_lost_connection_is_reported_and_missed_messages_follow(
    tmp_path: Path, browser: Browser
) -> None:
    async with open_core(tmp_path) as core:
        await _lose_and_return(core, browser)


async def _lose_and_return(core: Core, browser: Browser) -> None:
    async with serve_core(core) as served:
        page = await open_page(browser, served.url)
        await say(page, f"/imagine {BEAR}")
        await expect(page.locator(".progress")).to_be_visible()
    await expect(page.locator("#banner")).to_contain_text("The connection is lost")
    await say(page, "/imagine a fox in the snow")
    await expect(page.locator("#outbox")).to_contain_text("trying again")
    await core.finish()
    async with serve_core(core, port=int(served.url.rpartition(":")[2])):
        await expect(page.locator("#banner")).to_be_hidden()
        await expect(page.locator(".picture.there")).to_be_visible()
        await expect(page.locator(".card .title")).to_have_text([BEAR, "a fox in the snow"])
        assert await core.card_count() == 2
        await put_away(page)


async def test_two_windows_keep_their_own_drafts_and_what_is_sent_offline_arrives_once(
    served: Served, browser: Browser
) -> None:
    first = await open_page(browser, served.url)
    second = await first.context.new_page()
    await second.goto(served.url)
    await second.wait_for_selector("#who .avatar")
    for page, text in ((first, "/imagine one fox"), (second, "/imagine two foxes")):
        await page.fill("#command-input", text)
    for page, text in ((first, "/imagine one fox"), (second, "/imagine two foxes")):
        await page.reload()
        await expect(page.locator("#command-input")).to_have_value(text)
    await first.context.set_offline(True)
    await first.press("#command-input", "Escape")
    await first.press("#command-input", "Enter")
    await expect(first.locator("#outbox")).to_contain_text("trying again")
    await first.context.set_offline(False)
    for page in (first, second):
        await expect(page.locator(".card .title")).to_have_text(["one fox"])
    await expect(second.locator("#command-input")).to_have_value("/imagine two foxes")
    assert await served.core.card_count() == 1


async def test_progress_keeps_the_focus_where_it_was(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {BEAR}")
    await page.get_by_role("button", name="Cancel").focus()
    await served.core.show((await served.core.newest()).id, headline="Place 1 · about a few seconds")
    await expect(page.locator(".headline")).to_contain_text("a few seconds")
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".verdict")).to_contain_text("not charged")

    await say(page, f"/imagine {BEAR} --count 3")
    card = page.locator(".card").last
    await card.get_by_role("button", name="Cancel 1").click()
    await expect(card.locator(".cell").first).to_contain_text("not charged")
    # The selected one is cancelled already: Cancel goes on with the next one.
    await expect(card.get_by_role("button", name="Cancel 2")).to_be_visible()
    await card.get_by_role("button", name="Cancel all waiting").click()
    await expect(card.locator(".progress")).to_have_count(0)
    await expect(card.get_by_role("button", name="Cancel")).to_have_count(0)


async def show_running(
    served: Served, job: str, *, since: int, expected_ms: int, headline: str = "Dreaming"
) -> None:
    """Show a job as running, with a start and an expected duration of the test's own."""
    await served.core.show(
        job, phase=JobPhase.RUNNING, running_since=since, expected_ms=expected_ms, headline=headline
    )


async def bar_width(page: Page) -> float:
    width = await page.locator(".bar span").evaluate("bar => parseFloat(bar.style.inlineSize)")
    return float(width)


async def test_a_progress_bar_slows_down_and_never_moves_back(served: Served, browser: Browser) -> None:
    since = served.core.now - 175_000
    page = await open_page(browser, served.url, calm=False, stopped_clock=True)
    await say(page, f"/imagine {BEAR}")
    await page.wait_for_selector(".progress")
    job = (await served.core.newest()).id
    await show_running(served, job, since=since, expected_ms=200_000)
    await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "80")
    before = await bar_width(page)
    assert 85 < before < 95
    late = "Taking longer than usual"
    await show_running(served, job, since=since, expected_ms=400_000, headline=late)
    await expect(page.locator(".headline")).to_have_text(re.compile("Taking longer than usual"))
    assert await bar_width(page) >= before
    await show_running(served, job, since=since, expected_ms=2000, headline=late)
    await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "90")
    assert await bar_width(page) <= 99


async def test_nothing_is_wider_than_the_page(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, dark=True)
    four = "/imagine four foxes --ar 16:9 --count 4"
    texts = (f"/imagine {'very' * 60} long", "/imagine a tower --ar 9:21", four, "/help", "/imagine x")
    for count, text in enumerate(texts, 1):
        await say(page, text)
        # While one is checked, Enter sends no other.
        await expect(page.locator(".message")).to_have_count(count)
    for job in await served.core.job_ids():
        await served.core.finish(job)
    await expect(page.locator(".picture.there")).to_have_count(6)
    for width in (320, 390, 620, 760, 900, 1024, 1280):
        await page.set_viewport_size({"width": width, "height": 820})
        assert await page.evaluate(WIDEST) <= width


async def test_every_control_has_a_name(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {BEAR}")
    await page.wait_for_selector(".progress")
    await served.core.finish()
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


async def test_the_page_says_that_results_are_placeholders(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    line = page.get_by_text("results are placeholders made on this machine, and nothing is spent")
    await expect(line).to_be_visible()
    await page.fill("#command-input", f"/imagine {BEAR}")
    await expect(page.locator("#price")).to_have_text("≈$0.018 · simulated")
    await page.press("#command-input", "Enter")
    await page.wait_for_selector(".progress")
    await served.core.finish()
    await expect(page.locator(".details .placeholder")).to_have_text("simulated")
    await page.get_by_role("button", name="Hide this line").click()
    await expect(page.locator("#command-input")).to_be_focused()
    await page.reload()
    await expect(page.locator(".picture")).to_be_visible()
    await expect(line).to_be_hidden()
    assert complaints(page) == []
