"""A web site on loopback that answers what a test makes it answer, byte by byte."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Site:
    """Answers each path as `answers` says, once per connection, and keeps what was asked."""

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        #: heads of the requests, as they came in
        self.requests: list[str] = []
        self.port = 0
        self._ssl_context = ssl_context
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._ssl_context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            target = head.split(" ")[1]
            await self.answers[target](writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side had enough
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


def plain(body: bytes, *, status: str = "200 OK", headers: str = "") -> Answer:
    """Answer a body with its true length."""
    return raw(
        f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body,
    )


def redirect(location: str) -> Answer:
    return plain(b"", status="302 Found", headers=f"location: {location}\r\n")


def raw(answer: bytes) -> Answer:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return write


def endless(
    head: str, *, pause_s: float = 0.0, chunk: bytes = b"x" * 65_536, status: str = "200 OK"
) -> Answer:
    """Answer a body that never ends."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode())
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return write


def silent() -> Answer:
    """Answer nothing, and keep the connection open."""

    async def write(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    return write
