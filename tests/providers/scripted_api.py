"""A raw HTTP/1.1 server that misbehaves as scripted, for faults that no web framework lets one make."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Act = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


def reply(status: int, body: object = None, **headers: str) -> Act:
    """Answer and keep the connection; `body` is sent as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await writer.drain()

    return act


def reply_and_hang_up(status: int, body: object = None) -> Act:
    """Answer as if the connection were kept, and close it all the same."""
    answer = reply(status, body)

    async def act(writer: asyncio.StreamWriter) -> None:
        await answer(writer)
        await hang_up(writer)

    return act


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()
    await writer.wait_closed()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset."""
    writer.transport.abort()


async def say_nothing(_writer: asyncio.StreamWriter) -> None:
    """Keep the connection and never answer."""


async def answer_half(writer: asyncio.StreamWriter) -> None:
    """Promise a body and close in its middle."""
    writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"id": "half')
    await hang_up(writer)


async def answer_for_ever(writer: asyncio.StreamWriter) -> None:
    """Promise a long body and let it trickle, so that no single read ever waits for long."""
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.005)


async def talk_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    await hang_up(writer)


@dataclass(slots=True)
class ScriptedApi:
    """One act per request, in order; after the last one the server hangs up."""

    acts: list[Act]
    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    _open: dict[asyncio.Task[Any], asyncio.StreamWriter] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        self.connections += 1
        try:
            while True:
                self.received.append(await _read(reader))
                await (self.acts.pop(0) if self.acts else hang_up)(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            del self._open[task]

    async def stop(self) -> None:
        for writer in self._open.values():
            writer.close()
        await asyncio.gather(*self._open)


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method=method, target=target, headers=headers, body=body)


@asynccontextmanager
async def scripted(*acts: Act) -> AsyncIterator[ScriptedApi]:
    api = ScriptedApi(list(acts))
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.port = server.sockets[0].getsockname()[1]
    async with server:
        yield api
        server.close()
        await api.stop()
