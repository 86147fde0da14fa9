"""What a reverse proxy answers in the bot's place."""

import asyncio

import pytest
from playwright.async_api import Browser, FilePayload, Route, expect

from tests.patience import PATIENCE_S
from tests.playground.in_chromium.browsing import open_page, say
from tests.playground.page_requests import BEAR
from tests.playground.sample_media import picture
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: ends the pause before the next try
_ONLINE = "dispatchEvent(new Event('online'))"


async def test_a_command_waits_while_a_proxy_does_not_reach_the_bot(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    refused: asyncio.Queue[int] = asyncio.Queue()
    statuses = [502, 503, 504] * 2

    async def answer(route: Route) -> None:
        if not statuses:
            await route.continue_()
            return
        status = statuses.pop()
        await route.fulfill(status=status, content_type="text/html", body="<h1>Bad Gateway</h1>")
        refused.put_nowait(status)

    await page.route("**/playground/command?*", answer)
    await say(page, f"/imagine {BEAR}")
    async with asyncio.timeout(PATIENCE_S):
        for _ in tuple(statuses):
            await refused.get()
            await page.evaluate(_ONLINE)
    await expect(page.locator(".card .title")).to_have_text(BEAR)
    assert await served.core.card_count() == 1


async def test_a_file_that_a_proxy_does_not_let_through_is_told_with_what_helps(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)

    async def refuse(route: Route) -> None:
        await route.fulfill(status=413, content_type="text/html", body="<h1>413</h1>")

    await page.route("**/playground/upload?*", refuse)
    hills: FilePayload = {
        "name": "hills.png",
        "mimeType": "image/png",
        "buffer": picture(320, 240, kind="PNG"),
    }
    async with page.expect_file_chooser() as chooser:
        await page.click("#attach")
    await (await chooser.value).set_files(hills)
    await expect(page.locator(".chip")).to_contain_text(
        "larger than a proxy in front of Reverie lets through"
    )


async def test_an_admin_learns_that_an_answer_was_lost_behind_a_proxy(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, f"{served.url}/playground/admin#members")

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.fulfill(status=504, content_type="text/html", body="<h1>504</h1>")

    await page.route("**/playground/command?*", lose)
    await page.get_by_role("button", name="Allowance of grace").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Amount").fill("2.50")
    await dialog.get_by_role("button", name="Set").click()
    await expect(dialog).to_contain_text("The answer was lost on its way")
