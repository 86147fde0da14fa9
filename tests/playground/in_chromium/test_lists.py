"""Lists of jobs in a real browser: a history that grows, and the gallery as a page."""

import pytest
from playwright.async_api import Browser, expect

from bot.domain.jobs.actions import Action
from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.page_requests import command, post
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_more_of_a_history_is_added_to_it_and_gets_the_focus(served: Served, browser: Browser) -> None:
    for number in (1, 2, 3):
        await command(served, "ada", f"/imagine fox {number}", f"key-0000{number}")
    page = await open_page(browser, served.url)
    await say(page, "/history 2")
    rows = page.locator(".note .job-list button")
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="More", exact=True).click()
    await expect(rows).to_have_count(3)
    await expect(rows.nth(2)).to_be_focused()
    await expect(rows.nth(2)).to_contain_text("/imagine")
    await expect(page.get_by_role("button", name="More", exact=True)).to_have_count(0)
    await page.reload()
    await expect(rows).to_have_count(3)
    assert [] == complaints(page)


async def test_the_gallery_is_a_page_with_a_search_that_needs_no_script(
    served: Served, browser: Browser
) -> None:
    for number in (1, 2):
        await command(served, "ada", f"/imagine fox {number}", f"key-0000{number}")
        job = (await served.core.finish()).id
        await post(
            served, "action", "ada", {"action": Action.GALLERY, "job": job, "key": f"star-000{number}"}
        )
    page = await open_page(browser, served.url)
    await page.get_by_role("link", name="Gallery").click()
    await expect(page.get_by_role("listitem")).to_have_count(2)
    await page.get_by_label("Search").fill("fox 1")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_role("listitem")).to_have_count(1)
    await expect(page.get_by_label("Search")).to_have_value("fox 1")


async def test_a_narrow_page_breaks_no_word_of_a_table(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, width=360)
    await say(page, "/quotas show --member ada")
    labels = page.locator(".note .table dt")
    await expect(labels.first).to_have_text("ada, today")
    # The note is drawn again when the stream brings it, too.
    lines = "() => { const all = document.createRange(); "
    lines += "all.selectNodeContents(document.querySelector('.note .table dt')); "
    lines += "return new Set([...all.getClientRects()].map((one) => one.top)).size === 1; }"
    await page.wait_for_function(lines)
