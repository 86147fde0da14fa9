"""The simulator put together."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from bot.media.workers import Workers
from bot.providers.simulator.answers import Problem, show_http_error, show_problem
from bot.providers.simulator.api import Api
from bot.providers.simulator.archive import Archive
from bot.providers.simulator.assets import Assets
from bot.providers.simulator.atelier import Atelier
from bot.providers.simulator.callbacks import Callbacks
from bot.providers.simulator.control import Control
from bot.providers.simulator.database import Database
from bot.providers.simulator.faults import Faults
from bot.providers.simulator.generations import Generation
from bot.providers.simulator.references import Fetch, References, near_fetcher, reading
from bot.providers.simulator.settings import SimulatorSettings
from bot.providers.simulator.shelf import Shelf
from bot.trust import tls_context

#: a proxy of the environment knows nothing of this machine
_DIRECT = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Simulator:
    """The Dream Machine API as a Starlette app, to be mounted anywhere while it is entered.

    `workers` make the pictures and films and belong to the caller when given; `fetch` reads references.
    """

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        clock_ms: Callable[[], int] = wall_clock_ms,
        workers: Workers | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self._database = Database(settings.database)
        self._own_workers = Workers() if workers is None else None
        self._workers = workers or self._own_workers or Workers()
        self._fetch = fetch
        self._exits = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        archive, faults, shelf = Archive(self._database), Faults(self._database), Shelf(settings.media)
        atelier = Atelier(shelf=shelf, settings=settings, workers=self._workers)
        self._callbacks = Callbacks(archive=archive, settings=settings, clock_ms=clock_ms)
        self._references = References(
            archive=archive,
            atelier=atelier,
            shelf=shelf,
            settings=settings,
            clock_ms=clock_ms,
            settled=self._callbacks.wake,
        )
        api = Api(
            database=self._database,
            archive=archive,
            faults=faults,
            shelf=shelf,
            settings=settings,
            clock_ms=clock_ms,
            created=self._begin,
        )
        assets = Assets(archive=archive, faults=faults, atelier=atelier, clock_ms=clock_ms)
        control = Control(archive=archive, faults=faults, settings=settings, clock_ms=clock_ms)
        self.app = Starlette(
            routes=[*api.routes(), *assets.routes(), *control.routes()],
            exception_handlers={Problem: show_problem, HTTPException: show_http_error},
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            await exits.enter_async_context(self._database)
            client = await exits.enter_async_context(
                httpx.AsyncClient(mounts=_DIRECT, verify=tls_context(), timeout=None)  # noqa: S113 - each use limits the whole exchange
            )
            if self._own_workers is not None:
                await exits.enter_async_context(self._own_workers)
            fetch = self._fetch or reading(await exits.enter_async_context(near_fetcher()))
            group = await exits.enter_async_context(asyncio.TaskGroup())
            self._tasks = [
                group.create_task(self._callbacks.run(client), name="simulator callbacks"),
                group.create_task(self._references.run(fetch, self._workers), name="simulator references"),
            ]
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        # What they were doing is in the database and goes on after the next start.
        for task in self._tasks:
            task.cancel()
        return await self._exits.__aexit__(kind, error, trace)

    def _begin(self, generation: Generation) -> None:
        if generation.awaits_references:
            self._references.wake()
        if generation.announce_at is not None:
            self._callbacks.wake()
