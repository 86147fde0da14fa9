"""The usage of the playground in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_chart_is_shown_with_its_figures_and_csv_is_saved(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, "/studio usage --by member")
    chart = page.get_by_role("img", name="Bar chart by member. Spent this month: $0.00.")
    await expect(chart).to_be_visible()
    await say(page, "/studio usage --format csv")
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save usage-by-day-").click()
    saved = await saving.value
    assert saved.suggested_filename.endswith(".csv")
    assert [] == complaints(page)
