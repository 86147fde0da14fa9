"""The simulator put together."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from simulator.api.answers import Problem, show_http_error, show_problem
from simulator.api.api import Api
from simulator.api.archive import Archive
from simulator.api.assets import Assets
from simulator.api.atelier import Atelier
from simulator.api.callbacks import Callbacks
from simulator.api.control import Control, Refuse
from simulator.api.database import Database
from simulator.api.failsafe import Failsafe
from simulator.api.faults import Faults
from simulator.api.generations import Generation
from simulator.api.ports import Fetch, Post, Render
from simulator.api.references import References
from simulator.api.settings import SimulatorSettings
from simulator.shelf import Shelf


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Simulator:
    """The Dream Machine API as an ASGI app, to be served while it is entered.

    `fetch` reads references, `render` draws, `post` calls back. The routes that order faults and show
    everybody's generations exist only where `refuse_control` decides who may use them.
    """

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        fetch: Fetch,
        render: Render,
        post: Post,
        clock_ms: Callable[[], int] = wall_clock_ms,
        refuse_control: Refuse | None = None,
    ) -> None:
        self._database = Database(settings.database)
        self._exits = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        archive, faults, shelf = Archive(self._database), Faults(self._database), Shelf(settings.media)
        atelier = Atelier(shelf=shelf, settings=settings, render=render)
        self._callbacks = Callbacks(archive=archive, settings=settings, post=post, clock_ms=clock_ms)
        self._references = References(
            archive=archive,
            atelier=atelier,
            shelf=shelf,
            fetch=fetch,
            render=render,
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
        routes = [*api.routes(), *assets.routes()]
        if refuse_control is not None:
            control = Control(
                archive=archive, faults=faults, settings=settings, clock_ms=clock_ms, refuse=refuse_control
            )
            routes += control.routes()
        self.app = Starlette(
            routes=routes,
            middleware=[Middleware(Failsafe)],
            exception_handlers={Problem: show_problem, HTTPException: show_http_error},
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            await exits.enter_async_context(self._database)
            group = await exits.enter_async_context(asyncio.TaskGroup())
            self._tasks = [
                group.create_task(self._callbacks.run(), name="simulator callbacks"),
                group.create_task(self._references.run(), name="simulator references"),
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
