"""The form for the workspace's own API key in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "luma-6c2e-4f7a-90b1-3f9a"


async def test_the_key_is_entered_in_a_dialog_and_kept_nowhere_on_the_page(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    await say(page, "/studio key set")
    field = page.locator("dialog[open] input[type=password]")
    await expect(field).to_be_focused()
    await field.fill(KEY)
    await field.press("Enter")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await expect(page.get_by_role("article", name="Only for you: API key set")).to_be_visible()
    await say(page, "/studio key")
    await expect(page.get_by_text("luma-…3f9a").last).to_be_visible()

    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    await say(page, f"/studio key {KEY}")
    await expect(page.get_by_text("/studio key •••")).to_be_visible()

    kept = await page.evaluate("JSON.stringify([sessionStorage, localStorage]) + document.body.innerHTML")
    assert KEY not in kept
    assert not [one for one in sent if KEY in one]
    assert [] == complaints(page)
