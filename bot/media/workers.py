"""Killable processes for work that a broken or hostile file could turn against us."""

import asyncio
import os
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media import worker_process
from bot.media.worker_process import FRAME

Result = TypeVar("Result")
Args = TypeVarTuple("Args")

#: Addresses, of which less than half are ever filled: reading 4K to write 1080p takes 0.8 GB of them,
#: rewriting a picture of 50 megapixels 0.9 GB.
MEMORY_BYTES = 2 << 30

#: seconds that a machine under load may need to start an interpreter
_START_S = 60.0

#: all of our environment that a worker sees: no key or token is within reach of what it decodes
_ENVIRONMENT = frozenset({"HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR", "TZ"})


class Workers:
    """Runs functions in a few processes of their own, with limits on time, CPU time and memory.

    Processes start when they are first needed, as fresh interpreters in a group of their own, and die with
    this process even when it is killed: they hold the other end of a pipe from it. What a function starts
    belongs to its worker's group and ends with it.
    """

    def __init__(self, *, processes: int = 2, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._slots = asyncio.Semaphore(processes)
        self._idle: list[Process] = []
        #: those whose end has not been seen yet
        self._started: set[Process] = set()
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._idle.clear()
        for process in self._started:
            _kill(process)
        for process in self._started:
            await process.wait()
        self._started.clear()

    async def run(self, function: Callable[[*Args], Result], /, *args: *Args, timeout_s: float) -> Result:
        """Answer what a top-level function answers, or raise what it raises.

        `timeout_s` bounds the wall-clock and the CPU time of the call, not the wait for a free process.
        Raises MediaRefused when the call takes longer, wants too much memory or takes its process down;
        the next call finds a fresh one.
        """
        call = pickle.dumps((function, args, timeout_s))
        async with self._slots:
            process = await self._take()
            answer = None
            try:
                async with asyncio.timeout(timeout_s):
                    answer = await _ask(process, call)
            except TimeoutError as error:
                raise MediaRefused(f"This file took longer than {timeout_s:g} s to process.") from error
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                if not self._open:
                    raise MediaUnavailable("The bot is stopping.") from error
                raise MediaRefused(
                    "This file could not be processed: it is broken or too complex."
                ) from error
            finally:
                if answer is None:
                    _kill(process)
            succeeded, value = pickle.loads(answer)  # noqa: S301 - written by our own worker
            if not succeeded and isinstance(value, MemoryError):
                # Its heap is in pieces: the next call gets a fresh process.
                _kill(process)
                raise MediaRefused("This file needs too much memory to process.") from value
            self._give_back(process)
        if not succeeded:
            raise value
        result: Result = value
        return result

    async def _take(self) -> Process:
        self._started = {process for process in self._started if process.returncode is None}
        while self._idle:
            process = self._idle.pop()
            if _alive(process):
                return process
            # It ended while nobody used it, so no file is to blame.
            _kill(process)
        if not self._open:
            raise MediaUnavailable("The bot is stopping.")
        return await self._start()

    def _give_back(self, process: Process) -> None:
        if self._open:
            self._idle.append(process)

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            worker_process.__name__,
            str(self._memory_bytes),
            stdin=PIPE,
            stdout=PIPE,
            env=_environment(),
        )
        self._started.add(process)
        ready = False
        try:
            async with asyncio.timeout(_START_S):
                await _receive(process)
            ready = True
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            raise MediaUnavailable("A worker process could not be started.") from error
        finally:
            if not ready:
                _kill(process)
        return process


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
    return {**inherited, "PYTHONPATH": os.pathsep.join(entry or os.curdir for entry in sys.path)}


async def _ask(process: Process, call: bytes) -> bytes:
    assert process.stdin is not None  # noqa: S101 - asked for in `_start`
    process.stdin.write(FRAME.pack(len(call)) + call)
    await process.stdin.drain()
    return await _receive(process)


async def _receive(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - asked for in `_start`
    (length,) = FRAME.unpack(await process.stdout.readexactly(FRAME.size))
    return await process.stdout.readexactly(length)


def _alive(process: Process) -> bool:
    return process.returncode is None and process.stdout is not None and not process.stdout.at_eof()


def _kill(process: Process) -> None:
    """End a worker and all that it has started; the event loop reaps it."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):  # it was faster
        if sys.platform == "win32" or not _leads_a_group(process):
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _leads_a_group(process: Process) -> bool:
    """Whether a worker has come so far that it may have started something."""
    return os.getpgid(process.pid) == process.pid
