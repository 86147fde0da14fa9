"""Records the animation of the README: a command is written, four pictures come, one of them is animated.

Every frame is taken in a state that the page was waited for, and is shown for a time that is set here: how
fast the machine is changes nothing.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.playground.in_chromium.browsing import open_page

#: what is typed, with a frame after each part
_TYPED = ("/imag", "ine a ", "paper ", "boat on ", "a sea ", "of ink ", "at dawn", " --count 4")
_WIDTH, _HEIGHT = 1100, 760
#: WebP's quality: text stays sharp, and the file well below what a page loads in a second
_QUALITY = 90
#: how long a frame is shown, in milliseconds
_KEYS, _STEP, _LOOK, _END = 160, 400, 800, 2_000
#: of a progress bar, in percent; of a video, in seconds
_PROGRESS = (20, 50, 80)
_MOMENTS = tuple(number / 5 for number in range(1, 11))
_MOMENT = 160
_REACHED = """(percent) => [...document.querySelectorAll(".progress .bar span")]
    .every((bar) => parseFloat(bar.style.inlineSize || "0") >= percent)"""
_SEEK = """(video, second) => new Promise((done) => {
    video.preload = "auto";
    const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done));
    video.addEventListener("seeked", drawn, { once: true });
    video.currentTime = second;
})"""


@dataclass(slots=True)
class _Recording:
    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    async def add(self, duration: int) -> None:
        shot = await self.page.screenshot()
        self.frames.append(Image.open(io.BytesIO(shot)).convert("RGB"))
        self.durations.append(duration)

    def save(self, target: Path) -> None:
        first, *others = self.frames
        first.save(
            target,
            save_all=True,
            append_images=others,
            duration=self.durations,
            loop=0,
            quality=_QUALITY,
            method=6,
            allow_mixed=True,
        )


async def record(browser: Browser, url: str, target: Path, *, dark: bool) -> None:
    """Record into an animated WebP; the playground at `url` must be empty, and slow enough to be watched."""
    page = await open_page(browser, url, dark=dark, width=_WIDTH)
    await page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
    recording = _Recording(page)
    await recording.add(_LOOK)
    await _write(page, recording)
    await page.press("#command-input", "Enter")
    group = page.locator(".job.group")
    await expect(group.locator(".progress")).to_have_count(4)
    await _progress(page, recording)
    await expect(group.locator(".frame[data-look^=media]")).to_have_count(4)
    await _loaded(page)
    await recording.add(_LOOK)
    await _animate(page, recording)
    recording.save(target)


async def _write(page: Page, recording: _Recording) -> None:
    await page.focus("#command-input")
    for part in _TYPED:
        await page.keyboard.type(part)
        await page.wait_for_load_state("networkidle")
        await recording.add(_KEYS)
    await page.press("#command-input", "Escape")
    await expect(page.locator("#price")).to_contain_text("4 ×")
    await recording.add(_LOOK)


async def _animate(page: Page, recording: _Recording) -> None:
    await page.locator(".cell").nth(1).locator("label.number").click()
    await recording.add(_STEP)
    button = page.locator(".card .do-animate").first
    await button.hover()
    await recording.add(_LOOK)
    await button.click()
    card = page.locator(".card").nth(1)
    await expect(card).to_be_in_viewport()
    await expect(card.locator(".progress .preview")).to_be_visible()
    await _progress(page, recording)
    video = card.locator(".frame[data-look^=media] video")
    await expect(video).to_be_visible()
    await video.evaluate("(video) => video.scrollIntoView({ block: 'center' })")
    # It is loaded only now.
    await video.evaluate(_SEEK, _MOMENTS[0] / 2)
    for second in _MOMENTS:
        await video.evaluate(_SEEK, second)
        await recording.add(_MOMENT)
    recording.durations[-1] = _END


async def _progress(page: Page, recording: _Recording) -> None:
    """Take a frame whenever all bars have come so far, until the results are there."""
    for percent in _PROGRESS:
        await page.wait_for_function(_REACHED, arg=percent)
        if await page.locator(".progress").count() == 0:
            return
        await recording.add(_STEP)


async def _loaded(page: Page) -> None:
    await page.wait_for_function("() => [...document.images].every((one) => one.complete)")
