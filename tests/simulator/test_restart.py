"""The simulator alone in a process of its own: killed, stopped and started again."""

import asyncio
import signal
import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.simulation.standalone import serve
from simulator.settings import SimulatorSettings
from tests.patience import PATIENCE_S, until
from tests.simulator.client import served
from tests.simulator.process import alone


async def test_everything_survives_a_kill_in_the_middle(tmp_path: Path) -> None:
    """Killed during creates: every create that was answered is there afterwards, each charged once."""
    answered: list[str] = []

    async with alone(tmp_path, speed=0.001) as (process, client):

        async def create_until_killed() -> None:
            with suppress(httpx.TransportError):
                while True:
                    answered.append((await client.create(f"number {len(answered)}"))["id"])
                    if len(answered) == 9:
                        await process.kill()

        await asyncio.gather(*(create_until_killed() for _ in range(3)))
    async with alone(tmp_path, speed=0.001) as (_, client):
        listed = (await client.page())["generations"]
        assert set(answered) <= {one["id"] for one in listed}
        assert await client.credit() == (1_000_000_000 - 17_223 * len(listed)) / 10_000
        assert {(await client.get(identifier))["state"] for identifier in answered} == {"queued"}


async def test_a_killed_simulator_goes_on_where_it_was(tmp_path: Path) -> None:
    """A reference that had not come, a callback that had not been made: both happen after the restart."""
    heard: list[str] = []
    asked, open_now, told = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hear(request: Request) -> Response:
        heard.append((await request.json())["state"])
        if heard[-1] == "failed":
            told.set()
        return Response()

    async def withhold(_: Request) -> Response:
        asked.set()
        await open_now.wait()
        return Response(status_code=404)

    routes = [Route("/hook", hear, methods=["POST"]), Route("/picture.png", withhold)]
    async with served(Starlette(routes=routes)) as url:
        async with alone(tmp_path, speed=100) as (process, client):
            created = await client.create(
                "interrupted", image_ref=[{"url": f"{url}/picture.png"}], callback_url=f"{url}/hook"
            )
            async with asyncio.timeout(PATIENCE_S):
                await asked.wait()
            await process.kill()
        open_now.set()
        async with alone(tmp_path, speed=100) as (_, client):
            ended = await client.ended(created["id"])
            assert ended["failure_reason"] == "Failed to read user input frames"
            async with asyncio.timeout(PATIENCE_S):
                await told.wait()
            assert heard[-1] == "failed"
            assert await client.credit() == 100_000.0


async def test_a_picture_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async with alone(tmp_path, speed=100) as (_, client):
        done = await client.ended((await client.create("a lasting work", format="png"))["id"])
        path = f"/assets/{done['id']}/image.png"
        before = (await client.http.get(client.root + path)).content
    for file in (tmp_path / "own.db.media").rglob("*.png"):
        file.unlink()
    async with alone(tmp_path, speed=100) as (_, client):
        assert (await client.http.get(client.root + path)).content == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_cleanly_even_while_somebody_waits(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with alone(tmp_path, speed=0.001) as (process, client), asyncio.TaskGroup() as group:
        waiting = group.create_task(client.post_image("a long wait", sync=True))

        async def waits() -> bool:
            return bool((await client.page())["generations"])

        await until(waits)
        assert await process.stop(number) == 0
        waiting.cancel()


async def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    settings = SimulatorSettings(database=tmp_path / "never.db")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        await serve(settings, host="127.0.0.1", port=taken.getsockname()[1])
    assert not settings.database.exists()
