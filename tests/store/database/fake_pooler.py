"""A pooler in front of PostgreSQL, like PgBouncer with `pool_mode = transaction`, as strict as it may be.

Each transaction gets another connection to the server than the one before, whoever asks; what a client sets
at the start is refused but for the few settings that poolers know; the process that it names is not the
server's. Errors of clients that rely on a session show here as they would there.
"""

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

_PROTOCOL = 196_608
_ENCRYPTION = 80_877_103
#: what clients may say at the start
_KNOWN = {"user", "database", "application_name", "client_encoding", "datestyle", "timezone"}
_SERVERS = 4

Message = tuple[bytes, bytes]


def _packed(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _error(text: str) -> bytes:
    fields = {"S": "FATAL", "V": "FATAL", "C": "08P01", "M": text}
    return _packed(b"E", b"".join(f"{key}{value}".encode() + b"\0" for key, value in fields.items()) + b"\0")


async def _read(reader: asyncio.StreamReader) -> Message:
    kind = await reader.readexactly(1)
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    return kind, await reader.readexactly(length - 4)


class _Server:
    """One connection to the real server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def begin(self, user: str, database: str) -> list[bytes]:
        """Log in; answers what the server says of itself, for the clients."""
        names = f"user\0{user}\0database\0{database}\0\0".encode()
        self.writer.write(struct.pack("!ii", len(names) + 8, _PROTOCOL) + names)
        parameters = []
        while True:
            kind, body = await _read(self.reader)
            assert kind != b"E", body
            if kind == b"S":
                parameters.append(_packed(kind, body))
            if kind == b"Z":
                return parameters


class FakePooler:
    """Hands each transaction the connection that was idle longest."""

    def __init__(self, server_url: str) -> None:
        parts = urlsplit(server_url)
        self._host = parse_qs(parts.query)["host"][0]
        self._user = parts.username or "postgres"
        self._database = parts.path.lstrip("/")
        self._idle: deque[_Server] = deque()
        self._parameters: list[bytes] = []
        self._returned = asyncio.Condition()
        self._clients: set[asyncio.Task[None]] = set()
        #: transactions that were handed a connection
        self.transactions = 0

    @asynccontextmanager
    async def listening(self, folder: Path) -> AsyncIterator[str]:
        """Run until the block ends; gives the URL that leads here."""
        for _ in range(_SERVERS):
            server = _Server(*await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.5432"))
            self._parameters = await server.begin(self._user, self._database)
            self._idle.append(server)
        servers = list(self._idle)
        listener = await asyncio.start_unix_server(self._accept, folder / ".s.PGSQL.5432")
        try:
            yield f"postgresql://{self._user}@/{self._database}?host={quote(str(folder))}"
        finally:
            listener.close()
            for client in list(self._clients):
                client.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)
            for server in servers:
                server.writer.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.create_task(self._serve(reader, writer))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await self._greet(reader, writer):
                await self._pass_on(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has left
        finally:
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while True:
            length, protocol = struct.unpack("!ii", await reader.readexactly(8))
            said = await reader.readexactly(length - 8)
            if protocol != _ENCRYPTION:
                break
            writer.write(b"N")
        if protocol != _PROTOCOL:
            return False  # asks to cancel what another connection does
        names = said.split(b"\0")[:-2:2]
        if unknown := [name.decode() for name in names if name.decode() not in _KNOWN]:
            writer.write(_error(f"unsupported startup parameter: {unknown[0]}"))
            return False
        writer.write(_packed(b"R", struct.pack("!i", 0)))
        writer.write(b"".join(self._parameters))
        writer.write(_packed(b"K", struct.pack("!ii", 1, 1)) + _packed(b"Z", b"I"))
        return True

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attached: asyncio.Task[None] | None = None
        server: _Server | None = None
        try:
            while True:
                kind, body = await _read(reader)
                if kind == b"X":
                    return
                if attached is None or server is None or attached.done():
                    server = await self._take()
                    attached = asyncio.create_task(self._answer(server, writer))
                server.writer.write(_packed(kind, body))
        finally:
            if attached is not None and server is not None and not attached.done():
                attached.cancel()
                await self._clear(server)

    async def _answer(self, server: _Server, writer: asyncio.StreamWriter) -> None:
        """Pass answers on until the transaction is over."""
        while True:
            kind, body = await _read(server.reader)
            if (kind, body) == (b"Z", b"I"):
                # Before the client knows, who may ask at once.
                await self._give_back(server)
                writer.write(_packed(kind, body))
                return
            writer.write(_packed(kind, body))

    async def _clear(self, server: _Server) -> None:
        """End what a client has left unfinished."""
        server.writer.write(_packed(b"Q", b"ROLLBACK\0"))
        with suppress(asyncio.IncompleteReadError):
            while (await _read(server.reader)) != (b"Z", b"I"):
                pass
        await self._give_back(server)

    async def _take(self) -> _Server:
        async with self._returned:
            await self._returned.wait_for(lambda: self._idle)
            self.transactions += 1
            return self._idle.popleft()

    async def _give_back(self, server: _Server) -> None:
        async with self._returned:
            self._idle.append(server)
            self._returned.notify()
