"""Reservations: storing a file and removing it exclude each other, also between processes.

Files are named by their content: one that nobody needs any more may just be stored again for somebody else.
Whoever stores reserves the file until it is noted in the store who needs it; whoever removes takes it alone,
asks the store again, and only then removes. The kernel holds the locks, so that a killed process lets go.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path

from bot.media.disk_errors import disk_errors

#: between two tries to reserve a file that is just being removed, in seconds
_PAUSE_S = 0.01
#: files whose names begin alike share a lock, so that there are never more than 4,096 of them
_SHARED = 3

_scope: ContextVar[list[int] | None] = ContextVar("reservations", default=None)


class Reservations:
    """Locks on the files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what is stored inside reserved until the end, when it must be noted who needs it."""
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
        """Reserve a file that is stored inside, and further where `keeping` is around it."""
        # The kernel's locks have no event to wait for, and a waiting thread could be the remover's.
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

    @contextmanager
    def alone(self, files: Sequence[str]) -> Iterator[list[str]]:
        """Those of the files that nobody else stores or removes, for as long as this lasts."""
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
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._folder / file[:_SHARED], os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor
