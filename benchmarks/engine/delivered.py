"""How many jobs a second one process takes from the command to its message, where nobody outside needs time.

The provider makes a picture at once and calls back, the file lies ready, the chat shows it at once. What is
left is the work of the bot itself: rules and price, a queue, a claim, a callback that is checked, the file in
its storage, the charge, a revision of the card, and every step durable.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import orjson

from benchmarks.engine.job_queue import Steps, job_queue
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
from benchmarks.results.process import work
from benchmarks.results.run import Run
from benchmarks.store.load import on_postgres
from bot.domain.cards.card import CardView
from bot.domain.generations.requests import AnyRequest, ImageRequest
from bot.domain.identity import Place
from bot.ports import Publisher
from bot.providers.base import Generation, Inputs, Page
from bot.service.plugin import Adapter
from bot.store.database.connect import connect
from bot.store.database.migrate import migrate
from bot.timing import Timing
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine, open_engine
from tests.engine.settings import person

#: jobs of each round, and how many commands wait for their answer at once
QUICK, FULL, WAITING = 200, 500, 100
MEMBERS, WORKSPACES = 50, 10
_PATIENCE_S = 300.0
WITHOUT_LIMITS: dict[str, Any] = {
    "commands_per_minute": 1_000_000,
    "commands_burst": 100_000,
    "waiting_per_member": 1_000_000,
    "waiting_per_workspace": 1_000_000,
    "default_allowance": "100000",
    "default_ceiling": "1000000",
}

Receive = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class InstantProvider(FakeProvider):
    """Makes a picture at once, and calls back."""

    def __init__(self, clock: Clock, concurrent: int = 1_000_000) -> None:
        super().__init__(clock, concurrent=concurrent, per_minute=10_000_000)
        #: receives callbacks; set once the bot runs
        self.app: Receive | None = None
        self._called: set[asyncio.Task[None]] = set()

    async def submit(
        self, request: AnyRequest, *, media: Inputs, callback_url: str | None, end_user: str = ""
    ) -> Generation:
        made = await super().submit(request, media=media, callback_url=callback_url, end_user=end_user)
        if callback_url is not None:
            task = asyncio.create_task(self._call(urlsplit(callback_url).path, made.id))
            self._called.add(task)
            task.add_done_callback(self._called.discard)
        return made

    async def page(self, *, limit: int, offset: int) -> Page:  # noqa: ARG002 - nothing is looked for there
        return Page(generations=[], has_more=False, is_complete=True)

    async def _call(self, path: str, generation: str) -> None:
        """Post a callback as the web server would hand it over."""
        assert self.app is not None
        body = orjson.dumps({"id": generation, "state": "completed"})
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(_: object) -> None:
            return

        await self.app(scope, receive, send)


class InstantChat:
    """Shows every card at once, and counts those whose job has ended."""

    dedupe_ms = 60_000

    def __init__(self, work_s: float = 0.0) -> None:
        #: cards whose result was shown
        self.ended: set[str] = set()
        #: the control's addition to each of them
        self._work_s = work_s
        self._changed = asyncio.Event()

    async def show(self, view: CardView, place: Place) -> str:
        if view.settled:
            work(self._work_s)
            self.ended.add(view.card)
            self._changed.set()
        return place.message or f"message of {view.card}"

    async def shown(self, many: int) -> None:
        """Wait until so many cards have shown their result."""
        async with asyncio.timeout(_PATIENCE_S):
            while len(self.ended) < many:
                self._changed.clear()
                await self._changed.wait()

    def layout_variant(self, place: Place) -> str:  # noqa: ARG002 - one for all places
        return ""

    async def find_message(self, card: str, place: Place) -> str | None:  # noqa: ARG002 - none was lost
        return None

    async def remove(self, place: Place) -> None:
        """Keep it."""

    async def post_notice(self, text: str, place: Place) -> None:
        """Tell nobody."""


@asynccontextmanager
async def engine(
    folder: Path,
    url: str,
    work_s: float = 0.0,
    start: Sequence[str] | None = (),
    *,
    concurrent: int = 1_000_000,
    owner: str = "engine",
    clock: Clock | None = None,
) -> AsyncIterator[tuple[Engine, InstantChat]]:
    """The bot's engine with the times of production and all its loops, or none where `start` is None."""
    clock, chat = clock or Clock(), InstantChat(work_s)
    provider = InstantProvider(clock, concurrent)
    publisher: Publisher = chat
    async with open_engine(
        folder,
        url,
        providers=[provider],
        clock=clock,
        times=Timing().model_dump(),
        start=start,
        owner=owner,
        make_adapter=lambda *_: Adapter(name="chat", publisher=publisher),
        **WITHOUT_LIMITS,
    ) as opened:
        provider.app = opened.app
        yield opened, chat


async def _reverie(new_url: Callable[[], Awaitable[str]], jobs: int, work_s: float = 0.0) -> dict[str, float]:
    with TemporaryDirectory(prefix="reverie-") as folder:
        async with engine(Path(folder), await new_url(), work_s) as (bot, chat):
            numbers = iter(range(jobs))

            async def ask() -> None:
                for number in numbers:
                    workspace = f"chat:{number % WORKSPACES}"
                    await bot.ask(by=person(f"m{number % MEMBERS}", workspace=workspace))

            return await _measured(jobs, [ask() for _ in range(WAITING)], chat.shown(jobs))


async def _queued(new_url: Callable[[], Awaitable[str]], jobs: int) -> dict[str, float]:
    with TemporaryDirectory(prefix="reverie-") as folder:
        # The provider and the storage are the very same ones.
        async with engine(Path(folder), "", start=None) as (bot, _):
            shown, all_shown, numbers = count(1), asyncio.Event(), iter(range(jobs))

            async def submit(request: ImageRequest) -> tuple[str, str]:
                made = await bot.provider.submit(request, media={}, callback_url=None)
                return made.asset_url or "", made.id

            async def store(address: str) -> str:
                media = await bot.library.fetch_and_store(address, max_bytes=1_000_000, timeout_s=60)
                return media.file

            async def show(job: str, file: str) -> str:
                if next(shown) == jobs:
                    all_shown.set()
                return f"message of {job} with {file}"

            steps = Steps(submit=submit, store=store, show=show)
            async with job_queue(await new_url(), steps, concurrency=WAITING) as accept:

                async def ask() -> None:
                    for number in numbers:
                        await accept(f"job {number}")

                return await _measured(jobs, [ask() for _ in range(WAITING)], all_shown.wait())


async def _measured(jobs: int, asking: list[Awaitable[None]], shown: Awaitable[object]) -> dict[str, float]:
    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*asking, shown)
    took, busy = time.perf_counter() - began, time.process_time() - worked
    return {"rate": jobs / took, "work_ms": busy * 1000 / jobs}


_ON_POSTGRES, _QUEUE = "Reverie on PostgreSQL", "procrastinate"
_NOTE = (
    "procrastinate keeps neither prices nor limits nor the events of a job, shows no card before the result"
    " and waits for no callback. Both store the picture by the same code, with its flushes. The processor"
    " time of PostgreSQL's server is not counted."
)
_FIGURES = {
    "rate": Figure(
        title="jobs a second, accepted to delivered",
        unit="/s",
        better=Better.MORE,
        goals=(Goal(against=_QUEUE, factor=10),),
    ),
    "work_ms": Figure(title="processor time for each of them", unit="ms"),
}


async def compare(run: Run) -> list[Comparison]:
    jobs = FULL if run.full else QUICK
    async with on_postgres() as (_, server):

        async def on_file() -> str:
            return ""

        new_database = partial(_new_database, server, count(1))
        sides: dict[str, Measure] = {
            OURS: lambda: _reverie(on_file, jobs),
            _ON_POSTGRES: lambda: _reverie(partial(_migrated, new_database), jobs),
            _QUEUE: lambda: _queued(new_database, jobs),
        }
        if run.control:
            sides[CONTROL] = lambda: _reverie(on_file, jobs, CONTROL_S)
        return compared(await in_turn(sides, run.rounds), _FIGURES, note=_NOTE)


async def _migrated(new_database: Callable[[], Awaitable[str]]) -> str:
    """A database of its own with our tables."""
    url = await new_database()
    async with connect(url) as database:
        await migrate(database)
    return url


async def _new_database(server: str, numbers: "count[int]") -> str:
    name = f"round_{next(numbers)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlsplit(server)._replace(path=f"/{name}").geturl()
