"""Protects the HTTP server from slow clients: deadlines for headers, bodies and reading, and a cap."""

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import ClassVar

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from bot.security.loopback import may_be_proxy

#: connections may use one in so many of the process's file descriptors
_DESCRIPTORS_PER_CONNECTION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits for clients. Times are seconds."""

    #: from the first byte of a request, or from connecting, to the end of its headers
    headers_s: float = 10.0
    #: in each such window a body must arrive at `body_rate` bytes a second
    body_window_s: float = 10.0
    body_rate: int = 2_000
    #: a client that reads nothing of a response for so long is disconnected
    stalled_s: float = 30.0
    #: maximum pause between two requests on one connection; reverse proxies wait for 60 (nginx), 90 (Traefik,
    #: cloudflared) or 120 (Caddy), and a request that they send on a connection just being closed fails
    idle_s: int = 130
    connections: int = 1_000
    #: per IP address; not for those where a reverse proxy or a container's host may connect for every client
    connections_per_address: int = 100


class _Phase(Enum):
    """What is expected from the client."""

    #: nothing: a response is being sent, or no request is open
    IDLE = auto()
    HEADERS = auto()
    BODY = auto()


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Each server has a subclass, which holds what its connections share."""

    limits: ClassVar[ConnectionLimits]
    by_address: ClassVar[Counter[str]]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._phase = _Phase.HEADERS
        self._timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        #: bytes of the body in this window
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self._address()
        if address is not None:
            self.by_address[address] += 1
        if len(self.connections) > _max_connections(self.limits) or (
            address is not None
            and not may_be_proxy(address)
            and self.by_address[address] > self.limits.connections_per_address
        ):
            self._end(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._set_deadline(self.limits.headers_s, self._headers_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_deadline(None)
        self._watch_reader(None)
        address = self._address()
        if address is not None:
            self.by_address[address] -= 1
            if not self.by_address[address]:
                del self.by_address[address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.parser is None or self.transport.is_closing():
            return
        began = self._phase
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._phase is _Phase.IDLE:
            self._set_deadline(None)
        elif self._phase is not began or self._timer is None:
            if self._phase is _Phase.HEADERS:
                self._set_deadline(self.limits.headers_s, self._headers_late)
            else:
                self._received = 0
                self._set_deadline(self.limits.body_window_s, self._check_body)

    def on_message_begin(self) -> None:
        self._phase = _Phase.HEADERS
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._phase = _Phase.BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._phase = _Phase.IDLE
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._watch_reader(None)
        super().resume_writing()

    def _headers_late(self) -> None:
        self._end(HTTPStatus.REQUEST_TIMEOUT)

    def _check_body(self) -> None:
        # A client cannot send while reading from it is paused.
        enough = self.limits.body_window_s * self.limits.body_rate
        if not self.flow.read_paused and self._received < enough:
            self._end(HTTPStatus.REQUEST_TIMEOUT)
            return
        self._received = 0
        self._set_deadline(self.limits.body_window_s, self._check_body)

    def _check_reader(self, left: int) -> None:
        now = self.transport.get_write_buffer_size()
        if now >= left:
            self.transport.abort()
            return
        self._watch_reader(now)

    def _set_deadline(self, seconds: float | None, late: Callable[[], None] | None = None) -> None:
        """Call `late` after some seconds; replaces the deadline before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and late is not None:
            self._timer = self.loop.call_later(seconds, late)

    def _watch_reader(self, left: int | None) -> None:
        """Disconnect a client that reads none of `left` bytes in time; None: everything was read."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        if left is not None:
            self._stall_timer = self.loop.call_later(self.limits.stalled_s, self._check_reader, left)

    def _end(self, status: HTTPStatus) -> None:
        """Send the status unless a response has started, and close."""
        self._set_deadline(None)
        if self.cycle is None or not self.cycle.response_started:
            head = (f"HTTP/1.1 {status.value} {status.phrase}", "connection: close", "content-length: 0")
            self.transport.write("\r\n".join((*head, "", "")).encode())
        self.transport.close()

    def _address(self) -> str | None:
        return self.client[0] if self.client else None


def bounded_protocol(limits: ConnectionLimits) -> type[BoundedProtocol]:
    """A protocol class for one server."""
    return type("ServerProtocol", (BoundedProtocol,), {"limits": limits, "by_address": Counter()})


def quiet_disconnects(app: ASGIApp) -> ASGIApp:
    """Ignore a client that disconnects while its request is read."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except ClientDisconnect:
            return

    return wrapped


def _max_connections(limits: ConnectionLimits) -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(limits.connections, files // _DESCRIPTORS_PER_CONNECTION) if files > 0 else limits.connections
