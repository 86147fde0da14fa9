"""Draws screenshots of the playground for the README.

python -m tests.playground.screenshots docs/playground.png
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.patience import PATIENCE_MS
from tests.playground.in_chromium.browsing import launch, open_page, say
from tests.playground.in_chromium.running_bot import running

_PROMPTS = (
    "/imagine a lighthouse in a storm --ar 21:9",
    "/imagine a red fox in the snow, first light, film grain",
)


async def _shoot(browser: Browser, url: str, target: Path, *, dark: bool) -> None:
    page = await open_page(browser, url, dark=dark, width=1280)
    await _at_rest(page)
    await page.screenshot(path=target)


async def _at_rest(page: Page) -> None:
    await expect(page.locator(".progress")).to_have_count(0)
    await page.wait_for_function("[...document.images].every(one => one.complete)")


async def main(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        async with running(Path(name), speed=20) as url, launch() as browser:
            expect.set_options(timeout=4 * PATIENCE_MS)
            page = await open_page(browser, url, width=1280)
            for prompt in _PROMPTS:
                await say(page, prompt)
                await _at_rest(page)
            await _shoot(browser, url, target, dark=False)
            await _shoot(browser, url, target.with_stem(f"{target.stem}-dark"), dark=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
