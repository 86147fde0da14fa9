"""Draws messages of the chat platforms as pictures. They are renderings by the tests, not by the clients."""

import base64
import io
from collections.abc import Mapping
from html import escape
from pathlib import Path

import av
from playwright.async_api import async_playwright

from tests.chromium import find_chromium

_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def media_html(content: bytes, content_type: str, alt: str) -> str:
    """A picture, or the first frame of a video with a play mark: not every Chromium plays H.264."""
    if not content_type.startswith("video/"):
        return _image(content, content_type, alt)
    with av.open(io.BytesIO(content), mode="r") as container:
        frame = next(container.decode(video=0)).to_image()  # type: ignore[no-untyped-call]
    still = io.BytesIO()
    frame.save(still, "JPEG", quality=85)
    return f'<div class="film">{_image(still.getvalue(), "image/jpeg", alt)}<span>▶</span></div>'


def _image(content: bytes, content_type: str, alt: str) -> str:
    source = f"data:{content_type};base64,{base64.b64encode(content).decode()}"
    return f'<img src="{source}" alt="{escape(alt)}">'


async def draw(pages: Mapping[Path, str], *, width: int) -> None:
    """Draw HTML pages into files."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=_FLAGS)
        for target, html in pages.items():
            page = await browser.new_page(viewport={"width": width, "height": 200})
            await page.set_content(html)
            await page.screenshot(path=target, full_page=True)
            await page.close()
        await browser.close()
