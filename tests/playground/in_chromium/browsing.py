"""A browser, and common steps in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright, expect

from tests.chromium import require_chromium
from tests.patience import PATIENCE_MS

#: Of a whole browser, what no test looks at and every window would pay for: the address bar alone, with its
#: two pages, takes more processor time than a test. This list replaces Playwright's own, and so repeats what
#: matters of it here.
_WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    f"--disable-features={','.join(_WITHOUT)}",
]
#: of the page's origin, without any script
_EMPTY = "/playground/static/mark.svg"


@asynccontextmanager
async def launch() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=require_chromium(), args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_page(
    browser: Browser,
    url: str,
    *,
    me: str = "",
    dark: bool = False,
    width: int = 1100,
    calm: bool = True,
    stopped_clock: bool = False,
) -> Page:
    """Open the playground in a tab that is like new, as its first person or as `me`.

    Without a graphics card animations are slow, so most tests ask for reduced motion (`calm`).
    With `stopped_clock` what moves by time alone stays where the test has put it.
    """
    page = (None if stopped_clock else _free_page(browser)) or await _new_page(browser)
    page.complaints = []  # type: ignore[attr-defined]
    await page.set_viewport_size({"width": width, "height": 820})
    await page.emulate_media(
        color_scheme="dark" if dark else "light",
        forced_colors="none",
        reduced_motion="reduce" if calm else "no-preference",
    )
    if me:
        await page.goto(urljoin(url, _EMPTY))
        await page.evaluate("me => sessionStorage.setItem('reverie.me', me)", me)
    if stopped_clock:
        page.stopped_clock = True  # type: ignore[attr-defined]
        await page.clock.set_fixed_time(datetime.now(UTC))
    await page.goto(url)
    await page.wait_for_selector("#who .avatar")
    return page


async def _new_page(browser: Browser) -> Page:
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE_MS)

    def complain(text: object) -> None:
        page.complaints.append(str(text))  # type: ignore[attr-defined]

    def listen(message: ConsoleMessage) -> None:
        # An empty tab has no icon, for which the browser asks all the same.
        if message.type == "error" and not page.url.endswith(_EMPTY):
            complain(message.text)

    page.on("console", listen)
    page.on("pageerror", complain)
    return page


def _free_page(browser: Browser) -> Page | None:
    """A tab that an earlier test has put away; it has the renderer and the cache of its browser context."""
    pages = (page for context in browser.contexts for page in context.pages)
    return next((page for page in pages if page.url.endswith(_EMPTY)), None)


async def put_away(page: Page) -> None:
    """Empty a tab for the next test while its server answers; close it if anything would stay."""
    context = page.context
    if not hasattr(page, "complaints") or hasattr(page, "stopped_clock") or len(context.pages) > 1:
        await context.close()
        return
    try:
        await page.unroute_all(behavior="ignoreErrors")
        await page.goto(urljoin(page.url, _EMPTY))
        await page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        await page.mouse.move(0, 0)
        await context.clear_cookies()
        await context.clear_permissions()
    except Error:
        await context.close()


async def put_all_away(browser: Browser) -> None:
    for context in browser.contexts:
        pages = context.pages
        if not pages:
            await context.close()
        elif not pages[0].url.endswith(_EMPTY):
            await put_away(pages[0])


def complaints(page: Page) -> list[str]:
    """Return errors of the page's scripts, its content policy or its requests."""
    found: list[str] = page.complaints  # type: ignore[attr-defined]
    return found


async def say(page: Page, text: str) -> None:
    """Write a command and send it."""
    await page.fill("#command-input", text)
    await page.press("#command-input", "Escape")
    await page.press("#command-input", "Enter")


async def form(page: Page, command: str) -> Any:
    """Open a command's form and return its dialog."""
    await page.get_by_role("button", name="All commands").click()
    await page.get_by_role("menuitem", name=f"/{command}", exact=True).click()
    dialog = page.get_by_role("dialog", name=f"/{command}")
    await expect(dialog).to_be_visible()
    return dialog
