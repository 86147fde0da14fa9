"""The simulator inside the bot. It has no address: nothing outside of this process can reach it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.media.download.fetcher import Fetcher
from bot.media.sandbox.pool import SandboxPool
from bot.simulation.rendering import fetch_with, render_with, run_simulator
from bot.simulation.transport import OWN_ORIGIN, SIMULATOR_ORIGIN, InProcessTransport
from simulator.app import Simulator
from simulator.errors import FileUnavailable
from simulator.ports import Fetch
from simulator.settings import SimulatorSettings

_CALLBACKS, _MEDIA, _ASSETS = "/callbacks/", "/media/", "/assets/"


class BuiltInSimulator:
    """Runs the simulator for the bot; its callbacks and its reads of our media go to our own routes."""

    def __init__(self, settings: SimulatorSettings, *, workers: SandboxPool, public_url: str | None) -> None:
        """`public_url` is another base URL of our own media."""
        self._database = settings.database
        self._simulator = Simulator(
            settings, fetch=self._fetch, render=render_with(workers), post=self._call_back
        )
        self.transport = InProcessTransport(self._simulator.app)
        self._own_bases = (OWN_ORIGIN, public_url) if public_url else (OWN_ORIGIN,)
        self._own: httpx.AsyncClient
        self._read: Fetch

    @asynccontextmanager
    async def running(self, fetcher: Fetcher, routes: Sequence[BaseRoute]) -> AsyncIterator[None]:
        """Run it; of the bot it can reach these `routes` only: callbacks and media."""
        self._read = fetch_with(fetcher)
        own = InProcessTransport(Starlette(routes=routes))
        async with (
            httpx.AsyncClient(transport=own, base_url=OWN_ORIGIN) as self._own,
            run_simulator(self._simulator, self._database),
        ):
            try:
                yield
            finally:
                await self.transport.aclose()

    async def _fetch(self, url: str) -> bytes:
        if (path := self._own_path(url)) is not None:
            # Not redirected: a bucket may be where only this process reaches it.
            return _content(await self._own.get(path, params={"download": ""}))
        if url.startswith(f"{SIMULATOR_ORIGIN}{_ASSETS}"):
            response = await self.transport.handle_async_request(httpx.Request("GET", url))
            await response.aread()
            return _content(response)
        return await self._read(url)

    def _own_path(self, url: str) -> str | None:
        bases = (base for base in self._own_bases if url.startswith(f"{base}{_MEDIA}"))
        base = next(bases, None)
        return None if base is None else url.removeprefix(base)

    async def _call_back(self, url: str, body: bytes) -> int:
        """Post a callback to our own route, whatever host its URL has: only the token matters."""
        _, found, token = urlsplit(url).path.rpartition(_CALLBACKS)
        if not found:
            return HTTPStatus.NOT_FOUND
        response = await self._own.post(
            f"{_CALLBACKS}{token}", content=body, headers={"Content-Type": "application/json"}
        )
        return response.status_code


def _content(response: httpx.Response) -> bytes:
    if response.status_code != HTTPStatus.OK:
        raise FileUnavailable(f"answered {response.status_code}")
    return response.content
