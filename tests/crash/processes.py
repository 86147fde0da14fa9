"""Processes that tests start, kill, suspend and resume; none outlives its test."""

import asyncio
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from tests.crash.fork_server import ForkRequest
from tests.patience import PATIENCE_S
from tests.warm import start

#: settings of a bot that somebody may run on this machine
_NOT_INHERITED = ("REVERIE_", "LUMA", "DISCORD_", "SLACK_", "CRASH_", "CHAT_")


class Running:
    """One process, alive until somebody ends it."""

    def __init__(self, pid: int) -> None:
        self.id = pid
        #: its exit code, or the negative number of the signal that ended it
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        return not self.code.done()

    async def ended(self, *, within_s: float) -> bool:
        """Wait for its end; False when it lives on."""
        await asyncio.wait([self.code], timeout=within_s)
        return not self.alive

    async def kill(self) -> None:
        self._send(signal.SIGKILL)
        await self.code

    def hold(self) -> None:
        self._send(signal.SIGSTOP)

    def let_go(self) -> None:
        self._send(signal.SIGCONT)

    async def stop(self) -> int:
        """Ask it to end; answers its exit code."""
        self.let_go()
        self._send(signal.SIGTERM)
        if not await self.ended(within_s=PATIENCE_S):
            await self.kill()
        return await self.code

    def _send(self, number: signal.Signals) -> None:
        # Once its end was told its number may be another's.
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.id, number)


class Processes:
    """Starts processes through a fork server."""

    def __init__(self, folder: Path, told: asyncio.StreamReader, orders: asyncio.StreamWriter) -> None:
        """`told` is what the fork server writes, `orders` what it reads."""
        self._folder = folder
        self._told = told
        self._orders = orders
        self._awaited: deque[asyncio.Future[Running]] = deque()
        self._running: dict[int, Running] = {}

    async def start(self, kind: str, *arguments: str, name: str, environment: Mapping[str, str]) -> Running:
        """Start one; its log is appended to `name`.log."""
        request = ForkRequest(
            kind=kind,
            arguments=arguments,
            environment=_inherited() | dict(environment),
            log=str(self._folder / f"{name}.log"),
        )
        began: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._awaited.append(began)
        self._orders.write(request.line())
        await self._orders.drain()
        return await began

    async def listen(self) -> None:
        """Read what the fork server reports until it ends."""
        async for line in self._told:
            match line.decode().split():
                case ["began", pid]:
                    self._running[int(pid)] = running = Running(int(pid))
                    self._awaited.popleft().set_result(running)
                case ["ended", pid, code]:
                    self._running.pop(int(pid)).code.set_result(int(code))
        for began in self._awaited:
            began.set_exception(ChildProcessError("the fork server has ended"))

    async def end_all(self) -> None:
        for running in list(self._running.values()):
            await running.kill()


def _inherited() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(_NOT_INHERITED)}


@asynccontextmanager
async def processes(folder: Path) -> AsyncIterator[Processes]:
    """Open a fork server; everything that was started there ends with it."""
    ours, theirs = socket.socketpair()
    told, orders = await asyncio.open_unix_connection(sock=ours)
    with theirs:
        streams = (theirs.fileno(), theirs.fileno(), 2)
        server = start(
            "tests.crash.fork_server:main",
            ["fork server"],
            folder=folder,
            environment=_inherited(),
            streams=streams,
        )
    started = Processes(folder, told, orders)
    listening = asyncio.create_task(started.listen(), name="fork server")
    try:
        yield started
    finally:
        await started.end_all()
        orders.write_eof()
        await listening
        orders.close()
        await asyncio.to_thread(server.wait)


@contextmanager
def port() -> Iterator[int]:
    """Keep a port for a server that comes and goes.

    On Linux a socket that is bound and does not listen keeps others from being given the port, but not one
    that asks for it by name.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        number: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield number
