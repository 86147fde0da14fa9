"""How soon the page is there and switches its channel, with thousands of messages in one of them.

A real Chromium loads the page with nothing in its cache. Beside it: one static file with the same messages as
text, whose channels are switched by one line of script.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from statistics import median

from playwright.async_api import Browser

from benchmarks.platforms.bots import SLOWED
from benchmarks.playground.bots import bare, make_history, playground
from benchmarks.playground.listeners import compare_listeners
from benchmarks.results.comparison import CONTROL, OURS, Comparison, Figure, Goal, Measure, compared, in_turn
from benchmarks.results.run import Run
from tests.platforms.unmodified import REVERIE
from tests.playground.in_chromium.browsing import launch

QUICK, FULL = 2_000, 10_000
#: times that a channel is switched to
_SWITCHES = 7
_LIMIT = "one static file"
#: a promise of the milliseconds after which a message was painted
_OBSERVE = """
window.shownAt = new Promise((resolve) => new MutationObserver((_, observer) => {
  if (!document.querySelector("#messages .message")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
}).observe(document, { childList: true, subtree: true }));
"""
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
#: milliseconds from a click to the end of the frame that it has changed
_SWITCH = """async (channel) => {
  const button = document.querySelector(`[data-channel="${channel}"]`);
  const began = performance.now();
  button.click();
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return performance.now() - began;
}"""


async def compare(run: Run) -> list[Comparison]:
    messages = FULL if run.full else QUICK
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="reverie-")))
        await make_history(folder / "reverie", messages)
        browser = await exits.enter_async_context(launch())
        static = await exits.enter_async_context(bare(folder / "bare"))
        sides: dict[str, Measure] = {
            OURS: lambda: _of_bot(browser, folder / "reverie"),
            _LIMIT: partial(_loaded, browser, str(static.base_url)),
        }
        if run.control:
            sides[CONTROL] = lambda: _of_bot(browser, folder / "reverie", SLOWED)
        found = await in_turn(sides, run.rounds)
    of = f"with {messages:,} messages"
    figures = {
        "painted": Figure(title=f"first paint of the page {of}", unit="ms", goals=(Goal(plus=1_000),)),
        "shown": Figure(title=f"its newest messages are there, {of}", unit="ms", controlled=False),
        "switch": Figure(
            title=f"switch to a channel {of}", unit="ms", goals=(Goal(plus=100),), controlled=False
        ),
    }
    note = "A page starts with the newest 200 cards of a channel and the commands above them."
    return [*compared(found, figures, limits={_LIMIT}, note=note), *await compare_listeners(run)]


async def _of_bot(browser: Browser, folder: Path, program: Sequence[str] = REVERIE) -> Mapping[str, float]:
    async with playground(folder, program) as opened:
        return await _loaded(browser, str(opened.base_url))


async def _loaded(browser: Browser, url: str) -> Mapping[str, float]:
    context = await browser.new_context(viewport={"width": 1100, "height": 820})
    page = await context.new_page()
    await page.add_init_script(_OBSERVE)
    await page.goto(url)
    shown = float(await page.evaluate("() => window.shownAt"))
    took = []
    for _ in range(_SWITCHES):
        await page.evaluate(_SWITCH, "dm")
        took.append(await page.evaluate(_SWITCH, "studio"))
    found = {
        "painted": float(await page.evaluate(_PAINTED)),
        "shown": shown,
        "switch": median(took),
    }
    await context.close()
    return found
