"""Serves a playground over real sockets, with the real core behind it."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from bot.tls import tls_context
from bot.web.gallery import gallery_routes
from bot.web.media import media_routes
from bot.web.security_headers import SecurityHeaders
from tests.patience import PATIENCE_S
from tests.playground.core import Core, open_core


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running playground and the core behind it."""

    url: str
    core: Core
    server: uvicorn.Server

    def client(self, **options: Any) -> httpx.AsyncClient:
        headers = {"Origin": self.url} | options.pop("headers", {})
        return httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            trust_env=False,
            verify=tls_context(),
            timeout=PATIENCE_S,
            **options,
        )


@asynccontextmanager
async def serve(folder: Path | None = None, *, port: int = 0, **settings: Any) -> AsyncIterator[Served]:
    """Open a core in a folder, else in one of its own, and serve its playground until the block ends."""
    with tempfile.TemporaryDirectory() as own:
        async with open_core(folder or Path(own), **settings) as core, serve_core(core, port=port) as served:
            yield served


@asynccontextmanager
async def serve_core(core: Core, *, port: int = 0) -> AsyncIterator[Served]:
    """Serve an open core's playground, on a free port if none is named."""
    services = core.engine.services
    routes = [*core.adapter.routes, *media_routes(services), *gallery_routes(services)]
    app = SecurityHeaders(Starlette(routes=routes), public_url=None)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    server = _Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=1))
    assert core.adapter.receiver is not None
    with listening:
        async with asyncio.TaskGroup() as tasks:
            receiver = tasks.create_task(core.adapter.receiver.run(), name="receiver")
            serving = tasks.create_task(server.serve(sockets=[listening]), name="server")
            await server.ready.wait()
            # The receiver adds the first people.
            await core.engine.until(lambda: _has_people(core))
            try:
                url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                yield Served(url=url, core=core, server=server)
            finally:
                receiver.cancel()
                server.should_exit = True
                async with asyncio.timeout(PATIENCE_S):
                    await serving


async def _has_people(core: Core) -> bool:
    return len(await core.adapter_data.latest("room/person/", limit=2)) == 2


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()
