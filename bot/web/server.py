"""Runs uvicorn inside the bot's event loop; the bot handles signals and shutdown itself.

Used by the bot, the operator socket and the standalone simulator.
"""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from bot.web.connections import ConnectionLimits, bounded_protocol, quiet_disconnects

_BACKLOG = 2048
#: seconds that open requests have to end
_GRACE_S = 2
#: between two renewals of the header `Date`, which has whole seconds
_DATE_S = 1


class Server(uvicorn.Server):
    """uvicorn without its signal handlers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        started: Callable[[], None] | None = None,
        limits: ConnectionLimits | None = None,
    ) -> None:
        limits = limits or ConnectionLimits()
        self._exiting = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                quiet_disconnects(app),
                http=bounded_protocol(limits),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # A forwarding header must not make a client look like a loopback one.
                proxy_headers=False,
                timeout_keep_alive=limits.idle_s,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._on_startup = started

    @property
    def should_exit(self) -> bool:
        """Whether it has been told to end; may be set at any time."""
        return self._exiting.is_set()

    @should_exit.setter
    def should_exit(self, exiting: bool) -> None:
        if exiting:
            self._exiting.set()
        else:
            self._exiting.clear()

    async def main_loop(self) -> None:
        """Wait for the end; uvicorn would look for it ten times a second, in each of our servers."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(_DATE_S):
                    await self._exiting.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_startup is not None:
            self._on_startup()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: uvicorn would raise the signal again, and a stop would not exit with 0."""
        yield


class WebServer:
    """Serves an app on a socket that stays open, so that a failed server can be restarted."""

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
        """Serve until `stop`; raises the error that ends it earlier."""
        server = self._server = self._make(self._app, started=self._started)
        server.should_exit = self._stopping
        # The server closes its sockets. Clients that connect meanwhile wait in the backlog of the original.
        sockets = [self._listener.dup()]
        try:
            await server.serve(sockets=sockets)
        finally:
            # After a failure uvicorn leaves them open.
            for server_socket in getattr(server, "servers", ()):
                server_socket.close()
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            for duplicate in sockets:
                duplicate.close()

    def stop(self) -> None:
        """Stop accepting requests and let the open ones end."""
        self._stopping = True
        if self._server is not None:
            self._server.should_exit = True


class UnusableAddress(OSError):
    """A server cannot listen on an address, its `filename`."""


def listen(host: str, port: int) -> socket.socket:
    """Listen on a port; raises UnusableAddress."""
    where = f"{host}:{port}"
    try:
        return _listen(host, port)
    except UnicodeError as error:
        raise UnusableAddress(errno.EINVAL, "Not a host name", where) from error
    except OSError as error:
        raise UnusableAddress(error.errno, error.strerror, where) from error


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Allows a port with connections in TIME_WAIT, but not one that another socket listens on.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # With SO_REUSEADDR two sockets can bind one port; only listen() fails for the second.
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def on_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGTERM, SIGINT and SIGHUP."""
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGTERM, signal.SIGINT]
    # Of a terminal that is closed. `nohup` has it ignored, so that the bot goes on.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
