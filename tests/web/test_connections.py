"""Clients that are slow, silent or many take nothing from the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from uvicorn.config import Config
from uvicorn.server import ServerState

from bot.providers.http.client import IDLE_S
from bot.web.connections import ConnectionLimits, bounded_protocol
from bot.web.server import Server, listen
from tests.patience import PATIENCE_S

QUICK = ConnectionLimits(headers_s=0.2, body_window_s=0.2, body_rate=5_000, stalled_s=0.2, idle_s=1)
HOST = b"Host: bot.test\r\n"


class Bot:
    """A server whose requests tell what became of them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.read = asyncio.Event()
        self.bodies: list[int] = []
        self.ended = asyncio.Event()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def small(self, _: Request) -> Response:
        return PlainTextResponse("small")

    async def take(self, request: Request) -> Response:
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                self.read.set()
        finally:
            self.ended.set()
        self.bodies.append(size)
        return PlainTextResponse(str(size))

    async def large(self, _: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(1 << 20)
                    await asyncio.sleep(0)
            finally:
                self.ended.set()

        return StreamingResponse(chunks())


@asynccontextmanager
async def serving(limits: ConnectionLimits = QUICK) -> AsyncIterator[Bot]:
    with listen("127.0.0.1", 0) as listener:
        bot = Bot(listener.getsockname()[1])
        app = Starlette(
            routes=[
                Route("/small", bot.small),
                Route("/take", bot.take, methods=["POST"]),
                Route("/large", bot.large),
            ]
        )
        started = asyncio.Event()
        server = Server(app, started=started.set, limits=limits)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(sockets=[listener]))
            await started.wait()
            try:
                yield bot
            finally:
                server.should_exit = True
                await asyncio.wait([serving])


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Everything that still comes, until the other side closes."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b"reset"


@pytest.mark.parametrize("begun", [b"", b"GET /small HTTP/1.1\r\n", b"GET /small HTTP/1.1\r\nHost: bot"])
async def test_headers_that_do_not_come_end_the_connection(begun: bytes) -> None:
    async with serving() as bot:
        reader, writer = await bot.connect()
        writer.write(begun)
        assert (await rest_of(reader)).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_headers_that_trickle_get_no_more_time_with_every_byte() -> None:
    async with serving() as bot:
        reader, writer = await bot.connect()
        ended = asyncio.create_task(rest_of(reader))
        for byte in b"GET /small HTTP/1.1\r\n" + b"x" * 100_000:
            writer.write(bytes([byte]))
            done, _ = await asyncio.wait([ended], timeout=0.02)
            if done:
                break
        assert (await ended).startswith((b"HTTP/1.1 408 ", b"reset"))
        writer.close()


async def test_a_body_that_trickles_is_cut_and_its_request_ends() -> None:
    async with serving() as bot:
        reader, writer = await bot.connect()
        writer.write(b"POST /take HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\nsome")
        assert (await rest_of(reader)).startswith(b"HTTP/1.1 408 ")
        async with asyncio.timeout(PATIENCE_S):
            await bot.ended.wait()
        assert [] == bot.bodies
        writer.close()


async def test_a_body_that_comes_in_time_is_taken_whole() -> None:
    async with serving() as bot, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"http://127.0.0.1:{bot.port}/take", content=bytes(3_000_000))
        assert "3000000" == answer.text


async def test_a_client_that_reads_nothing_is_disconnected() -> None:
    async with serving() as bot:
        reader, writer = await bot.connect()
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        async with asyncio.timeout(PATIENCE_S):
            await bot.ended.wait()
        writer.close()


async def test_a_connection_between_requests_is_closed_in_the_end() -> None:
    async with serving() as bot:
        reader, writer = await bot.connect()
        writer.write(b"GET /small HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (await rest_of(reader)).endswith(b"small")
        writer.close()


def test_an_unused_connection_is_closed_by_the_client_before_the_server_could() -> None:
    """Load balancers usually keep one for 60 seconds, reverse proxies in front of us up to 120."""
    assert IDLE_S < 60
    assert ConnectionLimits().idle_s > 120


async def test_idle_sockets_leave_others_served_and_are_closed() -> None:
    limits = ConnectionLimits(headers_s=0.5)
    async with serving(limits) as bot, httpx.AsyncClient(trust_env=False) as client:
        idle = [await bot.connect() for _ in range(260)]
        assert "small" == (await client.get(f"http://127.0.0.1:{bot.port}/small")).text
        for reader, writer in idle:
            assert (await rest_of(reader)).startswith(b"HTTP/1.1 408 ")
            writer.close()


async def test_more_connections_than_a_server_takes_are_refused_at_once() -> None:
    async with serving(ConnectionLimits(connections=3)) as bot:
        held = [await bot.connect() for _ in range(3)]
        reader, writer = await bot.connect()
        assert (await rest_of(reader)).startswith(b"HTTP/1.1 503 ")
        writer.close()
        held[0][1].close()
        await held[0][1].wait_closed()
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False) as client:
            while True:
                answer = await client.get(f"http://127.0.0.1:{bot.port}/small")
                if answer.is_success:
                    break
        for _, other in held[1:]:
            other.close()


class Peer(asyncio.Transport):
    """The server's end of a connection from an address."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1), "sockname": ("192.0.2.1", 80)})
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("203.0.113.9", 2),
        ("2a00:db8::1", 2),
        ("127.0.0.1", 5),
        # A proxy in another container, and the host of a container, where its visitors seem to come from.
        ("172.17.0.1", 5),
        ("::ffff:10.0.0.7", 5),
        ("fd00::7", 5),
    ],
)
async def test_an_address_has_so_many_connections_unless_a_proxy_may_stand_there(
    address: str, taken: int
) -> None:
    protocol = bounded_protocol(ConnectionLimits(connections_per_address=2))
    config, state = Config(Starlette(), log_config=None), ServerState()
    peers, connections = [Peer(address) for _ in range(5)], [protocol(config, state, {}) for _ in range(5)]
    for peer, connection in zip(peers, connections, strict=True):
        connection.connection_made(peer)
    assert taken == [peer.written for peer in peers].count(b"")
    for connection in connections:
        connection.connection_lost(None)


async def test_a_server_that_waits_to_renew_its_date_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.server._DATE_S", 3_600)
    async with asyncio.timeout(PATIENCE_S), serving() as bot:
        reader, writer = await bot.connect()
        writer.write(b"GET /small HTTP/1.1\r\nHost: bot\r\n\r\n")
        assert b"date: " in await reader.readuntil(b"\r\n\r\n")
        writer.close()
