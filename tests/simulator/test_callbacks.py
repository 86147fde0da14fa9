"""CallbackSender of the simulator: the whole generation, in order, repeated until somebody says 200."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.generations.callbacks import CallbackSender
from simulator.generations.database import Database
from simulator.generations.generation import Generation
from simulator.generations.repository import Repository
from simulator.settings import SimulatorSettings
from tests.patience import PATIENCE_S
from tests.simulator.client import served, simulator_at

#: in place of a status: no answer at all
NEVER = 0


@dataclass
class Receiver:
    """Somebody who is called back, and answers what it was told to."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def states(self) -> list[str]:
        return [generation["state"] for generation in self.heard]

    async def hear(self, request: Request) -> Response:
        assert "authorization" not in request.headers
        async with self.news:
            self.heard.append(json.loads(await request.body()))
            self.times.append(asyncio.get_running_loop().time())
            self.news.notify_all()
        status = self.answers.pop(0) if self.answers else 200
        if status == NEVER:
            await asyncio.Event().wait()
        return Response(status_code=status, headers={"Location": "/elsewhere"})

    async def until(self, states: Sequence[str]) -> None:
        async with asyncio.timeout(PATIENCE_S), self.news:
            await self.news.wait_for(lambda: len(self.heard) >= len(states))
        assert self.states == list(states)


@asynccontextmanager
async def _receiver(answers: Sequence[int] = ()) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=list(answers))
    app = Starlette(routes=[Route("/hook", receiver.hear, methods=["POST"])])
    async with served(app) as url:
        receiver.url = f"{url}/hook"
        yield receiver


async def test_it_tells_of_dreaming_and_of_the_end(tmp_path: Path) -> None:
    async with _receiver() as receiver, simulator_at(tmp_path) as caller:
        created = await caller.create("call me back", callback_url=receiver.url)
        await receiver.until(["dreaming", "completed"])
        assert receiver.heard[-1] == await caller.get(created["id"])
        assert receiver.heard[-1]["request"]["callback_url"] == receiver.url


async def test_it_tells_why_a_generation_failed(tmp_path: Path) -> None:
    async with _receiver() as receiver, simulator_at(tmp_path) as caller:
        await caller.create("call me back #fail", callback_url=receiver.url)
        await receiver.until(["dreaming", "failed"])
        assert receiver.heard[-1]["failure_reason"] == "Job failed"


async def test_anything_but_200_is_repeated_three_times_at_most(tmp_path: Path) -> None:
    """A 201, a redirect and errors all count as not heard; after four posts the end is told."""
    answers = [500, 201, 302, 404, 500, 200]
    async with _receiver(answers) as receiver, simulator_at(tmp_path, callback_retry_ms=1) as caller:
        await caller.create("hard of hearing", callback_url=receiver.url)
        await receiver.until(["dreaming"] * 4 + ["completed"] * 2)


async def test_repeats_keep_their_distance(tmp_path: Path) -> None:
    async with _receiver([500, 500]) as receiver, simulator_at(tmp_path) as caller:
        await caller.create("not so fast", callback_url=receiver.url)
        await receiver.until(["dreaming"] * 3 + ["completed"])
        assert receiver.times[2] - receiver.times[0] >= 0.2


async def test_a_receiver_that_hangs_is_given_up_and_asked_again(tmp_path: Path) -> None:
    async with _receiver([NEVER, 200]) as receiver, simulator_at(tmp_path, callback_timeout_s=0.2) as caller:
        await caller.create("are you there?", callback_url=receiver.url)
        await receiver.until(["dreaming", "dreaming", "completed"])


async def test_receivers_that_are_gone_hold_nothing_up(tmp_path: Path) -> None:
    async with (
        _receiver() as receiver,
        simulator_at(tmp_path, callback_retry_ms=1) as caller,
    ):
        hole = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        async with hole:
            port = hole.sockets[0].getsockname()[1]
            for url in (f"http://127.0.0.1:{port}/", "http://127.0.0.1:1/", "http://nowhere.invalid/"):
                await caller.create("nobody home", callback_url=url)
            await caller.create("somebody home", callback_url=receiver.url)
            await receiver.until(["dreaming", "completed"])


async def test_a_receiver_that_dies_while_it_is_reached_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is reset at once leaves the HTTP client without its socket."""
    resets = [AttributeError("'NoneType' object has no attribute 'getpeername'")]
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def reset_once(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/hook" and resets:
            raise resets.pop()
        return await send(transport, request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", reset_once)
    async with _receiver() as receiver, simulator_at(tmp_path) as caller:
        await caller.create("call me back", callback_url=receiver.url)
        await receiver.until(["dreaming", "completed"])
        assert resets == []


async def test_a_deleted_generation_is_not_told_of(tmp_path: Path) -> None:
    at = [1_000_000]
    async with _receiver() as receiver, simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        gone = await caller.create("never mind", callback_url=receiver.url)
        kept = await caller.create("do mind", callback_url=receiver.url)
        await caller.call("DELETE", f"/generations/{gone['id']}")
        at[0] += 20_000
        await receiver.until(["dreaming", "completed"])
        assert {one["id"] for one in receiver.heard} == {kept["id"]}


async def test_what_fell_due_while_it_was_down_is_told_after_the_start(tmp_path: Path) -> None:
    at = [1_000_000]
    async with _receiver() as receiver:
        async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
            await caller.create("remember me", callback_url=receiver.url)
        at[0] += 20_000
        async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1):
            await receiver.until(["dreaming", "completed"])
        async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
            await caller.create("and me", callback_url=receiver.url)
            at[0] += 20_000
            await receiver.until(["dreaming", "completed"] * 2)


async def test_a_callback_that_ends_while_the_due_ones_are_read_is_sent_once(tmp_path: Path) -> None:
    at = 1_000_000
    async with simulator_at(tmp_path, clock_ms=lambda: at, speed=1) as caller:
        await caller.create("once", callback_url="http://receiver.example/hook")
    is_reading, is_recorded, is_over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    sent: list[str] = []

    class StaleRepository(Repository):
        """Returns what it has read only after the callback that is being sent was recorded."""

        async def callbacks_due(self, until: int, limit: int) -> list[Generation]:
            found = await super().callbacks_due(until, limit)
            if sent and not is_recorded.is_set():
                is_reading.set()
                await is_recorded.wait()
            return found

        async def callback_sent(self, identifier: str, state: str, *, last: bool) -> None:
            await super().callback_sent(identifier, state, last=last)
            is_recorded.set()

    async def post(_: str, body: bytes) -> int:
        sent.append(json.loads(body)["state"])
        if sent[-1] == "completed":
            is_over.set()
        sender.wake()
        await is_reading.wait()
        return 200

    async with asyncio.timeout(PATIENCE_S), Database(tmp_path / "simulator.db") as database:
        sender = CallbackSender(
            repository=StaleRepository(database),
            settings=SimulatorSettings(database=tmp_path / "simulator.db"),
            post=post,
            clock_ms=lambda: at + 20_000,
        )
        sending = asyncio.create_task(sender.run())
        await is_over.wait()
        sending.cancel()
    assert ["dreaming", "completed"] == sent
