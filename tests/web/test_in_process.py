"""The way into the built-in simulator and back, without a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.errors import OutcomeUnknown, ReverieError
from bot.domain.generations.requests import ImageRequest
from bot.media.download.fetcher import Fetcher
from bot.media.sandbox.pool import SandboxPool
from bot.providers.luma import LumaProvider
from bot.simulation.builtin import BuiltInSimulator
from bot.simulation.transport import API_URL, OWN_ORIGIN, InProcessTransport
from simulator.api.http import DroppedConnection
from simulator.settings import SimulatorSettings
from tests.patience import PATIENCE_S, until
from tests.simulator.client import served

FOX = ImageRequest(prompt="a fox in the snow")


def provider_over(transport: httpx.AsyncBaseTransport, *, timeout: float = PATIENCE_S) -> LumaProvider:
    return LumaProvider(
        api_key=SecretStr("simulator"),
        account="one",
        base_url=API_URL,
        name="simulator",
        transport=transport,
        timeout=timeout,
    )


@asynccontextmanager
async def simulation(folder: Path, told: list[str]) -> AsyncIterator[LumaProvider]:
    async def hear(request: Request) -> Response:
        told.append(request.path_params["token"])
        return Response()

    settings = SimulatorSettings(database=folder / "simulator.db", speed=1_000, callback_retries=0)
    routes = [Route("/callbacks/{token}", hear, methods=["POST"])]
    async with SandboxPool() as workers, Fetcher() as fetcher:
        built_in = BuiltInSimulator(settings, workers=workers, public_url=None)
        async with built_in.running(fetcher, routes):
            provider = provider_over(built_in.transport)
            yield provider
            await provider.close()


async def test_callbacks_go_to_our_own_route_whatever_host_they_name(tmp_path: Path) -> None:
    """The attempt's token is any URL that is echoed; none of them leaves the process."""
    told: list[str] = []
    asked: list[str] = []

    async def hear(request: Request) -> Response:
        asked.append(request.url.path)
        return Response()

    elsewhere = Starlette(routes=[Route("/{path:path}", hear, methods=["POST"])])
    async with served(elsewhere) as url, simulation(tmp_path, told) as provider:
        targets = [f"{url}/hook", f"{url}/callbacks/near", f"{OWN_ORIGIN}/callbacks/own"]
        for target in targets:
            made = await provider.submit(FOX, media={}, callback_url=target)
            assert target == (await provider.get(made.id)).callback_url
        await until(lambda: told.count("own") == told.count("near") == 2)
    assert [] == asked
    assert {"own", "near"} == set(told)


async def test_a_caller_that_gives_up_leaves_the_request_going_on() -> None:
    """As over a socket: the create is made, and its caller must not believe that it was never sent."""
    begun, go_on, made = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def create(_: Request) -> Response:
        begun.set()
        await go_on.wait()
        made.set()
        return Response(status_code=201)

    path = httpx.URL(API_URL).path + "/generations/image"
    transport = InProcessTransport(Starlette(routes=[Route(path, create, methods=["POST"])]))
    provider = provider_over(transport, timeout=0.05)
    with pytest.raises(OutcomeUnknown):
        await provider.submit(FOX, media={}, callback_url=None)
    assert begun.is_set()
    go_on.set()
    async with asyncio.timeout(PATIENCE_S):
        await made.wait()
    await provider.close()


async def test_a_lost_answer_is_in_doubt() -> None:
    async def create(_: Request) -> Response:
        return DroppedConnection()

    path = httpx.URL(API_URL).path + "/generations/image"
    provider = provider_over(InProcessTransport(Starlette(routes=[Route(path, create, methods=["POST"])])))
    with pytest.raises(OutcomeUnknown):
        await provider.submit(FOX, media={}, callback_url=None)
    await provider.close()


@pytest.mark.parametrize("gives_up", [True, False])
async def test_nothing_goes_on_after_it_is_closed(gives_up: bool) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait(_: Request) -> Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return Response()

    transport = InProcessTransport(Starlette(routes=[Route("/", wait)]))
    async with asyncio.timeout(PATIENCE_S):
        request = httpx.Request("GET", "http://simulator.invalid/")
        asking = asyncio.create_task(transport.handle_async_request(request))
        await begun.wait()
        if gives_up:
            asking.cancel()
        await transport.aclose()
        if not gives_up:
            with pytest.raises(httpx.ReadError):
                await asking
    assert ended.is_set()


async def test_a_file_that_is_no_database_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "simulator.db").write_bytes(b"no database" * 100)
    with pytest.raises(ReverieError, match=r"simulator\.db cannot be opened .* move it away"):
        async with simulation(tmp_path, []):
            pass
