"""Whether a job costs more with ten times the members, workspaces and queued jobs.

Members give commands until so many jobs are queued; each is accepted durably. Then some of them are made, by
a provider and a chat that answer at once, while the others wait.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from benchmarks.engine.delivered import WAITING, engine
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
from tests.engine.harness import Engine
from tests.engine.settings import person

#: queued jobs, with as many members as jobs and a workspace for each three of them
QUICK, FULL = 2_000, 8_000
_PER_WORKSPACE = 3
#: commands whose time is measured one by one
_COMMANDS = 200
#: jobs under way at once, and those that are made before and while the processor's time is measured
_CONCURRENT, _BEFORE, _MADE = 50, 50, 200


async def compare(run: Run) -> list[Comparison]:
    many = FULL if run.full else QUICK
    few = many // 10
    tenth = f"the same with {few:,}"
    sides: dict[str, Measure] = {OURS: partial(_measured, many, 0.0), tenth: partial(_measured, few, 0.0)}
    if run.control:
        sides[CONTROL] = partial(_measured, many, CONTROL_S)
    found = await in_turn(sides, run.rounds)
    # Ten times as many jobs take ten times as long where each takes as long as before.
    same, noise = Goal(against=tenth), Goal(against=tenth, factor=1.25)
    figures = {
        "accept_ms": Figure(
            title=f"processor time to accept each of {many:,} jobs",
            unit="ms",
            goals=(same,),
            controlled=False,
        ),
        "p99": Figure(
            title=f"accept p99 with {many:,} jobs queued", unit="ms", goals=(noise,), controlled=False
        ),
        "deliver_ms": Figure(
            title=f"processor time to make and deliver a job with {many:,} queued", unit="ms", goals=(same,)
        ),
    }
    note = f"Each member has one job; {_PER_WORKSPACE} members are in a workspace."
    return compared(found, figures, note=note)


async def _measured(jobs: int, work_s: float) -> Mapping[str, float]:
    with TemporaryDirectory(prefix="reverie-") as folder:
        async with engine(Path(folder), "", work_s, start=None, concurrent=_CONCURRENT) as (bot, chat):
            numbers = iter(range(jobs))
            worked = time.process_time()
            await asyncio.gather(*(_ask(bot, numbers, list[float]()) for _ in range(WAITING)))
            accepted = time.process_time() - worked
            took = list[float]()
            await _ask(bot, iter(range(jobs, jobs + _COMMANDS)), took)
            bot.start()
            # From here on as many jobs are under way at the beginning as at the end.
            await chat.shown(_BEFORE)
            worked, before = time.process_time(), len(chat.ended)
            await chat.shown(before + _MADE)
            delivered = (time.process_time() - worked) / (len(chat.ended) - before)
            await bot.dropped()  # the rest is not made
            return {
                "accept_ms": accepted * 1000 / jobs,
                "p99": quantiles(took, n=100)[98] * 1000,
                "deliver_ms": delivered * 1000,
            }


async def _ask(bot: Engine, numbers: Iterator[int], took: list[float]) -> None:
    """Give one command after the other, each of another member."""
    for number in numbers:
        by = person(f"m{number}", workspace=f"chat:{number // _PER_WORKSPACE}")
        began = time.perf_counter()
        await bot.ask(by=by)
        took.append(time.perf_counter() - began)
