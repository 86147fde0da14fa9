"""A pause is visible to everybody, and times are those of the browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_banner_says_that_the_workspace_is_paused(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    banner = page.locator("#pause")
    await expect(banner).to_be_hidden()
    await say(page, "/studio pause out of money")
    await expect(banner).to_contain_text("paused here by an admin: out of money")
    await page.reload()
    await expect(banner).to_be_visible()
    await say(page, "/studio resume")
    await expect(banner).to_be_hidden()

    await say(page, "/quota")
    note = page.get_by_role("article", name="Only for you: Your quota")
    await expect(note).to_contain_text("resets")
    await expect(note).not_to_contain_text("⟦")
    assert [] == complaints(page)
