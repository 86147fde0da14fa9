"""How many commands a second become durable, and how long one waits for it.

Reverie checks all its rules on each command and shares a commit among those that wait at that moment. Every
commit is flushed to the disk (SQLite `synchronous=FULL`, PostgreSQL `fsync=on`).
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.results.comparison import (
    CONTROL,
    CONTROL_S,
    OURS,
    Better,
    Comparison,
    Figure,
    Goal,
    Measure,
    compared,
    in_turn,
)
from benchmarks.results.run import Run
from benchmarks.store.bare import recorded
from benchmarks.store.load import RATE, Accept, closed_loop, on_postgres, on_sqlite, open_loop
from benchmarks.store.orm import orm
from benchmarks.store.separate import separate
from bot.store.database.base import Database, Operation, Transaction
from bot.store.queue.accept import accept
from bot.store.queue.acceptance import Acceptance, AcceptedCard

SEED = 7
WAITING = (1, 100)
#: what every commit takes longer on slow disks, with the goal for one command in a hundred
SLOW = ((0.005, 25.0), (0.010, 40.0))

_SEPARATE, _ORM = "aiosqlite, one transaction each", "SQLAlchemy ORM, one session each"
_BARE = "bare SQLite, the same grouped statements"
_GOALS = (
    Goal(against=_SEPARATE, factor=13),
    Goal(against=_ORM, factor=20),
    Goal(against=_BARE, factor=0.5),
)


async def compare(run: Run) -> list[Comparison]:
    with TemporaryDirectory(prefix="reverie-") as name:
        folder = Path(name)
        found = list[Comparison]()
        for waiting in WAITING:
            found += await _throughput(run, folder / str(waiting), waiting)
        for delay, most in SLOW:
            found += await _slow_disk(run, folder / f"slow{delay}", delay, most)
    return [*found, *await _on_postgres(run)]


async def _throughput(run: Run, folder: Path, waiting: int) -> list[Comparison]:
    seconds = 1.0 if run.full else 0.6
    async with AsyncExitStack() as exits:
        database = await exits.enter_async_context(on_sqlite(folder / "reverie"))
        async with on_sqlite(folder / "separate"), on_sqlite(folder / "orm"):
            pass  # their journal mode is part of the file
        plain = await exits.enter_async_context(separate(folder / "separate" / "reverie.db"))
        mapped = await exits.enter_async_context(orm(folder / "orm" / "reverie.db"))
        recording, empty = await recorded(folder, waiting=waiting, seconds=seconds)

        async def bare() -> dict[str, float]:
            return dict(await asyncio.to_thread(recording.replay, empty))

        loops = {OURS: grouped(database), _SEPARATE: plain, _ORM: mapped}
        if run.control:
            loops[CONTROL] = grouped(database, slowed(CONTROL_S))
        for side in loops.values():
            await closed_loop(side, waiting=waiting, seconds=0.1)
        sides: dict[str, Measure] = {
            name: partial(closed_loop, side, waiting=waiting, seconds=seconds) for name, side in loops.items()
        }
        found = await in_turn({**sides, _BARE: bare}, run.rounds)
    title = f"durable accepts a second, {waiting} waiting, SQLite"
    goals = _GOALS if waiting == WAITING[-1] else ()
    figures = {"rate": Figure(title=title, unit="/s", better=Better.MORE, goals=goals)}
    return compared(found, figures, limits={_BARE})


async def _slow_disk(run: Run, folder: Path, delay: float, most: float) -> list[Comparison]:
    seconds = 2.0
    async with on_sqlite(folder / "reverie") as database, on_sqlite(folder / "separate"):

        async def wait() -> None:
            await asyncio.sleep(delay)

        async with separate(folder / "separate" / "reverie.db", wait) as plain:
            sides = {OURS: grouped(database, slowed(delay)), _SEPARATE: plain}
            if run.control:
                sides[CONTROL] = grouped(database, slowed(delay + CONTROL_S))
            measures: dict[str, Measure] = {
                name: partial(open_loop, side, seed=SEED, seconds=seconds) for name, side in sides.items()
            }
            found = await in_turn(measures, run.rounds)
    title = f"accept p99 at {RATE}/s, every flush {delay * 1000:.0f} ms slower, SQLite"
    return compared(found, {"p99": Figure(title=title, unit="ms", goals=(Goal(plus=most, strict=True),))})


async def _on_postgres(run: Run) -> list[Comparison]:
    waiting, seconds = WAITING[-1], 1.0 if run.full else 0.6
    each = "the same, one transaction each"
    async with on_postgres() as (database, _):
        # An operation of its own shares no transaction, and several run beside each other.
        sides = {
            OURS: grouped(database),
            each: lambda item: database.write(partial(accept), item),
        }
        for side in sides.values():
            await closed_loop(side, waiting=waiting, seconds=0.1)
        measures: dict[str, Measure] = {
            name: partial(closed_loop, side, waiting=waiting, seconds=seconds) for name, side in sides.items()
        }
        found = await in_turn(measures, run.rounds)
    title = f"durable accepts a second, {waiting} waiting, PostgreSQL"
    return compared(found, {"rate": Figure(title=title, unit="/s", better=Better.MORE)})


def grouped(database: Database, operation: Operation[Acceptance, AcceptedCard] = accept) -> Accept:
    """Accept as the bot does: what piled up during the last commit is the next one."""
    return lambda item: database.write(operation, item)


def slowed(delay: float) -> Operation[Acceptance, AcceptedCard]:
    """Accept, with a commit that takes longer: the last act before it is to wait, in SQLite's own thread."""

    async def slowly(tx: Transaction, items: Sequence[Acceptance]) -> Sequence[AcceptedCard | Exception]:
        answers = await accept(tx, items)
        time.sleep(delay)  # noqa: ASYNC251
        return answers

    return slowly
