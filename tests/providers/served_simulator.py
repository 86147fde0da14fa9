"""The simulator as a server of its own, on a real socket; it draws plain pictures and videos."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from bot.simulation.rendering import render_with
from bot.simulation.standalone import standalone_app
from simulator.settings import SimulatorSettings
from tests.media_workers import PlainPool
from tests.simulator.client import served


@asynccontextmanager
async def serving(
    settings: SimulatorSettings, wrapped: Callable[[ASGIApp], ASGIApp] = lambda app: app
) -> AsyncIterator[str]:
    async with (
        PlainPool() as workers,
        standalone_app(settings, render=render_with(workers)) as simulator,
        served(wrapped(simulator)) as url,
    ):
        yield url
