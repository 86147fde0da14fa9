"""What it costs to wait for generations, and how soon their end is noticed.

Each side is a process of its own before the same generation API in this one. All jobs are given at once, each
takes a minute, so that all end within a few seconds. Callbacks that arrive together are confirmed
together, which saves requests and takes some time; how soon the end of a single generation is noticed is a
figure of its own. In the shortened run the minute is divided, and with it how often each side looks, also the
SDK's loop.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.engine.luma_api import LumaApi, luma_api
from benchmarks.engine.watcher import Order
from benchmarks.results.comparison import CONTROL_S, Better, Comparison, Goal, Measure, in_turn
from benchmarks.results.process import processor_s, resident_mb
from benchmarks.results.run import Run
from bot.web.server import listen

TAKES_S = 60.0
#: jobs in flight, and what divides all times
QUICK, FULL = (100, 6.0), (1_000, 1.0)
MANY_QUICK, MANY_FULL = 500, 5_000
#: seconds in which the share of a core is measured
_WINDOW_S = 15.0
_PATIENCE_S = 600.0
_MANY = "The SDK's loop does not finish with 5,000 in flight. Memory includes both chats' libraries."

_SDK = "official SDK, get every 3 s"
_BY_LIST = "Reverie without callbacks, by list"


async def compare(run: Run) -> list[Comparison]:
    jobs, speed = FULL if run.full else QUICK
    order = Order(side="reverie", api="", folder="", jobs=jobs, speed=speed)
    sides: dict[str, Measure] = {
        "reverie": lambda: _waited(order),
        _BY_LIST: lambda: _waited(replace(order, callbacks=False)),
        _SDK: lambda: _waited(replace(order, side="sdk")),
    }
    if run.control:
        sides["control"] = lambda: _waited(replace(order, work_s=CONTROL_S))
    # Each round is a thousand jobs for a minute on each side: their number stands in for that of the rounds.
    found = await in_turn(sides, 1)
    of = f"{jobs:,} in flight, {TAKES_S / speed:.0f} s generations"
    titles = {
        "requests": (f"provider requests for each job, {of}", "", Goal(plus=1.1)),
        "work_ms": (f"processor time for each job, {of}", "ms", Goal(plus=2)),
        "p50": (f"end to noticed p50, {of}", "ms", Goal(plus=10)),
        "p99": (f"end to noticed p99, {of}", "ms", None),
    }
    by_list = {"requests": Goal(plus=1.8), "p50": Goal(plus=500), "p99": Goal(plus=1_000)}
    comparisons = []
    for figure, (title, unit, goal) in titles.items():
        comparisons += [
            Comparison(
                title=title,
                unit=unit,
                better=Better.LESS,
                ours=found[figure]["reverie"],
                alternatives={_SDK: found[figure][_SDK]},
                goals=(goal,) if goal else (),
                control=found[figure].get("control", ()) if figure == "work_ms" else (),
            ),
            Comparison(
                title=f"{title}, by list",
                unit=unit,
                better=Better.LESS,
                ours=found[figure][_BY_LIST],
                alternatives={_SDK: found[figure][_SDK]},
                goals=(by_list[figure],) if figure in by_list else (),
            ),
        ]
    comparisons.append(
        Comparison(
            title="end to noticed p50, one generation after the other",
            unit="ms",
            better=Better.LESS,
            ours=found["apart"]["reverie"],
            alternatives={_BY_LIST: found["apart"][_BY_LIST]},
            goals=(Goal(plus=10),),
        )
    )
    return [*comparisons, *await _many(run)]


async def _waited(order: Order) -> Mapping[str, float]:
    async with _before_api(order, TAKES_S / order.speed) as (api, _, events):
        await _event(events, "ready")
        api.forget()
        ended = await _event(events, "ended")
        noticed = quantiles(api.noticed_ms(), n=100)
        figures = {
            "requests": api.requests / order.jobs,
            "work_ms": ended["work_ms"],
            "p50": noticed[49],
            "p99": noticed[98],
        }
        if order.side == "reverie":
            await _event(events, "apart")
            figures["apart"] = median(api.noticed_ms(warm_up=True))
        return figures


async def _many(run: Run) -> list[Comparison]:
    """Thousands in flight, of which none ends meanwhile."""
    jobs = MANY_FULL if run.full else MANY_QUICK
    shares, sizes = list[float](), list[float]()
    for callbacks in (True, False):
        order = Order(side="reverie", api="", folder="", jobs=jobs, callbacks=callbacks, chats=True)
        async with _before_api(order, _PATIENCE_S) as (_, pid, events):
            await _event(events, "submitted")
            # By then they may have ended as far as the bot knows, so that every look asks for all of them.
            await asyncio.sleep(_EARLIEST_S if run.full else 0)
            worked, began = processor_s(pid), time.perf_counter()
            await asyncio.sleep(_WINDOW_S)
            shares.append((processor_s(pid) - worked) * 100 / (time.perf_counter() - began))
            sizes.append(resident_mb(pid))
    return [
        Comparison(
            title=f"{figure}, {jobs:,} in flight{way}",
            unit=unit,
            better=Better.LESS,
            ours=[value],
            goals=(Goal(plus=most),),
            note=_MANY,
        )
        for way, share, size in zip(("", ", by list"), shares, sizes, strict=True)
        for figure, unit, value, most in (
            ("share of a core", "%", share, 40),
            ("resident memory", "MB", size, 150),
        )
    ]


#: after this a picture may have ended, as far as the bot knows
_EARLIEST_S = 27.0


@asynccontextmanager
async def _before_api(
    order: Order, takes_s: float
) -> AsyncIterator[tuple[LumaApi, int, asyncio.StreamReader]]:
    """Start a process with an API of its own; yields that, the process's id, and what it tells."""
    with TemporaryDirectory(prefix="reverie-") as folder, listen("127.0.0.1", 0) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with luma_api(takes_s, address if order.callbacks else None) as api:
            fitted = replace(order, api=api.url, folder=folder, listener=listener.fileno())
            async with started(fitted) as process:
                assert process.stdout is not None
                yield api, process.pid, process.stdout


@asynccontextmanager
async def started(order: Order) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a process; it is killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.engine.watcher", order.dumped()),
        stdout=asyncio.subprocess.PIPE,
        pass_fds=[order.listener] if order.listener >= 0 else [],
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _event(events: asyncio.StreamReader, name: str) -> dict[str, Any]:
    """Wait until the process tells this."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            line = await events.readline()
            assert line, f"the process ended before it was {name}"
            if line.startswith(b"{"):
                told: dict[str, Any] = json.loads(line)
                if told["event"] == name:
                    return told
