"""How long a bot for both chats takes to start, and what it uses while nothing happens.

Both are processes of their own before a Discord and a Slack of their own. Ready is a bot that is connected to
both; Reverie has besides to answer 200 at `/readyz`, for which its generation provider must have answered.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.engine.luma_api import luma_api
from benchmarks.platforms.bots import BARE_BOTH, SLOWED, both_chats
from benchmarks.results.comparison import CONTROL, OURS, Comparison, Figure, Goal, Measure, compared, in_turn
from benchmarks.results.process import children, processor_s, resident_mb, written_bytes
from benchmarks.results.run import Run
from tests.platforms.unmodified import REVERIE

#: seconds until a bot has come to rest, and in which its idleness is measured
_REST_S, QUICK_S, FULL_S = 2.0, 5.0, 6.0
_BARE = "bare discord.py + slack-bolt"
_FIGURES = {
    "ready_s": Figure(title="start to ready, both chats", unit="s", goals=(Goal(against=_BARE, factor=1.5),)),
    "idle_mb": Figure(
        title="resident memory while idle",
        unit="MB",
        goals=(Goal(against=_BARE, factor=2),),
        controlled=False,
    ),
    "family_mb": Figure(title="the same, with its worker processes", unit="MB", controlled=False),
    "share": Figure(title="share of a core while idle", unit="%", goals=(Goal(plus=0.5, strict=True),)),
    "written_kb": Figure(
        title="written to the disk in a minute while idle", unit="kB", goals=(Goal(plus=0),), controlled=False
    ),
}


async def compare(run: Run) -> list[Comparison]:
    seconds = FULL_S if run.full else QUICK_S
    sides: dict[str, Measure] = {
        OURS: lambda: _measured(REVERIE, seconds),
        _BARE: lambda: _measured(BARE_BOTH, seconds),
    }
    if run.control:
        sides[CONTROL] = lambda: _measured(SLOWED, seconds)
    return compared(await in_turn(sides, run.rounds), _FIGURES)


async def _measured(program: Sequence[str], seconds: float) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        async with both_chats(Path(name)) as chats, luma_api(60) as api, AsyncExitStack() as exits:
            began = time.perf_counter()
            settings = {
                "LUMAAI_API_KEY": "luma-benchmark",
                "LUMAAI_BASE_URL": f"{api.url}/dream-machine/v1",
            }
            bot = await exits.enter_async_context(chats.connected(program, settings))
            ready_s = time.perf_counter() - began
            await asyncio.sleep(_REST_S)
            family = [bot.pid, *children(bot.pid)]
            worked, written = (sum(map(one, family)) for one in (processor_s, written_bytes))
            began = time.perf_counter()
            await asyncio.sleep(seconds)
            took = time.perf_counter() - began
            return {
                "ready_s": ready_s,
                "idle_mb": resident_mb(bot.pid),
                "family_mb": sum(map(resident_mb, family)),
                "share": (sum(map(processor_s, family)) - worked) * 100 / took,
                "written_kb": (sum(map(written_bytes, family)) - written) / 1000 * 60 / took,
            }
