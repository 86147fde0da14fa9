"""Draws screenshots of the bot on Discord for the README.

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
from tests.platforms.with_discord.readers import is_done, led_to

_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_LONG_S = 90.0


async def pages(folder: Path) -> dict[str, str]:
    """Run the real bot for a while; returns pages by name."""
    async with FakeDiscord(make_certificates(folder, HOSTS), validates=False) as fake:
        ada = fake.member(fake.guild("Film club"), "ada")
        async with led_to(fake, folder, REVERIE_SIMULATOR_SPEED="8"):
            asked = ada.slash("imagine", prompt="a red fox in the snow, first light, film grain")
            picture = await asked.message(is_done, timeout=_LONG_S)
            film = ada.press(picture, "Animate")
            running = await film.message(lambda message: "Generating" in str(message.embeds), timeout=_LONG_S)
            fox = page_of([picture, running], now_ms=fake.clock.now_ms())
            await film.message(is_done, timeout=_LONG_S)
            four = await ada.slash("imagine", prompt="tea with a robot", count=4).message(
                lambda message: len(message.attachments) == 4, timeout=_LONG_S
            )
            told = [await _answer(ada.slash(name)) for name in ("quota", "help", "history")]
            refused = await _answer(ada.slash("animate", prompt="x", loop=True, concepts="flying"))
            return {
                "": fox,
                "-four": page_of([four], now_ms=fake.clock.now_ms()),
                "-notes": page_of([*told, refused], now_ms=fake.clock.now_ms()),
            }


async def _answer(asked: object) -> Message:
    message: Message = await asked.message(timeout=_LONG_S)  # type: ignore[attr-defined]
    return message


async def main(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        drawn = await pages(Path(name))
    browser_path = find_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=_FLAGS)
        page = await browser.new_page(viewport={"width": 780, "height": 200})
        for suffix, html in drawn.items():
            await page.set_content(html)
            await page.screenshot(path=target.with_stem(target.stem + suffix), full_page=True)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
