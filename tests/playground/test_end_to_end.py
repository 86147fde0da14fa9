"""The whole product: `python -m bot run` in an empty folder, and a browser that uses it."""

import asyncio
import io
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from tests.playground.browsing import complaints, launch, open_page, say

ROOT = Path(__file__).parents[2]
BEAR = "a teddy bear with an electric guitar"
#: seconds until the bot must answer, and until a picture must be there
START_S, PICTURE_MS = 30, 30_000


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launch() as found:
        yield found


@asynccontextmanager
async def running(folder: Path, *, speed: int) -> AsyncIterator[str]:
    """Run the bot with nothing configured in an empty folder; answers its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    ours = {
        "PYTHONPATH": str(ROOT),
        "REVERIE_HTTP_PORT": str(port),
        "REVERIE_SIMULATOR_SPEED": str(speed),
        "REVERIE_TIMING__PROGRESS_INTERVAL": "200",
    }
    with (folder / "log.txt").open("wb") as log:
        bot = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=folder, env=kept | ours, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        await _alive(url, bot, folder)
        yield url
    finally:
        if bot.returncode is None:
            bot.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_S):
            ended = await bot.wait()
    assert ended == 0, (folder / "log.txt").read_text()


async def _alive(url: str, bot: asyncio.subprocess.Process, folder: Path) -> None:
    async with asyncio.timeout(START_S), httpx.AsyncClient(trust_env=False) as client:
        while bot.returncode is None:
            try:
                if (await client.get(f"{url}/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    pytest.fail(f"the bot did not start: {(folder / 'log.txt').read_text()}")


async def picture(page: Page, card: Locator) -> tuple[str, tuple[int, int]]:
    """Wait for a card's picture; answers the type and size of the bytes behind it."""
    await expect(card.locator(".picture.there")).to_be_visible(timeout=PICTURE_MS)
    source = await card.locator(".picture img").evaluate("image => image.src")
    answer = await page.context.request.get(source)
    assert answer.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(await answer.body())) as found:
        return str(found.format), found.size


async def test_from_the_first_click_to_the_last(tmp_path: Path, browser: Browser) -> None:
    async with running(tmp_path, speed=20) as url:
        page = await open_page(browser, url)
        await page.get_by_role("button", name=f"/imagine {BEAR}").click()
        cards = page.locator("article.card:not(.note *)").filter(has=page.locator(".job"))
        await expect(page.get_by_role("progressbar")).to_be_visible()
        assert await picture(page, cards.nth(0)) == ("JPEG", (2048, 1152))

        await cards.nth(0).get_by_role("button", name="Variation").click()
        assert await picture(page, cards.nth(1)) == ("JPEG", (2048, 1152))
        await expect(cards.nth(1).locator(".parent")).to_contain_text("from #")

        await cards.nth(0).get_by_role("button", name="Reframe").click()
        await page.get_by_role("menuitem", name="Reframe to 9:16").click()
        assert await picture(page, cards.nth(2)) == ("JPEG", (1152, 2048))

        await say(page, f"/imagine {BEAR} --ar 1:1 --format png")
        assert await picture(page, cards.nth(3)) == ("PNG", (1536, 1536))

        await cards.nth(0).get_by_role("button", name="Gallery").click()
        await expect(cards.nth(0).locator(".stars")).to_contain_text("★ 1")

        gone = await cards.nth(1).locator(".job").get_attribute("id")
        await cards.nth(1).get_by_role("button", name="Delete").click()
        await cards.nth(1).get_by_role("button", name="Really delete?").click()
        await expect(page.locator(f"#{gone}")).to_have_count(0)
        await page.reload()
        await expect(cards.nth(2).locator(".picture.there")).to_be_visible()
        await expect(page.locator(f"#{gone}")).to_have_count(0)
        assert complaints(page) == []
        await page.context.close()


async def test_a_reload_in_the_middle_of_a_job_loses_nothing(tmp_path: Path, browser: Browser) -> None:
    async with running(tmp_path, speed=4) as url:
        page = await open_page(browser, url)
        await say(page, f"/imagine {BEAR}")
        await expect(page.locator(".headline")).to_have_text(re.compile("Dreaming"), timeout=PICTURE_MS)
        await page.reload()
        await expect(page.locator(".said")).to_have_text(f"/imagine {BEAR}")
        await expect(page.locator(".headline")).to_have_text(re.compile("Dreaming"))
        card = page.locator("article.card")
        await expect(card).to_have_count(1)
        assert await picture(page, card) == ("JPEG", (2048, 1152))
        await page.context.close()


async def test_two_people_with_quotas_and_refusals_of_their_own(tmp_path: Path, browser: Browser) -> None:
    async with running(tmp_path, speed=20) as url:
        ada = await open_page(browser, url)
        grace = await open_page(browser, url, me="grace")
        before = await grace.locator("#quota").text_content()
        await say(ada, f"/imagine {BEAR}")
        await picture(ada, ada.locator("article.card"))
        await expect(ada.locator("#quota")).not_to_have_text(before or "")
        await expect(grace.locator(".picture.there")).to_be_visible()
        await say(grace, "/imagine x")
        await expect(grace.locator(".note")).to_contain_text("Prompt is too short")
        await expect(grace.locator("#quota")).to_have_text(before or "")
        await expect(ada.locator(".note")).to_have_count(0)
        for page in (ada, grace):
            await page.context.close()


async def test_the_bot_stops_while_pages_are_open(tmp_path: Path, browser: Browser) -> None:
    async with running(tmp_path, speed=20) as url:
        page = await open_page(browser, url)
        await say(page, "/quota")
        await expect(page.locator(".note")).to_contain_text("Your quota")
    await expect(page.locator("#banner")).to_contain_text("The connection is lost")
