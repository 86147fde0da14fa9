"""Signing in and out in a browser, and what pages are told whose stream the server closes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect
from pydantic import SecretStr

from adapters.playground.delivery.poller import MOST_STREAMS
from bot.settings import Switch
from tests.patience import PATIENCE_MS
from tests.playground.in_chromium.browsing import complaints, open_page, say
from tests.playground.page_requests import command
from tests.playground.serving import Served, serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "open sesame"


@pytest_asyncio.fixture(loop_scope="session")
async def shared() -> AsyncIterator[Served]:
    async with serve(playground=Switch.ON, playground_password=SecretStr(PASSWORD)) as served:
        yield served


async def tab(context: BrowserContext, served: Served, path: str = "") -> Page:
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(served.url + path)
    return page


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    await page.fill("#password", password)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_wrong_password_is_refused_and_the_right_one_opens(shared: Served, browser: Browser) -> None:
    page = await tab(await browser.new_context(), shared)
    await sign_in(page, "a guess")
    await expect(page.get_by_role("alert")).to_have_text("Wrong password")
    await sign_in(page)
    await expect(page.locator("#who .avatar")).to_be_visible()


async def test_signing_in_opens_the_page_that_was_asked_for(shared: Served, browser: Browser) -> None:
    page = await tab(await browser.new_context(), shared, "/playground/admin#audit")
    await sign_in(page)
    await expect(page.get_by_role("heading", name="Audit", exact=True)).to_be_visible()


async def test_signing_out_in_one_tab_signs_out_the_others_at_once(shared: Served, browser: Browser) -> None:
    context = await browser.new_context()
    first = await tab(context, shared)
    await sign_in(first)
    await expect(first.locator("#who .avatar")).to_be_visible()
    second = await tab(context, shared)
    await say(second, "/imagine a red fox in the snow")
    await expect(second.locator("#messages article").first).to_be_visible()
    await first.click("#who")
    await first.get_by_role("button", name="Sign out").click()
    for page in (first, second):
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


async def test_a_tab_whose_stream_was_replaced_says_so_and_continues_on_return(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    # What somebody else does arrives by the page's stream, which is the oldest one then.
    await command(served, "grace", "/imagine a lighthouse")
    await page.wait_for_selector(".progress")
    async with served.client() as client:
        streams = [
            await client.send(client.build_request("GET", "/playground/events?me=ada"), stream=True)
            for _ in range(MOST_STREAMS)
        ]
        await expect(page.locator("#banner")).to_contain_text("paused here")
        for stream in streams:
            await stream.aclose()
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(page.locator("#banner")).to_be_hidden()
    await say(page, "/imagine a red fox in the snow")
    await served.core.finish()
    await expect(page.locator("#messages article img").first).to_be_visible()
    assert [] == complaints(page)


async def test_the_login_form_is_centred_at_every_width(shared: Served, browser: Browser) -> None:
    for width in (390, 1000):
        context = await browser.new_context(viewport={"width": width, "height": 820})
        page = await tab(context, shared)
        box = await page.locator(".login").bounding_box()
        assert box is not None
        assert abs(box["x"] * 2 + box["width"] - width) <= 2
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
