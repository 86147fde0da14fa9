"""A pool of sandboxed processes with fair scheduling."""

import asyncio
import signal
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import ClassVar, Self, TypeVar, TypeVarTuple

import structlog

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.media.sandbox.child import Failure
from bot.media.sandbox.confinement import Limits
from bot.media.sandbox.process import Failed, ForkServer, Unreadable, read
from bot.media.sandbox.server import Report

#: remedy for a system without complete confinement
REMEDY = "a Linux kernel since 5.13 with Landlock and seccomp confines media work completely"

Result = TypeVar("Result")
Args = TypeVarTuple("Args")

#: Bytes of address space: decoding 4K to encode 1080p takes 0.8 GB, converting a picture of 50 megapixels
#: 0.9 GB, and less than half of either is ever used.
MEMORY_BYTES = 2 << 30
#: larger than any file that is accepted or made
FILE_BYTES = 512 << 20

_log = structlog.get_logger()


class FairGate:
    """Admits `slots` callers at once, one per key, and rotates between the keys.

    A key with many requests waits for its own; it never delays another key's first request.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        #: waiting callers by key; the next key comes first
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._inside: set[Hashable] = set()

    @asynccontextmanager
    async def slot(self, key: Hashable = None) -> AsyncIterator[None]:
        """Wait for a slot and hold it; a caller without a key has one of its own."""
        key = object() if key is None else key
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(place)
        self._admit()
        try:
            await place
            yield
        finally:
            if place.done() and not place.cancelled():
                self._inside.discard(key)
                self._free += 1
                if key in self._waiting:
                    self._waiting.move_to_end(key)
            else:
                self._withdraw(key, place)
            self._admit()

    def _admit(self) -> None:
        for key in list(self._waiting):
            if not self._free:
                return
            if key in self._inside:
                continue
            place = self._waiting[key][0]
            self._withdraw(key, place)
            if place.cancelled():
                # Cancelled, but the caller has not run yet: admit the next one of this key.
                self._admit()
                return
            self._inside.add(key)
            self._free -= 1
            place.set_result(None)

    def _withdraw(self, key: Hashable, place: asyncio.Future[None]) -> None:
        """Remove a caller from its queue if it is still there; the key moves to the end of the rotation."""
        queue = self._waiting.get(key)
        if queue is None or place not in queue:
            return
        queue.remove(place)
        if queue:
            self._waiting.move_to_end(key)
        else:
            del self._waiting[key]


class SandboxPool:
    """Runs functions on untrusted files, each call in a sandboxed process of its own.

    A call has no network, no environment, no other programs or processes, and only the files in its
    arguments: the parameter `target` is writable, every other path readable. The return value comes back as
    plain data and is validated against the function's annotation. See confinement.py.

    Servers start on first use. They end with this process even when it is killed, because they read a pipe
    from it.
    """

    #: what starts them
    server: ClassVar[type[ForkServer]] = ForkServer

    def __init__(
        self, *, processes: int = 2, memory_bytes: int = MEMORY_BYTES, file_bytes: int = FILE_BYTES
    ) -> None:
        self._memory_bytes, self._file_bytes = memory_bytes, file_bytes
        self._gate = FairGate(processes)
        self._idle: list[ForkServer] = []
        #: servers that have not been reaped yet
        self._started: set[ForkServer] = set()
        self._open = False
        self._warned = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._idle.clear()
        for server in self._started:
            server.kill()
        for server in self._started:
            await server.ended()
        self._started.clear()

    async def run(
        self,
        function: Callable[[*Args], Result],
        /,
        *args: *Args,
        timeout_s: float,
        cpu_s: float | None = None,
        key: Hashable = None,
        used: Callable[[float], None] | None = None,
        imports: Sequence[str] = (),
    ) -> Result:
        """Call a top-level function and return its result.

        `timeout_s` limits the wall-clock time of the call without the wait for a slot, `cpu_s` its CPU time
        (default: the same). Calls of one `key` run one at a time, and the pool rotates between keys. `used`
        is called with the CPU time in seconds, also after a failure. `imports` are modules that the function
        imports and this process never does; later calls find them imported.

        Raises MediaRefused only if the function does. Other failures are no verdict on the file:
        ProcessingFailed, or MediaUnavailable if the file is gone or the bot stops.
        """
        limits = Limits(
            timeout_s=timeout_s,
            cpu_s=timeout_s if cpu_s is None else cpu_s,
            memory_bytes=self._memory_bytes,
            file_bytes=self._file_bytes,
        )
        async with self._gate.slot(key):
            server = await self._take()
            answered, began = False, time.monotonic()
            try:
                report, answer = await server.call(function, args, limits, imports)
                answered = True
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
                if not self._open:
                    raise MediaUnavailable("The bot is stopping.") from error
                _log.warning("media_server_lost", function=function.__qualname__, error=repr(error))
                raise ProcessingFailed from error
            finally:
                if not answered:
                    server.kill()
                    if used is not None:
                        # The CPU time is unknown; this is an upper bound in practice.
                        used(min(limits.cpu_s, time.monotonic() - began))
            self._give_back(server)
        if used is not None:
            used(report.cpu_s)
        return _result(function, report, answer, limits)

    async def _take(self) -> ForkServer:
        self._started = {server for server in self._started if not server.reaped}
        while self._idle:
            server = self._idle.pop()
            if server.alive:
                return server
            server.kill()
        if not self._open:
            raise MediaUnavailable("The bot is stopping.")
        server = await self.server.start()
        self._started.add(server)
        await server.ready()
        if server.missing and not self._warned:
            self._warned = True
            _log.warning(
                "media_sandbox_incomplete",
                missing=list(server.missing),
                remedy=REMEDY,
            )
        return server

    def _give_back(self, server: ForkServer) -> None:
        if self._open:
            self._idle.append(server)


async def missing_features() -> tuple[str, ...]:
    """The kernel features that this system lacks; raises ProcessingFailed if no server starts."""
    server = await SandboxPool.server.start()
    try:
        await server.ready()
    finally:
        server.kill()
        await server.ended()
    return server.missing


def _result(function: Callable[..., Result], report: Report, answer: bytes, limits: Limits) -> Result:
    result = None
    try:
        result = read(answer, function) if answer else None
    except Unreadable as error:
        _log.warning("media_answer_unreadable", function=function.__qualname__, error=str(error))
        raise ProcessingFailed from error
    if isinstance(result, Failed):
        raise _error(function, result)
    if not answer:
        raise _end_of(function, report, limits)
    return result  # type: ignore[return-value]  # a function may well return None


def _error(function: Callable[..., object], result: Failed) -> MediaRefused | MediaUnavailable:
    match result.failure:
        case Failure.REFUSED:
            return MediaRefused(_line(result.text))
        case Failure.UNAVAILABLE:
            return MediaUnavailable(_line(result.text))
        case Failure.DISK:
            return ProcessingFailed(_line(result.text))
        case Failure.MEMORY:
            return ProcessingFailed("This file needs more memory to process than there is.")
    _log.warning("media_call_failed", function=function.__qualname__, error=result.text)
    return ProcessingFailed()


def _end_of(function: Callable[..., object], report: Report, limits: Limits) -> ProcessingFailed:
    """The error for a child that ended without an answer."""
    if report.timed_out or report.exit_code == -signal.SIGXCPU:
        seconds = limits.timeout_s if report.timed_out else limits.cpu_s
        return ProcessingFailed(f"This file took longer than {seconds:g} s to process.")
    _log.warning("media_process_lost", function=function.__qualname__, exit_code=report.exit_code)
    return ProcessingFailed()


def _line(text: str) -> str:
    """A text as one line without control characters, because a compromised child may write anything."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
