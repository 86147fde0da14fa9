"""Limits what one member may have in the folder for incoming files at once.

Counted in memory by the process that writes; files of a dead process are swept from the folder.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.errors import MediaUnavailable


class IncomingFull(MediaUnavailable):
    """You are sending as much as is accepted at once. Try again when those files have arrived."""


class IncomingShare:
    """One file's share of its member's quota, held from its first byte until it is stored or removed."""

    def __init__(self, arriving: "_Arriving", member: str, limit: int) -> None:
        self._arriving = arriving
        self._member = member
        self._limit = limit
        self._size = 0

    def add(self, size: int) -> None:
        """Count bytes before they are written; raises IncomingFull if they exceed the quota."""
        self._arriving.add(self._member, size, self._limit)
        self._size += size

    def release(self) -> None:
        self._arriving.remove(self._member, self._size)
        self._size = 0


class _Arriving:
    """Bytes of incoming files by member; thread-safe, since several threads write files."""

    def __init__(self) -> None:
        self._bytes: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def add(self, member: str, size: int, limit: int) -> None:
        with self._lock:
            if self._bytes[member] + size > limit:
                raise IncomingFull
            self._bytes[member] += size

    def of(self, member: str) -> int:
        with self._lock:
            return self._bytes.get(member, 0)

    def remove(self, member: str, size: int) -> None:
        with self._lock:
            self._bytes[member] -= size
            if not self._bytes[member]:
                del self._bytes[member]


class IncomingQuota:
    """The members' quotas in the folder for incoming files."""

    def __init__(self, *, bytes_per_member: int = 200_000_000, uploads_per_member: int = 2) -> None:
        self.bytes_per_member = bytes_per_member
        self._uploads_per_member = uploads_per_member
        self._arriving = _Arriving()
        self._uploads: defaultdict[str, int] = defaultdict(int)

    def arriving(self, member: str) -> int:
        """Bytes of a member's incoming files."""
        return self._arriving.of(member)

    @contextmanager
    def share(self, member: str, *, waiting: int = 0) -> Iterator[IncomingShare]:
        """Count one file while it arrives; `waiting` bytes of stored unused files count too."""
        share = IncomingShare(self._arriving, member, self.bytes_per_member - waiting)
        try:
            yield share
        finally:
            share.release()

    @contextmanager
    def upload_slot(self, member: str) -> Iterator[None]:
        """Hold one of a member's upload slots; raises IncomingFull if all are in use."""
        if self._uploads[member] >= self._uploads_per_member:
            raise IncomingFull(
                f"You are sending {self._uploads_per_member} files already. Try again when they have arrived."
            )
        self._uploads[member] += 1
        try:
            yield
        finally:
            self._uploads[member] -= 1
            if not self._uploads[member]:
                del self._uploads[member]
