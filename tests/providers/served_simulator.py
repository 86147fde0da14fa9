"""The simulator as a server of its own, on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from bot.simulation.standalone import standalone_app
from simulator.settings import SimulatorSettings


@asynccontextmanager
async def serving(
    settings: SimulatorSettings, wrapped: Callable[[ASGIApp], ASGIApp] = lambda app: app
) -> AsyncIterator[str]:
    async with standalone_app(settings) as simulator, asyncio.TaskGroup() as group:
        app = wrapped(simulator)
        server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", ws="none", log_config=None))
        running = group.create_task(server.serve(), name="simulator")
        while not server.started:
            assert not running.done()
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
