"""The large view of a result: going on, doing something with it, saving it."""

import pytest
from playwright.async_api import Browser, expect

from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_large_view_goes_on_through_the_results_and_does_things_with_them(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    for text in ("/imagine a fox --count 3", "/imagine a boat"):
        before = await served.core.job_ids()
        await say(page, text)
        await page.wait_for_selector(".progress")
        for job in (await served.core.job_ids())[len(before) :]:
            await served.core.finish(job)
        await expect(page.locator(".progress")).to_have_count(0)
    large = page.get_by_role("dialog", name="Full size")
    position = large.locator(".position")
    # The first click picks in a grid, the second one enlarges.
    await page.locator(".picture").nth(1).click()
    await page.locator(".picture").nth(1).click()
    await expect(position).to_have_text("2 of 4")
    for click, then in (("Next", "3 of 4"), ("Next", "4 of 4"), ("Previous", "3 of 4")):
        await large.get_by_role("button", name=click).click()
        await expect(position).to_have_text(then)
    await page.keyboard.press("ArrowRight")
    await expect(position).to_have_text("4 of 4")
    await expect(large.get_by_role("button", name="Next")).to_be_hidden()

    (third, boat) = (await served.core.job_ids())[-2:]
    async with page.expect_download() as saving:
        await large.get_by_role("link", name="Download").click()
    assert (await saving.value).suggested_filename.endswith(".jpg")
    await expect(large.get_by_role("button", name="Copy the command")).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await large.get_by_role("button", name="Variation").click()
    await expect(large).to_be_hidden()
    await expect(page.locator(".message")).to_have_count(3)
    made = await served.core.finish()
    assert third == made.parent
    await expect(page.locator(".picture")).to_have_count(5)

    await page.locator(".picture").nth(4).click()
    await large.get_by_role("link", name=f"from #{third[-6:]}").click()
    await expect(large).to_be_hidden()
    await expect(page.locator(f"#job-{third}")).to_be_focused()

    await page.locator(".picture").nth(3).click()
    await large.get_by_role("button", name="Reframe").click()
    await page.keyboard.press("ArrowDown")
    await expect(position).to_have_text("4 of 5")
    await page.get_by_role("menuitem", name="Reframe to 9:16").click()
    await expect(large).to_be_hidden()
    await expect(page.locator(".message")).to_have_count(4)
    assert boat == (await served.core.finish()).parent
    assert complaints(page) == []
