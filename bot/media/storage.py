"""Where media lie: by the digest of their content, so that the same picture twice is one file.

What is made from a file, such as the still of a video, is a *rendition*: it lies next to the file, is called
`<digest>.<name>`, and is removed with it.
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
from typing import BinaryIO, Protocol

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.domain.media import Media
from bot.media.disk_errors import disk_errors
from bot.media.incoming_quota import IncomingQuota
from bot.media.reservations import Reservations

_FILE_ID = re.compile(r"([0-9a-f]{64})(?:\.[a-z0-9-]{1,40})?")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_CHUNK = 1 << 20

#: a file on its way in that nobody has written to for so long was left by a process that died
_ABANDONED_MS = 3_600_000


class Storage(Protocol):
    """Keeps files by the digest of their content. All errors are `MediaError`s."""

    #: local folder for files on their way in
    incoming: Path

    async def put(
        self, source: Path | bytes, *, mime: str, width: int, height: int, duration_ms: int | None = None
    ) -> Media:
        """Keep a file for good: once this answers, it survives a power cut.

        A source in `incoming` is moved, any other copied.
        """
        ...

    async def put_rendition(self, file: str, name: str, source: Path) -> str:
        """Keep what was made from a kept file, in the place of what had that name; answers its id."""
        ...

    async def open(self, file_id: str) -> BinaryIO:
        """Open a kept file for reading; the caller closes it."""
        ...

    async def exists(self, file_id: str) -> bool: ...

    async def remove(self, file_id: str) -> int:
        """Forget a file with its renditions, or one rendition, and answer the bytes that this frees.

        One that is gone already is no error.
        """
        ...

    def unreferenced_files(self, older_than_ms: int, *, now: int) -> AsyncIterator[list[str]]:
        """Name all kept files, in batches, with which nothing has been done for so long.

        Who asks must find out which of them are still needed. `now` is in milliseconds UTC.
        """
        ...


class FolderStorage:
    """Keeps files in a folder, as `ab/cd/abcd…`."""

    def __init__(self, folder: Path, *, quota: IncomingQuota | None = None) -> None:
        # Files move within it, and are recognised by where they lie, whatever the process calls its folder.
        self.folder = folder.absolute()
        self.incoming = self.folder / "incoming"
        self.reservations = Reservations(self.folder / "locks")
        #: what members may have in `incoming`
        self.incoming_quota = quota or IncomingQuota()

    def path(self, file_id: str) -> Path:
        """Say where a file lies, or would lie."""
        if not _FILE_ID.fullmatch(file_id):
            raise MediaRefused("This is not the id of a file.")
        return self.folder / file_id[:2] / file_id[2:4] / file_id

    async def put(
        self, source: Path | bytes, *, mime: str, width: int, height: int, duration_ms: int | None = None
    ) -> Media:
        with disk_errors():
            async with self._entering(source) as path:
                file, size = await asyncio.to_thread(_identify, path)
                async with self.reservations.reserved(file):
                    await asyncio.to_thread(self._place, path, self.path(file))
        return Media(file=file, mime=mime, size=size, width=width, height=height, duration_ms=duration_ms)

    async def put_rendition(self, file: str, name: str, source: Path) -> str:
        target = self.path(f"{file}.{name}")
        with disk_errors():
            async with self._entering(source) as path, self.reservations.reserved(file):
                await asyncio.to_thread(self._place_beside, self.path(file), target, path)
        return target.name

    async def open(self, file_id: str) -> BinaryIO:
        with disk_errors():
            return await asyncio.to_thread(self.path(file_id).open, "rb")

    async def exists(self, file_id: str) -> bool:
        with disk_errors():
            return await asyncio.to_thread(self.path(file_id).is_file)

    async def size(self, file_id: str) -> int:
        """Bytes of a kept file; 0 where it is gone."""
        with disk_errors():
            try:
                return (await asyncio.to_thread(self.path(file_id).stat)).st_size
            except FileNotFoundError:
                return 0

    async def remove(self, file_id: str) -> int:
        with disk_errors():
            return await asyncio.to_thread(self._remove, self.path(file_id))

    async def unreferenced_files(self, older_than_ms: int, *, now: int) -> AsyncIterator[list[str]]:
        with disk_errors():
            folders = await asyncio.to_thread(_folders, self.folder)
        for folder in folders:
            with disk_errors():
                found = await asyncio.to_thread(_untouched, folder, now - older_than_ms)
            if found:
                yield found

    async def sweep(self, *, now: int) -> int:
        """Remove what processes that died left on its way in; `now` is in milliseconds UTC."""
        with disk_errors():
            return await asyncio.to_thread(self._sweep, now - _ABANDONED_MS)

    def _place(self, path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Replaces an equal file where there is one, so that two at once cannot trip over each other.
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
        """Bring a file into `incoming` and onto the disk; it is renamed into its place from there."""
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
            # The file goes last: what a crash leaves behind is still found by its name.
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
    """Make the content of a file, or the names in a folder, survive a power cut."""
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
    """Name the files below a folder that have not been written since, and neither have their renditions."""
    touched: defaultdict[str, float] = defaultdict(float)
    for entry in folder.glob("*/*"):
        if named := _FILE_ID.fullmatch(entry.name):
            with suppress(FileNotFoundError):  # removed by another replica
                touched[named[1]] = max(touched[named[1]], entry.stat().st_mtime * 1000)
    return sorted(file for file, at in touched.items() if at < before_ms)


def _unlink(path: Path) -> int:
    """Remove a file; answers the bytes that it had, 0 where it is gone already."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
