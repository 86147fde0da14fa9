"""A simulator on a real socket, and a caller whose every answer is held against the API's description."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from bot.media.sandbox.pool import SandboxPool
from bot.simulation.rendering import render_with
from bot.simulation.standalone import standalone_app
from bot.tls import tls_context
from bot.web.connections import ConnectionLimits
from simulator.app import wall_clock_ms
from simulator.ports import Fetch, Render
from simulator.settings import SimulatorSettings
from tests.media_workers import PlainPool
from tests.patience import PATIENCE_S, until
from tests.simulator.description import check_answer

KEY = "luma-test-key"
#: photon-1 then takes about 120 ms
FAST = 100.0
#: nothing ends while a test looks on
STILL = 0.001

_API = "/dream-machine/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClient:
    """Somebody with a key."""

    http: httpx.AsyncClient
    #: where the simulator is mounted
    root: str

    @property
    def base_url(self) -> str:
        return self.root + _API

    async def call(self, method: str, path: str, *, key: str = KEY, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return await self.http.request(method, self.base_url + path, headers=headers, **more)

    async def post_image(self, prompt: str, *, key: str = KEY, **fields: Any) -> httpx.Response:
        body = {"prompt": prompt, "model": "photon-1", **fields}
        return await self.call("POST", "/generations/image", key=key, json=body)

    async def create(self, prompt: str, *, key: str = KEY, **fields: Any) -> dict[str, Any]:
        answer = await self.post_image(prompt, key=key, **fields)
        assert answer.status_code == 201, answer.text
        return _object(answer)

    async def get(self, identifier: str, *, key: str = KEY) -> dict[str, Any]:
        answer = await self.call("GET", f"/generations/{identifier}", key=key)
        assert answer.status_code == 200, answer.text
        return _object(answer)

    async def ended(self, identifier: str, *, key: str = KEY) -> dict[str, Any]:
        """Wait until a generation is completed or failed."""

        async def has_ended() -> bool:
            return (await self.get(identifier, key=key))["state"] in ("completed", "failed")

        await until(has_ended)
        return await self.get(identifier, key=key)

    async def page(self, *, key: str = KEY, **query: Any) -> dict[str, Any]:
        answer = await self.call("GET", "/generations", key=key, params=query)
        assert answer.status_code == 200, answer.text
        return _object(answer)

    async def credit(self, *, key: str = KEY) -> float:
        return float(_object(await self.call("GET", "/credits", key=key))["credit_balance"])

    async def control(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.http.request(method, f"{self.root}/control{path}", **more)

    async def fault(self, kind: str, **more: Any) -> None:
        answer = await self.control("POST", "/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text


def _object(answer: httpx.Response) -> dict[str, Any]:
    found = answer.json()
    assert isinstance(found, dict)
    return found


@asynccontextmanager
async def simulator_at(
    folder: Path,
    *,
    prefix: str = "",
    clock_ms: Callable[[], int] = wall_clock_ms,
    fetch: Fetch | None = None,
    render: Render | None = None,
    open_pool: Callable[[], SandboxPool] = PlainPool,
    speed: float = FAST,
    **settings: Any,
) -> AsyncIterator[ApiClient]:
    """Run a simulator whose database lies in `folder`, mounted under `prefix`.

    It draws plain pictures and videos, but with `SharedPool` those that it is made for.
    """
    own = SimulatorSettings(database=folder / "simulator.db", speed=speed, **settings)
    async with (
        open_pool() as workers,
        standalone_app(
            own, clock_ms=clock_ms, fetch=fetch, render=render or render_with(workers)
        ) as simulator,
    ):
        app: ASGIApp = simulator
        if prefix:
            app = Starlette(routes=[Mount(prefix, app=simulator)])
        async with served(app) as url, api_client(url + prefix) as found:
            yield found


@asynccontextmanager
async def api_client(root: str) -> AsyncIterator[ApiClient]:
    hooks = {"response": [_hold_against_description]}
    async with httpx.AsyncClient(
        trust_env=False, verify=tls_context(), timeout=PATIENCE_S, event_hooks=hooks
    ) as http:
        yield ApiClient(http=http, root=root)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=ConnectionLimits().idle_s,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        # Its parts one by one: the loop between them only looks for a reason to stop, ten times a second.
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup([listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await server.shutdown([listener])


async def _hold_against_description(response: httpx.Response) -> None:
    """Fail when an answer is not what the API's own description says."""
    request = response.request
    _, found, path = request.url.path.partition(_API)
    if not found:
        return
    try:
        await response.aread()
        body = response.json()
    except (httpx.HTTPError, ValueError):
        return
    check_answer(request.method, path, response.status_code, body)
