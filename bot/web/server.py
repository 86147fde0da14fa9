"""Serving HTTP beside everything else, with signals and the order of a stop in our own hands.

Used by the bot, by the operator's socket and by the simulator that runs alone.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from bot.web.connections import ConnectionLimits, bounded_protocol, quiet_disconnects

_BACKLOG = 2048
#: seconds that open requests get to end
_GRACE_S = 2


class Server(uvicorn.Server):
    """uvicorn, but the signals stay with whoever runs it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        started: Callable[[], None] | None = None,
        limits: ConnectionLimits | None = None,
    ) -> None:
        limits = limits or ConnectionLimits()
        super().__init__(
            uvicorn.Config(
                quiet_disconnects(app),
                http=bounded_protocol(limits),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # What a proxy claims about a client must not make it a loopback one.
                proxy_headers=False,
                timeout_keep_alive=limits.idle_s,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._told = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._told is not None:
            self._told()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: uvicorn would raise them again, and a stop would not exit with 0."""
        yield


class WebServer:
    """Serves an app on a socket that stays open between starts: a server that failed can be replaced."""

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        *,
        started: Callable[[], None],
        make: type[Server] = Server,
    ) -> None:
        self._app = app
        self._listener = listener
        self._started = started
        self._make = make
        self._server: Server | None = None
        self._stopping = False

    async def run(self) -> None:
        """Serve until `stop`; raises whatever ends it before."""
        server = self._server = self._make(self._app, started=self._started)
        server.should_exit = self._stopping
        # The server closes what it is given; clients that connect meanwhile wait in this socket's backlog.
        sockets = [self._listener.dup()]
        try:
            await server.serve(sockets=sockets)
        finally:
            # Nothing is left of them after a stop. After a failure nobody looks after them any more.
            for listening in getattr(server, "servers", ()):
                listening.close()
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            for one in sockets:
                one.close()

    def stop(self) -> None:
        """Let open requests end, and serve nothing more."""
        self._stopping = True
        if self._server is not None:
            self._server.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Take a port; raises OSError when it cannot be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # A port whose last connections are still winding down is free; one that is listened on is not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Listening, not binding, is what tells two servers of one port apart.
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def on_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
