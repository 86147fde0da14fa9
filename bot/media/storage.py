"""Content-addressed storage of media: files are named by the SHA-256 of their content.

A *rendition* is made from a stored file, such as the poster of a video. It is stored next to the file as
`<digest>.<name>` and removed with it.
"""

import asyncio
import hashlib
import os
import re
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.domain.media import Media
from bot.media.disk import disk_errors
from bot.media.incoming_quota import IncomingQuota
from bot.media.reservations import Reservations

_FILE_ID = re.compile(r"([0-9a-f]{64})(?:\.[a-z0-9-]{1,40})?")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_CHUNK = 1 << 20

#: an incoming file without a write for so long was left by a process that died
_ABANDONED_MS = 3_600_000


class FolderStorage:
    """Stores files in a folder as `ab/cd/abcd…`. All errors are `MediaError`s."""

    def __init__(self, folder: Path, *, quota: IncomingQuota | None = None) -> None:
        # Absolute, because incoming files are recognised by their folder.
        self.folder = folder.absolute()
        self.incoming = self.folder / "incoming"
        self.reservations = Reservations(self.folder / "locks")
        #: members' quotas in `incoming`
        self.incoming_quota = quota or IncomingQuota()

    def path(self, file_id: str) -> Path:
        """The path of a file, which need not exist."""
        if not _FILE_ID.fullmatch(file_id):
            raise MediaRefused("This is not the id of a file.")
        return self.folder / file_id[:2] / file_id[2:4] / file_id

    async def put(
        self, source: Path | bytes, *, mime: str, width: int, height: int, duration_ms: int | None = None
    ) -> Media:
        """Store a file durably (fsync). A source in `incoming` is moved, any other copied."""
        with disk_errors():
            async with self._entering(source) as path:
                file, size = await asyncio.to_thread(_identify, path)
                async with self.reservations.reserved(file):
                    await asyncio.to_thread(self._place, path, self.path(file))
        return Media(file=file, mime=mime, size=size, width=width, height=height, duration_ms=duration_ms)

    async def put_rendition(self, file: str, name: str, source: Path) -> str:
        """Store a rendition of a stored file, replacing one of the same name; returns its id."""
        target = self.path(f"{file}.{name}")
        with disk_errors():
            async with self._entering(source) as path, self.reservations.reserved(file):
                await asyncio.to_thread(self._place_beside, self.path(file), target, path)
        return target.name

    async def open(self, file_id: str) -> BinaryIO:
        """Open a stored file for reading; the caller closes it."""
        with disk_errors():
            return await asyncio.to_thread(self.path(file_id).open, "rb")

    async def exists(self, file_id: str) -> bool:
        with disk_errors():
            return await asyncio.to_thread(self.path(file_id).is_file)

    async def size(self, file_id: str) -> int:
        """Size of a stored file in bytes; 0 if it does not exist."""
        with disk_errors():
            try:
                return (await asyncio.to_thread(self.path(file_id).stat)).st_size
            except FileNotFoundError:
                return 0

    async def remove(self, file_id: str) -> int:
        """Remove a file with its renditions, or one rendition; returns the bytes freed."""
        with disk_errors():
            return await asyncio.to_thread(self._remove, self.path(file_id))

    async def unreferenced_files(self, older_than_ms: int, *, now: int) -> AsyncIterator[list[str]]:
        """Ids of stored files without a write for so long, in batches; the caller checks references.

        `now` is in milliseconds UTC.
        """
        with disk_errors():
            folders = await asyncio.to_thread(_folders, self.folder)
        for folder in folders:
            with disk_errors():
                found = await asyncio.to_thread(_untouched, folder, now - older_than_ms)
            if found:
                yield found

    async def sweep(self, *, now: int) -> int:
        """Remove incoming files of processes that died; `now` is in milliseconds UTC."""
        with disk_errors():
            return await asyncio.to_thread(self._sweep, now - _ABANDONED_MS)

    def _place(self, path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Replaces an equal file if one exists, so that concurrent calls cannot conflict.
        path.replace(target)
        for folder in (target.parent, target.parent.parent, self.folder):
            _sync(folder)

    def _place_beside(self, file: Path, target: Path, path: Path) -> None:
        if not file.is_file():
            raise MediaUnavailable("This file is no longer stored.")
        path.replace(target)
        _sync(target.parent)

    @asynccontextmanager
    async def _entering(self, source: Path | bytes) -> AsyncIterator[Path]:
        """Copy a file to `incoming` unless it is there, and fsync it; the caller renames it."""
        if isinstance(source, Path) and source.parent == self.incoming:
            await asyncio.to_thread(_sync, source)
            yield source
            return
        path = self.incoming / f"copy-{secrets.token_hex(16)}"
        try:
            await asyncio.to_thread(self._copy, source, path)
            yield path
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def _copy(self, source: Path | bytes, path: Path) -> None:
        self.incoming.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            for chunk in _chunks(source):
                copy.write(chunk)
        _sync(path)

    def _remove(self, path: Path) -> int:
        freed = 0
        if not path.suffix and path.parent.is_dir():
            # Renditions first: after a crash the rest is still found by the file's name.
            for rendition in path.parent.glob(f"{path.name}.*"):
                freed += _unlink(rendition)
        return freed + _unlink(path)

    def _sweep(self, before_ms: int) -> int:
        swept = 0
        self.incoming.mkdir(parents=True, exist_ok=True)
        for entry in self.incoming.iterdir():
            try:
                if entry.stat().st_mtime * 1000 < before_ms:
                    entry.unlink()
                    swept += 1
            except FileNotFoundError:
                continue  # moved on, or swept by another replica
        return swept


def _identify(path: Path) -> tuple[str, int]:
    """The id and the size of a file."""
    return _digest(path), path.stat().st_size


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _sync(path: Path) -> None:
    """Fsync a file or a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if _FOLDER.fullmatch(entry.name))


def _untouched(folder: Path, before_ms: int) -> list[str]:
    """Ids of files below a folder that, like their renditions, have not been written since."""
    touched: defaultdict[str, float] = defaultdict(float)
    for entry in folder.glob("*/*"):
        if named := _FILE_ID.fullmatch(entry.name):
            with suppress(FileNotFoundError):  # removed by another replica
                touched[named[1]] = max(touched[named[1]], entry.stat().st_mtime * 1000)
    return sorted(file for file, at in touched.items() if at < before_ms)


def _unlink(path: Path) -> int:
    """Remove a file and return its size in bytes, 0 if it does not exist."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
