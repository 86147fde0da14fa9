"""Draws pictures and an animation of the playground, and into a folder one of each kind of card.

python -m tests.playground.screenshots docs/playground.png [folder]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, expect

from tests.patience import PATIENCE_MS
from tests.playground.animation import record
from tests.playground.in_chromium.browsing import form, launch, open_page, say
from tests.playground.in_chromium.running_bot import running

_PROMPTS = (
    "/imagine a lighthouse in a storm --ar 21:9",
    "/imagine a red fox in the snow, first light, film grain",
)
#: more commands than a person gives in so short a time
_UNHURRIED = {"REVERIE_COMMANDS_BURST": "100"}
#: so that the admin page has something to show
_DECISIONS = (
    "/quotas set grace --amount 5 --period week",
    "/quotas set --workspace --amount 20 --period month",
    "/rules deny --resolution 4k",
    "/rules words add bad*",
    "/animate a fox that runs --model ray-2 --resolution 1080p",
)


async def _shoot(browser: Browser, url: str, target: Path, *, dark: bool) -> None:
    page = await open_page(browser, url, dark=dark, width=1280)
    await _at_rest(page)
    await page.screenshot(path=target)


async def _at_rest(page: Page) -> None:
    await expect(page.locator(".progress")).to_have_count(0)
    # The page's policy forbids what a repeated wait_for_function evaluates.
    await page.evaluate(
        "Promise.all([...document.images].map(one => one.complete || new Promise("
        "done => ['load', 'error'].forEach(event => one.addEventListener(event, done)))))"
    )


async def _shoot_all(browser: Browser, url: str, folder: Path) -> None:
    """The forms and cards of the commands that change what was made."""
    page = await open_page(browser, url, width=1280)
    await say(page, "/imagine a red fox in the snow, first light")
    await _results(page, 1)
    dialog = await form(page, "reframe")
    await dialog.get_by_label("Aspect ratio").select_option("9:16")
    await dialog.get_by_text("More options").click()
    await dialog.get_by_label("Grid position y").fill("300")
    await dialog.get_by_label("Resized width").fill("900")
    await _shoot_dialog(page, dialog, folder / "playground-reframe-form.png")
    await dialog.get_by_role("button", name="Cancel").click()
    await say(page, "/reframe 9:16 --grid_position_y 300 --resized_width 900")
    await _shoot_dialog(page, page.get_by_role("dialog"), folder / "playground-reframe-preview.png")
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    await say(page, "/imagine a paper boat on a sea of ink at dawn --count 4")
    await expect(page.locator(".cell .progress").first).to_be_visible()
    await page.screenshot(path=folder / "playground-grid-running.png")
    await _results(page, 5)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.screenshot(path=folder / "playground-grid.png")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.locator(".job.group").scroll_into_view_if_needed()
    await page.screenshot(path=folder / "playground-grid-phone.png")
    await page.set_viewport_size({"width": 1280, "height": 820})
    await page.locator(".card .do-animate").first.click()
    await expect(page.locator(".progress .preview")).to_be_visible()
    await page.screenshot(path=folder / "playground-live-preview.png")
    await _results(page, 6)
    dialog = await form(page, "modify")
    await dialog.get_by_role("textbox", name="Prompt").fill("in a blizzard")
    await expect(dialog.locator(".quote b")).to_be_visible()
    await page.screenshot(path=folder / "playground-modify-form.png")
    await dialog.get_by_role("button", name="Send").click()
    await _shoot_card(page, 7, folder / "playground-modify.png")
    for count, name in ((8, "upscale"), (9, "audio")):
        await page.locator(".card").nth(2).locator(f".do-{name}").click()
        await _shoot_card(page, count, folder / f"playground-{name}.png")
    root = (await page.locator("[id^=job-]").first.get_attribute("id") or "").removeprefix("job-")
    for star in (await page.locator(".card .do-gallery").all())[:2]:
        await star.click()
        await page.locator(".toast").click()
    for command in ("history 3", f"lineage {root}", "gallery"):
        await say(page, f"/{command}")
        name = command.partition(" ")[0]
        await expect(page.locator(".note").filter(has_text=f"/{command}")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=folder / f"playground-{name}.png")
    await _shoot_states(page, folder)


async def _shoot_states(page: Page, folder: Path) -> None:
    """What opens over the conversation and under it, on a desktop and on a phone in the dark."""
    for width, dark, name in ((1280, False, "desktop"), (390, True, "phone")):
        await page.set_viewport_size({"width": width, "height": 844})
        await page.emulate_media(color_scheme="dark" if dark else "light")
        for command in ("help", "quota"):
            await say(page, f"/{command}")
            await expect(page.locator(".note").last).to_contain_text(f"/{command}")
            await page.screenshot(path=folder / f"playground-{command}-{name}.png")
        await page.fill("#command-input", "/imagine a fox --ar 2:1 --count 3")
        await expect(page.locator("#command-input")).to_be_focused()
        await expect(page.locator("#options")).to_contain_text("2:1")
        await page.screenshot(path=folder / f"playground-composer-{name}.png")
        await page.fill("#command-input", "")
        await page.locator(".picture.there").first.evaluate("one => one.scrollIntoView({ block: 'center' })")
        await _at_rest(page)
        await page.screenshot(path=folder / f"playground-card-{name}.png")
        await page.locator(".picture.there").first.click()
        await expect(page.locator("#lightbox")).to_be_visible()
        await page.screenshot(path=folder / f"playground-large-view-{name}.png")
        await page.keyboard.press("Escape")
        dialog = await form(page, "animate")
        await page.screenshot(path=folder / f"playground-animate-form-{name}.png")
        await dialog.get_by_role("button", name="Cancel").click()


async def _shoot_admin(browser: Browser, url: str, folder: Path) -> None:
    """Every section of the admin page, on a desktop and on a phone in the dark."""
    page = await open_page(browser, url, width=1280)
    for text in _DECISIONS:
        await say(page, text)
    await expect(page.get_by_role("button", name="Confirm $")).to_be_visible()
    for dark, width, name in ((False, 1280, "admin"), (True, 390, "admin-phone")):
        page = await open_page(browser, f"{url}/playground/admin", dark=dark, width=width)
        for link in await page.get_by_role("navigation", name="Admin").get_by_role("link").all():
            section = (await link.inner_text()).lower()
            await page.goto(f"{url}/playground/admin#{section}")
            await expect(page.locator(".list").first).not_to_be_empty()
            await page.screenshot(path=folder / f"playground-{name}-{section}.png")


async def _shoot_dialog(page: Page, dialog: Locator, target: Path) -> None:
    await expect(dialog.get_by_role("img").first).to_be_visible()
    await page.screenshot(path=target)


async def _results(page: Page, count: int) -> None:
    """Wait until so many results are shown."""
    await expect(page.locator(".frame[data-look^=media]")).to_have_count(count)
    await _at_rest(page)


async def _shoot_card(page: Page, count: int, target: Path) -> None:
    await _results(page, count)
    await page.locator(".card").last.scroll_into_view_if_needed()
    await page.screenshot(path=target)


async def main(target: Path, folder: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        async with running(Path(name), speed=20) as url, launch() as browser:
            expect.set_options(timeout=4 * PATIENCE_MS)
            page = await open_page(browser, url, width=1280)
            for prompt in _PROMPTS:
                await say(page, prompt)
                await _at_rest(page)
            await _shoot(browser, url, target, dark=False)
            await _shoot(browser, url, target.with_stem(f"{target.stem}-dark"), dark=True)
    for dark, suffix in ((False, ""), (True, "-dark")):
        animation = target.with_name(f"{target.stem}-animation{suffix}.webp")
        with tempfile.TemporaryDirectory(prefix="reverie-") as name:
            async with running(Path(name), speed=4) as url, launch() as browser:
                expect.set_options(timeout=4 * PATIENCE_MS)
                await record(browser, url, animation, dark=dark)
    if folder is not None:
        # Slower, so that a video's preview is seen.
        with tempfile.TemporaryDirectory(prefix="reverie-") as name:
            async with running(Path(name), speed=4, **_UNHURRIED) as url, launch() as browser:
                expect.set_options(timeout=4 * PATIENCE_MS)
                await _shoot_all(browser, url, folder)
                await _shoot_admin(browser, url, folder)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
