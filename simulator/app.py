"""The simulator as an ASGI app: assembles routes, database and background loops."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from simulator.agents.files import Files
from simulator.agents.routes import AgentsRoutes
from simulator.api.asset_routes import AssetRoutes
from simulator.api.control_routes import ControlRoutes, Refuse
from simulator.api.http import ErrorMiddleware, render_api_error, render_http_error
from simulator.api.routes import ApiRoutes
from simulator.appypie.routes import AppyPieRoutes
from simulator.errors import ApiError
from simulator.file_store import FileStore
from simulator.generations.callbacks import CallbackSender
from simulator.generations.database import Database
from simulator.generations.faults import FaultRule, Faults
from simulator.generations.generation import Generation
from simulator.generations.references import ReferenceLoader
from simulator.generations.renderer import Renderer
from simulator.generations.repository import Repository
from simulator.ports import Fetch, Post, Render
from simulator.settings import SimulatorSettings


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Simulator:
    """The Dream Machine API, served by `app` while this context is entered.

    `fetch` reads references, `render` draws in a worker process, `post` sends callbacks. The control routes
    exist only where `refuse_control` decides who may use them.
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
        faults: Sequence[FaultRule] = (),
    ) -> None:
        """`faults` replace those that the database still holds, where there are any."""
        self._database = Database(settings.database)
        self._exits = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        repository, self._faults = Repository(self._database), Faults(self._database)
        self._ordered = faults
        files = FileStore(settings.media)
        renderer = Renderer(files=files, settings=settings, render=render)
        self._callbacks = CallbackSender(
            repository=repository, settings=settings, post=post, clock_ms=clock_ms
        )
        self._references = ReferenceLoader(
            repository=repository,
            renderer=renderer,
            files=files,
            fetch=fetch,
            render=render,
            settings=settings,
            clock_ms=clock_ms,
            on_change=self._callbacks.wake,
        )
        api = ApiRoutes(
            database=self._database,
            repository=repository,
            faults=self._faults,
            files=files,
            renderer=renderer,
            settings=settings,
            clock_ms=clock_ms,
            on_created=self._start,
        )
        assets = AssetRoutes(repository=repository, faults=self._faults, renderer=renderer, clock_ms=clock_ms)
        appypie = AppyPieRoutes(
            database=self._database,
            repository=repository,
            faults=self._faults,
            settings=settings,
            clock_ms=clock_ms,
            on_created=self._start,
        )
        agents = AgentsRoutes(
            database=self._database,
            repository=repository,
            faults=self._faults,
            files=Files(self._database, files, speed=settings.speed),
            settings=settings,
            clock_ms=clock_ms,
            on_created=self._start,
        )
        routes = [*api.routes(), *assets.routes(), *appypie.routes(), *agents.routes()]
        if refuse_control is not None:
            control = ControlRoutes(
                repository=repository,
                faults=self._faults,
                settings=settings,
                clock_ms=clock_ms,
                refuse=refuse_control,
            )
            routes += control.routes()
        self.app = Starlette(
            routes=routes,
            middleware=[Middleware(ErrorMiddleware)],
            exception_handlers={ApiError: render_api_error, HTTPException: render_http_error},
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            await exits.enter_async_context(self._database)
            if self._ordered:
                await self._faults.clear()
            for rule in self._ordered:
                await self._faults.add(rule)
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
        # Unfinished work is in the database and continues after the next start.
        for task in self._tasks:
            task.cancel()
        return await self._exits.__aexit__(kind, error, trace)

    def _start(self, generation: Generation) -> None:
        """Start the background work of a new generation."""
        if generation.awaits_references:
            self._references.wake()
        if generation.announce_at is not None:
            self._callbacks.wake()
