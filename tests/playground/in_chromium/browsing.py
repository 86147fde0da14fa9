"""A browser, and common steps in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

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
    """Open the playground in a new tab, as its first person or as `me`.

    Without a graphics card animations are slow, so most tests ask for reduced motion (`calm`).
    With `stopped_clock` what moves by time alone stays where the test has put it.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": 820},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce" if calm else "no-preference",
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.complaints = []  # type: ignore[attr-defined]

    def complain(text: object) -> None:
        page.complaints.append(str(text))  # type: ignore[attr-defined]

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            complain(message.text)

    page.on("console", listen)
    page.on("pageerror", complain)
    if me:
        await page.add_init_script(
            f"sessionStorage.getItem('reverie.me') ?? sessionStorage.setItem('reverie.me', '{me}')"
        )
    if stopped_clock:
        await page.clock.set_fixed_time(datetime.now(UTC))
    await page.goto(url)
    await page.wait_for_selector("#who .avatar")
    return page


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
