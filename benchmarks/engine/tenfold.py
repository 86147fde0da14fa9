"""Whether a job costs more with ten times the members, workspaces and queued jobs.

Members have given commands until so many jobs are queued, and the card of each is shown. That is made once,
and copied for each measurement: in one copy more commands are accepted durably, in another some of the jobs
are made, by a provider and a chat that answer at once, while the others wait.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.engine.delivered import WAITING, InstantChat, engine
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
from tests.engine.fakes import Clock
from tests.engine.harness import Engine
from tests.engine.settings import person

#: queued jobs, with as many members as jobs and a workspace for each three of them
QUICK, FULL = 3_000, 8_000
_PER_WORKSPACE = 3
#: commands that arrive together, whose processor time is measured, and one by one
_TOGETHER, _COMMANDS = 400, 500
#: jobs under way at once, and those that are made before and while the processor's time is measured
_CONCURRENT, _BEFORE, _MADE = 50, 50, 200
#: cards whose message is behind
_BEHIND = "SELECT id FROM card WHERE shown_rev < wanted_rev LIMIT 1"


async def compare(run: Run) -> list[Comparison]:
    many = FULL if run.full else QUICK
    few = many // 10
    tenth = f"the same with {few:,}"
    # Time goes on from one process to the next: else new jobs would be queued before those that wait.
    clock = Clock()
    with TemporaryDirectory(prefix="reverie-") as name:
        queues = {jobs: await _queued(Path(name) / str(jobs), jobs, clock) for jobs in (many, few)}
        sides: dict[str, Measure] = {
            OURS: partial(_measured, queues[many], many, clock),
            tenth: partial(_measured, queues[few], few, clock),
        }
        if run.control:
            sides[CONTROL] = partial(_measured, queues[many], many, clock, CONTROL_S)
        found = await in_turn(sides, run.rounds)
    same, noise = Goal(against=tenth), Goal(against=tenth, factor=1.25)
    figures = {
        "accept_ms": Figure(
            title=f"processor time to accept a job with {many:,} queued",
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


async def _queued(folder: Path, jobs: int, clock: Clock) -> Path:
    """A store with so many queued jobs whose cards are shown."""
    async with _opened(folder, clock, start=("deliver",)) as (bot, _):
        await _ask_together(bot, range(jobs))
        while await bot.rows(_BEHIND):  # noqa: ASYNC110 - it happens in the store
            await asyncio.sleep(0.1)
    return folder


@asynccontextmanager
async def _opened(
    folder: Path, clock: Clock, start: tuple[str, ...] | None = None, work_s: float = 0.0
) -> AsyncIterator[tuple[Engine, InstantChat]]:
    # Events are named after the owner: those of an earlier process would be taken for repeated ones.
    async with engine(
        folder, "", work_s, start, concurrent=_CONCURRENT, owner=uuid4().hex, clock=clock
    ) as opened:
        yield opened


async def _measured(queue: Path, queued: int, clock: Clock, work_s: float = 0.0) -> Mapping[str, float]:
    with TemporaryDirectory(prefix="reverie-") as name:
        accepting, making = Path(name) / "accepting", Path(name) / "making"
        shutil.copytree(queue, accepting)
        shutil.copytree(queue, making)
        os.sync()  # else the flushes that are measured wait for the copies
        return {
            **await _accepted(accepting, queued, clock),
            "deliver_ms": await _made(making, work_s),
        }


async def _accepted(folder: Path, queued: int, clock: Clock) -> Mapping[str, float]:
    async with _opened(folder, clock) as (bot, _):
        worked = time.process_time()
        await _ask_together(bot, range(queued, queued + _TOGETHER))
        accepted = time.process_time() - worked
        took = list[float]()
        await _ask(bot, iter(range(queued + _TOGETHER, queued + _TOGETHER + _COMMANDS)), took)
        return {"accept_ms": accepted * 1000 / _TOGETHER, "p99": quantiles(took, n=100)[98] * 1000}


async def _made(folder: Path, work_s: float) -> float:
    """Milliseconds of the processor for each job; the cards of those that wait are shown already."""
    async with _opened(folder, Clock(), (), work_s) as (bot, chat):
        # From here on as many jobs are under way at the beginning as at the end.
        await chat.shown(_BEFORE)
        worked, before = time.process_time(), len(chat.ended)
        await chat.shown(before + _MADE)
        took = (time.process_time() - worked) * 1000 / (len(chat.ended) - before)
        await bot.dropped()  # the rest is not made
        return took


async def _ask_together(bot: Engine, numbers: range) -> None:
    waiting = iter(numbers)
    await asyncio.gather(*(_ask(bot, waiting, list[float]()) for _ in range(WAITING)))


async def _ask(bot: Engine, numbers: Iterator[int], took: list[float]) -> None:
    """Give one command after the other, each of another member."""
    for number in numbers:
        by = person(f"m{number}", workspace=f"chat:{number // _PER_WORKSPACE}")
        began = time.perf_counter()
        await bot.ask(by=by)
        took.append(time.perf_counter() - began)
