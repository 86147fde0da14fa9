"""Processes that tests start, kill, suspend and resume; none outlives its test."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.patience import PATIENCE_S
from tests.run_servers import inherited
from tests.warm import Started, start


class Running:
    """One process, alive until somebody ends it."""

    def __init__(self, started: Started) -> None:
        self.id = started.pid
        self._started = started
        self._loop = asyncio.get_running_loop()
        #: its exit code, or the negative number of the signal that ended it
        self.code: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(started, self._end)

    @property
    def alive(self) -> bool:
        return not self.code.done()

    async def ended(self, *, within_s: float) -> bool:
        """Wait for its end; False when it lives on."""
        await asyncio.wait([self.code], timeout=within_s)
        return not self.alive

    async def kill(self) -> None:
        self._started.kill()
        await self.code

    def hold(self) -> None:
        self._started.send_signal(signal.SIGSTOP)

    def let_go(self) -> None:
        self._started.send_signal(signal.SIGCONT)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; answers its exit code."""
        self.let_go()
        self._started.send_signal(number)
        if not await self.ended(within_s=PATIENCE_S):
            await self.kill()
        return await self.code

    def _end(self) -> None:
        self._loop.remove_reader(self._started)
        self.code.set_result(self._started.wait())


class Processes:
    """Starts processes whose logs are in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Running] = []

    async def start(self, target: str, *, name: str, environment: Mapping[str, str]) -> Running:
        """Start one, which calls the function `module:function`; its log is appended to `name`.log."""
        # What else the test serves is served meanwhile.
        running = Running(await asyncio.to_thread(self._start, target, name, environment))
        self._all.append(running)
        return running

    async def end_all(self) -> None:
        for running in self._all:
            await running.kill()

    def _start(self, target: str, name: str, environment: Mapping[str, str]) -> Started:
        with (self._folder / f"{name}.log").open("ab") as log, open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - it is no file
            return start(
                target,
                [name],
                folder=self._folder,
                environment=inherited() | dict(environment),
                streams=(nothing.fileno(), nothing.fileno(), log.fileno()),
            )


def start_simulator(target: str, argument: str, folder: Path) -> tuple[Started, int]:
    """Start a simulator, which prints its port once it serves; its log is in the folder."""
    log_file = folder / "simulator.log"
    reading, writing = os.pipe()
    with log_file.open("ab") as log, os.fdopen(writing, "wb") as output:
        started = start(
            target,
            ["simulator", argument],
            folder=folder,
            environment=inherited(),
            streams=(log.fileno(), output.fileno(), log.fileno()),
        )
    with os.fdopen(reading) as printed:
        port = printed.readline()
    assert port, log_file.read_text()
    return started, int(port)


@asynccontextmanager
async def processes(folder: Path) -> AsyncIterator[Processes]:
    """Start processes that end with the block."""
    started = Processes(folder)
    try:
        yield started
    finally:
        await started.end_all()


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
