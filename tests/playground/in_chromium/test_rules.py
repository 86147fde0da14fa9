"""Held and reported jobs in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_price_is_confirmed_and_a_report_is_opened_and_removed(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    await say(page, "/animate a fox that runs --model ray-2 --resolution 1080p")
    confirm = page.get_by_role("button", name="Confirm $")
    await expect(confirm).to_be_visible()
    await expect(page.get_by_text("to confirm the price").first).to_be_visible()
    await confirm.click()
    await expect(confirm).to_have_count(0)
    job = (await served.core.newest()).id
    await served.core.finish(job)

    await say(page, "/rules moderators here")
    await say(page, f"/report {job} not nice")
    hidden = page.get_by_role("button", name="Hidden. Show it")
    await hidden.click()
    await expect(hidden).to_have_count(0)
    await expect(page.locator(".shown.video")).to_have_count(2)
    await page.get_by_role("button", name="Remove it").click()
    await expect(page.locator(".shown.video")).to_have_count(0)
    await expect(page.get_by_role("button", name="Block")).to_be_visible()
    assert [] == complaints(page)
