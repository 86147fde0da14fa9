"""What it costs to wait for generations, and how soon their end is noticed.

Each side is a process of its own before the same generation API in this one. All jobs are given at once, each
takes a minute, so that all end within a few seconds. Callbacks that arrive together are confirmed
together, which saves requests and takes some time; how soon the end of a single generation is noticed is a
figure of its own. The minute is divided, and with it how often each side looks, also the SDK's loop.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.engine.luma_api import LumaApi, luma_api
from benchmarks.engine.watcher import Order
from benchmarks.platforms import many_in_flight
from benchmarks.results.comparison import (
    CONTROL,
    CONTROL_S,
    OURS,
    Comparison,
    Figure,
    Goal,
    Measure,
    compared,
    in_turn,
)
from benchmarks.results.run import Run
from bot.web.server import listen

TAKES_S = 60.0
#: jobs in flight, and what divides all times
QUICK, FULL, REAL = (100, 10.0), (500, 6.0), (1_000, 1.0)
_PATIENCE_S = 600.0

_SDK = "official SDK, get every 3 s"
_BY_LIST = "Reverie without callbacks, by list"
#: milliseconds in which an end is noticed by list, half of them and 99 of 100, where times are not divided
_LIST_P50, _LIST_P99 = 500.0, 1_000.0


async def compare(run: Run) -> list[Comparison]:
    jobs, speed = REAL if run.real_windows else FULL if run.full else QUICK
    order = Order(side="reverie", api="", folder="", jobs=jobs, speed=speed)
    sides: dict[str, Measure] = {
        OURS: lambda: _waited(order),
        _BY_LIST: lambda: _waited(replace(order, callbacks=False)),
        _SDK: lambda: _waited(replace(order, side="sdk")),
    }
    if run.control:
        sides[CONTROL] = lambda: _waited(replace(order, work_s=CONTROL_S))
    found = await in_turn(sides, 1 if run.real_windows else run.rounds)
    of = f"{jobs:,} in flight, {TAKES_S / speed:.0f} s generations"
    requests, work = f"provider requests for each job, {of}", f"processor time for each job, {of}"
    called = {
        "requests": Figure(title=requests, unit="", goals=(Goal(plus=1.1),), controlled=False),
        "work_ms": Figure(title=work, unit="ms", goals=(Goal(plus=2),)),
        "p50": Figure(title=f"end to noticed p50, {of}", unit="ms", goals=(Goal(plus=10),), controlled=False),
        "p99": Figure(title=f"end to noticed p99, {of}", unit="ms", controlled=False),
    }
    listed = {
        "requests": replace(called["requests"], goals=(Goal(plus=1.8),)),
        "work_ms": replace(called["work_ms"], goals=(), controlled=False),
        "p50": replace(called["p50"], goals=(Goal(plus=_LIST_P50 / speed),)),
        "p99": replace(called["p99"], goals=(Goal(plus=_LIST_P99 / speed),)),
    }
    note = "The SDK's loop stores neither the job nor its picture."
    if speed != 1:
        note += (
            f" Generations of a minute, divided by {speed:g}, and with it how often each side looks, and the"
            " goals for what is noticed by list. `--real-windows` divides nothing: one round of 1,000 jobs."
        )
    by_callback = {
        figure: {side: rounds for side, rounds in of_sides.items() if side != _BY_LIST}
        for figure, of_sides in found.items()
        if figure in called
    }
    by_list = {
        figure: {OURS: of_sides[_BY_LIST], _SDK: of_sides[_SDK]}
        for figure, of_sides in found.items()
        if figure in listed
    }
    apart = Figure(
        title="end to noticed p50, one generation after the other",
        unit="ms",
        goals=(Goal(plus=10),),
        controlled=False,
    )
    return [
        *compared(by_callback, called, note=note),
        *compared(
            by_list,
            {name: replace(figure, title=f"{figure.title}, by list") for name, figure in listed.items()},
        ),
        *compared(found, {"apart": apart}),
        *await many_in_flight.compare(run),
    ]


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
