"""Draws a screenshot of the bot on Discord for the docs.

python -m tests.platforms.with_discord.screenshots docs/discord.png
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from tests.chromium import find_chromium
from tests.platforms.fake_discord import HOSTS, FakeDiscord, make_certificates
from tests.platforms.fake_discord.html.page import page_of
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.with_discord.readers import connected_to, is_done

_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_LONG_S = 90.0


async def conversation(folder: Path) -> str:
    """Run the real bot for a while; returns what it has posted as HTML."""
    async with FakeDiscord(make_certificates(folder, HOSTS), validates=False) as fake:
        ada = fake.member(fake.guild("Film club"), "ada")
        async with connected_to(fake, folder, REVERIE_SIMULATOR_SPEED="4"):
            asked = ada.slash("imagine", prompt="a red fox in the snow, first light, film grain")
            picture = await asked.message(is_done, timeout=_LONG_S)
            film = ada.press(picture, "Animate")
            running = await film.message(_has_preview, timeout=_LONG_S)
            return page_of([picture, running], now_ms=fake.clock.now_ms())


def _has_preview(message: Message) -> bool:
    return "Generating" in str(message.embeds) and bool(message.attachments)


async def main(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        html = await conversation(Path(name))
    browser_path = find_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=_FLAGS)
        page = await browser.new_page(viewport={"width": 780, "height": 200})
        await page.set_content(html)
        await page.screenshot(path=target, full_page=True)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
