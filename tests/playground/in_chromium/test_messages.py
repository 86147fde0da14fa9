"""Private notes, the place where people read, and what tells of a result that nobody looks at."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from tests.patience import PATIENCE_S
from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.page_requests import command
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOP = "document.querySelector('#conversation').getBoundingClientRect().top"
#: where a message is in the view, in pixels
PLACE = f"node => Math.round(node.getBoundingClientRect().top - {TOP})"
HIDE = "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })"
NOTICES = """() => {
window.notices = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { this.permission = "granted"; return "granted"; }
  constructor(title, { body }) { window.notices.push(`${title}: ${body}`); }
};
}"""

#: counts how often a note is drawn
COUNT_NOTES = """() => {
  window.drawn = 0;
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach((node) => {
    if (node.matches?.(".note")) window.drawn += 1;
  }))).observe(document.querySelector("#conversation"), { childList: true, subtree: true });
}"""


async def _filled(served: Served, browser: Browser) -> Page:
    """A page with more pictures than fit into the view."""
    for number in range(4):
        await command(served, "ada", f"/imagine fox number {number}", f"key-0000{number}")
        await served.core.finish()
    page = await open_page(browser, served.url)
    await expect(page.locator(".picture")).to_have_count(4)
    return page


async def test_the_page_stays_where_people_read(served: Served, browser: Browser) -> None:
    page = await _filled(served, browser)
    second = page.locator(".message").nth(1)
    await second.evaluate("node => node.scrollIntoView({ block: 'start' })")
    await expect(page.locator("#newer")).to_be_hidden()
    before = await second.evaluate(PLACE)
    # Another person's card, one's own button, a reload and another conversation leave it there.
    await command(served, "grace", "/imagine an owl", "key-00010")
    await expect(page.locator("#newer")).to_be_visible()
    await second.get_by_role("button", name=re.compile(r"^Again\b")).click()
    await expect(page.locator(".message")).to_have_count(6)
    assert abs(await second.evaluate(PLACE) - before) <= 2
    await page.reload()
    await expect(page.locator(".message")).to_have_count(6)
    assert abs(await second.evaluate(PLACE) - before) <= 2
    await page.get_by_role("button", name="Direct messages").click()
    await page.get_by_role("button", name="studio").click()
    assert abs(await second.evaluate(PLACE) - before) <= 2
    # What one writes is shown.
    await say(page, "/imagine a bear")
    await expect(page.locator(".message").nth(6)).to_be_in_viewport()
    assert complaints(page) == []


async def test_a_long_conversation_is_laid_out_where_it_is_seen(served: Served, browser: Browser) -> None:
    for number in range(30):
        await command(served, "ada", f"/imagine an owl {number}", f"key-{number:05}")
    page = await open_page(browser, served.url)
    messages = page.locator(".message")
    await expect(messages).to_have_count(30)
    await expect(messages.last).to_be_in_viewport()
    laid_out = "node => node.firstElementChild.checkVisibility({ contentVisibilityAuto: true })"
    assert not await messages.nth(3).evaluate(laid_out)
    await messages.nth(3).evaluate("node => node.scrollIntoView({ block: 'start' })")
    await expect(page.locator("#newer")).to_be_hidden()
    await expect(messages.nth(3)).to_be_in_viewport()
    before = await messages.nth(3).evaluate(PLACE)
    await page.get_by_role("button", name="Direct messages").click()
    await page.get_by_role("button", name="studio").click()
    async with asyncio.timeout(PATIENCE_S):
        while abs(await messages.nth(3).evaluate(PLACE) - before) > 2:  # noqa: ASYNC110 - it comes into view
            await asyncio.sleep(0.01)
    assert complaints(page) == []


async def box_of(locator: Locator) -> FloatRect:
    """Where an element is; one that is just drawn again is nowhere for a moment."""
    async with asyncio.timeout(PATIENCE_S):
        while (box := await locator.bounding_box()) is None:
            await expect(locator).to_be_visible()
    return box


async def test_private_notes_are_compact_and_can_be_dismissed(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, "/imagine x")
    notes = page.locator(".note")
    await expect(notes).to_have_count(1)
    first = await box_of(notes.first.locator(".card"))
    assert first["height"] < 150
    await expect(page.get_by_role("button", name="Dismiss all notes")).to_be_hidden()
    await say(page, "/imagine y")
    await expect(notes).to_have_count(2)
    # A refusal that something newer follows takes a line.
    folded = await box_of(notes.first.locator(".card"))
    assert folded["height"] < 80
    await say(page, "/help")
    await expect(page.locator(".table.commands dt").first).to_contain_text("/imagine")
    await expect(page.locator(".table.commands")).to_contain_text("from ≈$0.005")
    await page.get_by_role("button", name="Open the form of /animate").click()
    await expect(page.get_by_role("dialog", name="/animate")).to_be_visible()
    await page.keyboard.press("Escape")
    await notes.nth(1).get_by_role("button", name="Dismiss: ").click()
    await expect(notes).to_have_count(2)
    await page.get_by_role("button", name="Dismiss all notes").click()
    await expect(notes).to_have_count(0)
    await page.reload()
    await expect(page.locator("#welcome")).to_be_visible()
    assert complaints(page) == []


async def test_a_reply_that_the_stream_repeats_is_drawn_once(served: Served, browser: Browser) -> None:
    """A press on the reply, which the second drawing interrupts, would be lost."""
    page = await open_page(browser, served.url)
    await page.evaluate(COUNT_NOTES)
    await say(page, "/studio usage --format csv")
    await expect(page.get_by_role("link", name="Save usage-by-day-")).to_be_visible()
    await command(served, "grace", "/imagine an owl", "key-00010")
    # The stream keeps the order, so it has told of the reply too.
    await expect(page.locator(".card .title")).to_have_text("an owl")
    assert await page.evaluate("window.drawn") == 1


async def test_a_hidden_page_tells_of_a_result(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.evaluate(NOTICES)
    await page.click("#who")
    await page.get_by_role("switch", name="System notice when a result is ready").check()
    await page.keyboard.press("Escape")
    await say(page, "/imagine a fox")
    await say(page, "/imagine an owl")
    await expect(page.locator(".progress")).to_have_count(2)
    await page.evaluate(HIDE)
    for job in await served.core.job_ids():
        await served.core.finish(job)
    await expect(page).to_have_title("(2) Your picture is ready · Reverie")
    told = await page.evaluate("window.notices")
    assert sorted(told) == ["Your picture is ready: a fox", "Your picture is ready: an owl"]
    await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page).to_have_title("Reverie")
    assert complaints(page) == []
