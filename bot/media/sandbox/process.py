"""The client of a fork server: starts it, sends it one call at a time, reads the answer as data, ends it.

An answer, which child.py writes, is validated against the function's return annotation.
"""

import asyncio
import json
import os
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.domain.errors import ProcessingFailed
from bot.media.sandbox.child import TEXT_MAX, Failure
from bot.media.sandbox.confinement import Limits, python_folders
from bot.media.sandbox.server import ANSWER_MAX, FRAME, CallHeader, Report

#: seconds that an interpreter may take to start on a busy machine
_START_S = 60.0
#: seconds after a call's timeout until its server is killed
_GRACE_S = 30.0
#: largest report without the child's answer, in bytes
_HEAD_MAX = 4096

#: library paths that the interpreter may need to start; the server clears them afterwards
_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from bot.media.sandbox import server
server.main()
"""
Result = TypeVar("Result")

_STRICT = ConfigDict(strict=True, extra="forbid")


class ForkServer:
    """One server process and its children."""

    def __init__(self, process: Process) -> None:
        self._process = process
        #: kernel features that its children lack
        self.missing: tuple[str, ...] = ()

    @classmethod
    async def start(cls) -> Self:
        """Start a server; call `ready` before using it."""
        path = [entry or os.getcwd() for entry in sys.path]  # noqa: PTH109 - as in sys.path
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-X", "utf8"),
            # -I ignores PYTHONDONTWRITEBYTECODE.
            *(["-B"] if sys.dont_write_bytecode else []),
            *("-c", _BOOT),
            *(json.dumps(python_folders()), json.dumps(path)),
            stdin=PIPE,
            stdout=PIPE,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
        return cls(process)

    async def ready(self) -> None:
        """Wait until it runs; raises ProcessingFailed and kills it if it does not start."""
        ready = False
        try:
            async with asyncio.timeout(_START_S):
                self.missing = tuple(json.loads(await self._receive()))
            ready = True
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            raise ProcessingFailed("A process for media could not be started.") from error
        finally:
            if not ready:
                self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def reaped(self) -> bool:
        return self._process.returncode is not None

    @property
    def alive(self) -> bool:
        # The kernel is asked, because the event loop learns of an end later. macOS has no such call before
        # Python 3.13: there a call to a server that has just died fails, and is tried again like any other.
        if self.reaped or not hasattr(os, "waitid"):
            return not self.reaped
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:  # reaped, and the loop has not been told yet
            return False

    async def call(
        self, function: Callable[..., Any], args: tuple[Any, ...], limits: Limits, imports: Sequence[str]
    ) -> tuple[Report, bytes]:
        """Run one call, once the modules in `imports` are imported.

        Raises TimeoutError, IncompleteReadError or ConnectionError if the server itself fails.
        """
        assert self._process.stdin is not None  # noqa: S101 - asked for in `start`
        header = CallHeader(
            [function.__module__, *imports],
            limits.timeout_s,
            limits.cpu_s,
            limits.memory_bytes,
            limits.file_bytes,
        )
        content = json.dumps(header).encode() + b"\n" + pickle.dumps((function, args))
        self._process.stdin.write(FRAME.pack(len(content)) + content)
        async with asyncio.timeout(limits.timeout_s + _GRACE_S):
            await self._process.stdin.drain()
            head, _, answer = (await self._receive()).partition(b"\n")
        return Report(*json.loads(head)), answer

    async def ended(self) -> None:
        await self._process.wait()

    def kill(self) -> None:
        """Kill it and the child of a running call; the event loop reaps it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self.reaped:
            return
        with suppress(ProcessLookupError):  # it ended meanwhile
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, signal.SIGKILL)
            else:  # it has no process group yet, so no children either
                self._process.kill()

    async def _receive(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - asked for in `start`
        (length,) = FRAME.unpack(await self._process.stdout.readexactly(FRAME.size))
        if length > ANSWER_MAX + _HEAD_MAX:
            raise ConnectionError("a server has sent more than the limit")
        return await self._process.stdout.readexactly(length)


class Failed(BaseModel):
    """Why a call has no result; the text comes from the child and is only shown as text."""

    model_config = _STRICT

    failure: Failure
    text: Annotated[str, Field(max_length=TEXT_MAX)]


class Unreadable(Exception):
    """A child's answer is not what its function returns."""


def read(answer: bytes, function: Callable[..., Result]) -> Result | Failed:
    """Parse a child's answer into a result or a failure. Raises Unreadable."""
    try:
        if answer.startswith(b'{"failure"'):
            return Failed.model_validate_json(answer)
        answered: dict[str, Result] = _shape(function).validate_json(answer)
    except (ValidationError, ValueError, RecursionError) as error:
        raise Unreadable(f"{len(answer)} bytes that {function.__qualname__} cannot have returned") from error
    return answered["result"]


@lru_cache(maxsize=64)
def _shape(function: Callable[..., Any]) -> TypeAdapter[dict[Any, Any]]:
    returned = get_type_hints(function, include_extras=True)["return"]
    return TypeAdapter(_only_result(returned), config=_STRICT)


def _only_result(returned: Any) -> Any:
    return Annotated[dict[Literal["result"], returned], Field(min_length=1)]
