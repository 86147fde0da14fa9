"""Reservations of the files of a bucket, in the database.

Whoever stores a file first commits a reference to it, which ends by itself, and then waits until nobody has a
lease to remove it. Whoever removes it first commits the lease, and then reads the references. One of the two
always sees the other.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count

import structlog

from bot.domain.errors import MediaUnavailable, ProcessingFailed, StoreError
from bot.store.database.base import Database, Transaction
from bot.store.file_refs import FileReference, add_references, end_references
from bot.store.queue.claim import acquire_lease, lease_is_held, release_lease

log = structlog.get_logger()

#: a process that was killed keeps what it was storing from being removed for so long
_STORING_MS = 3_600_000
#: longest removal of some files; it ends before its lease does
_REMOVING_MS, _REMOVED_BY_S = 120_000, 90.0
#: between two looks whether a file is still being removed, in seconds
_PAUSE_S = 0.05
#: files whose names begin alike share a lease, so that there are never more than 4,096 of them
_SHARED = 3


@dataclass(slots=True)
class _Scope:
    """What is stored inside one `keeping`."""

    holder: str
    files: list[str] = field(default_factory=list)


_scope: ContextVar[_Scope | None] = ContextVar("stored", default=None)


class DatabaseReservations:
    """Reserves files for one process; see `bot.media.storage.base.Reservations`."""

    def __init__(self, database: Database, owner: str, clock: Callable[[], int]) -> None:
        self._database = database
        self._owner = owner
        self._clock = clock
        self._numbers = count(1)

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        scope = _Scope(holder=f"storing:{self._next_owner()}")
        token = _scope.set(scope)
        try:
            yield
        finally:
            _scope.reset(token)
            await self._release(scope)

    @asynccontextmanager
    async def reserved(self, file: str) -> AsyncIterator[None]:
        around = _scope.get()
        scope = around or _Scope(holder=f"storing:{self._next_owner()}")
        try:
            scope.files.append(file)
            await self._reserve(file, scope.holder)
            yield
        finally:
            if around is None:
                await self._release(scope)

    @asynccontextmanager
    async def alone(self, files: Sequence[str]) -> AsyncIterator[list[str]]:
        owner, now = self._next_owner(), self._clock()
        names = sorted({file[:_SHARED] for file in files})
        free = await self._database.transact(_acquire, names, owner=owner, now=now, until=now + _REMOVING_MS)
        try:
            async with asyncio.timeout(_REMOVED_BY_S):
                yield [file for file in files if file[:_SHARED] in free]
        except TimeoutError as error:
            raise MediaUnavailable("Removing files took too long.") from error
        finally:
            await self._database.transact(_release_all, sorted(free), owner=owner)

    async def _reserve(self, file: str, holder: str) -> None:
        reference = FileReference(file=file, holder=holder, until=self._clock() + _STORING_MS)
        try:
            await self._database.transact(add_references, [reference])
            # A removal tells nobody when it ends, and is rarely met.
            while await lease_is_held(self._database, _lease(file), now=self._clock()):  # noqa: ASYNC110
                await asyncio.sleep(_PAUSE_S)
        except StoreError as error:
            raise ProcessingFailed(f"The file could not be reserved in the database: {error}") from error

    async def _release(self, scope: _Scope) -> None:
        if not scope.files:
            return
        try:
            await self._database.transact(end_references, scope.holder)
        except StoreError as error:
            # The reference ends by itself.
            log.warning("file_reservation_not_released", error=repr(error))

    def _next_owner(self) -> str:
        """Who reserves or removes: a process does both several times at once."""
        return f"{self._owner}/{next(self._numbers)}"


def _lease(file: str) -> str:
    return f"remove-files:{file[:_SHARED]}"


async def _acquire(tx: Transaction, names: Sequence[str], *, owner: str, now: int, until: int) -> set[str]:
    return {
        name
        for name in names
        if await acquire_lease(tx, _lease(name), owner=owner, now=now, until=until) is not None
    }


async def _release_all(tx: Transaction, names: Sequence[str], *, owner: str) -> None:
    for name in names:
        await release_lease(tx, _lease(name), owner=owner)
