"""The local folder for files on their way into the storage, and how much of one member may be in it at once.

That is counted in memory by the process that writes; files of a dead process are swept from the folder.
"""

import asyncio
import hashlib
import os
import secrets
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bot.domain.errors import MediaUnavailable

#: bytes that are read at once
_CHUNK = 1 << 20
#: a file on its way in that nobody has written to for so long was left by a process that died
_ABANDONED_MS = 3_600_000


@asynccontextmanager
async def entering(source: Path | bytes, incoming: Path) -> AsyncIterator[Path]:
    """Bring a file into `incoming`; whoever asks flushes it and moves it on."""
    if isinstance(source, Path) and source.parent == incoming:
        yield source
        return
    path = incoming / f"copy-{secrets.token_hex(16)}"
    try:
        await asyncio.to_thread(_copy, source, path)
        yield path
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise


def _copy(source: Path | bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        for chunk in _chunks_of(source):
            copy.write(chunk)


def flush(path: Path) -> tuple[str, int]:
    """Make the content of a file survive a power cut; returns the file's id and size."""
    sync(path)
    return identify(path)


def place(path: Path, target: Path) -> None:
    """Move a file to `target`; an equal file there stays and counts as written now.

    A sandboxed process may read exactly the file that lay there when it was started. A file put in its place
    would be another one to it, even with the same content.
    """
    try:
        os.link(path, target)
    except FileExistsError:
        if target.stat().st_size == path.stat().st_size:
            os.utime(target)
        else:
            path.replace(target)
    except OSError:  # a file system without hard links
        path.replace(target)
    path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make the content of a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(incoming: Path, *, now: int) -> int:
    """Remove the files that nobody has written to for an hour; returns how many there were."""
    swept = 0
    incoming.mkdir(parents=True, exist_ok=True)
    for entry in incoming.iterdir():
        try:
            if entry.stat().st_mtime * 1000 < now - _ABANDONED_MS:
                entry.unlink()
                swept += 1
        except FileNotFoundError:
            continue  # moved on, or swept by another replica
    return swept


def identify(path: Path) -> tuple[str, int]:
    """The id and the size of a file."""
    digest = hashlib.sha256()
    for chunk in _chunks_of(path):
        digest.update(chunk)
    return digest.hexdigest(), path.stat().st_size


def _chunks_of(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


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
