"""Reservations of the files of a folder, by locks that the kernel releases when a process is killed."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path

from bot.media.disk import disk_errors

#: seconds between two attempts to lock a file that is being removed
_PAUSE_S = 0.01
#: length of the name's prefix that files share a lock by: at most 4,096 locks
_SHARED = 3

_scope: ContextVar[list[int] | None] = ContextVar("reservations", default=None)


class FileLocks:
    """Reserves the files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        held: list[int] = []
        token = _scope.set(held)
        try:
            yield
        finally:
            _scope.reset(token)
            for descriptor in held:
                os.close(descriptor)

    @asynccontextmanager
    async def reserved(self, file: str) -> AsyncIterator[None]:
        # flock has no asynchronous wait, and a thread blocked in it could be the one that the remover needs.
        while (descriptor := self._lock(file, fcntl.LOCK_SH)) is None:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_S)
        scope = _scope.get()
        try:
            yield
        finally:
            if scope is None:
                os.close(descriptor)
            else:
                scope.append(descriptor)

    @asynccontextmanager
    async def alone(self, files: Sequence[str]) -> AsyncIterator[list[str]]:
        with ExitStack() as locks:
            free = set()
            for name in {file[:_SHARED] for file in files}:
                descriptor = self._lock(name, fcntl.LOCK_EX)
                if descriptor is not None:
                    locks.callback(os.close, descriptor)
                    free.add(name)
            yield [file for file in files if file[:_SHARED] in free]

    def _lock(self, file: str, kind: int) -> int | None:
        with disk_errors():
            descriptor = self._open(file[:_SHARED])
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor

    def _open(self, name: str) -> int:
        path = self._folder / name
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
