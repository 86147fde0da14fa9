"""Where pictures lie: by the digest of their content, so that the same picture twice is one file."""

import asyncio
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from bot.domain.errors import MediaRefused, MediaUnavailable

_FILE_ID = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20

#: a file on its way in that nobody has written to for so long was left by a process that died
_ABANDONED_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that lies safely in our storage."""

    #: SHA-256 of the content, 64 lower-case hexadecimal digits
    id: str
    mime: str
    bytes: int
    #: pixels, as shown
    width: int
    height: int


class Storage(Protocol):
    """Keeps files by the digest of their content. All errors are `MediaError`s."""

    #: local folder for files on their way in
    incoming: Path

    async def put(self, source: Path | bytes, *, mime: str, width: int, height: int) -> StoredFile:
        """Keep a copy for good: once this answers, it survives a power cut."""
        ...

    async def open(self, file_id: str) -> BinaryIO:
        """Open a kept file for reading; the caller closes it."""
        ...

    async def exists(self, file_id: str) -> bool: ...

    async def remove(self, file_id: str) -> None:
        """Forget a file; one that is gone already is no error."""
        ...


class FolderStorage:
    """Keeps files in a folder, as `ab/cd/abcd…`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"

    def path(self, file_id: str) -> Path:
        """Say where a file lies, or would lie."""
        if not _FILE_ID.fullmatch(file_id):
            raise MediaRefused("This is not the id of a file.")
        return self.folder / file_id[:2] / file_id[2:4] / file_id

    async def put(self, source: Path | bytes, *, mime: str, width: int, height: int) -> StoredFile:
        with _translated():
            file_id, size = await asyncio.to_thread(self._keep, source)
        return StoredFile(id=file_id, mime=mime, bytes=size, width=width, height=height)

    async def open(self, file_id: str) -> BinaryIO:
        with _translated():
            return await asyncio.to_thread(self.path(file_id).open, "rb")

    async def exists(self, file_id: str) -> bool:
        with _translated():
            return await asyncio.to_thread(self.path(file_id).is_file)

    async def remove(self, file_id: str) -> None:
        with _translated():
            await asyncio.to_thread(self.path(file_id).unlink, missing_ok=True)

    async def sweep(self, *, now: int) -> int:
        """Remove what processes that died left on its way in; `now` is in milliseconds UTC."""
        with _translated():
            return await asyncio.to_thread(self._sweep, now - _ABANDONED_MS)

    def _keep(self, source: Path | bytes) -> tuple[str, int]:
        self.incoming.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.incoming)
        try:
            with os.fdopen(handle, "wb") as copy:
                file_id = _copy(source, copy)
                copy.flush()
                os.fsync(handle)
                size = copy.tell()
            target = self.path(file_id)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Replaces an equal file where there is one, so that two at once cannot trip over each other.
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for folder in (target.parent, target.parent.parent, self.folder):
            _sync_folder(folder)
        return file_id, size

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


def _copy(source: Path | bytes, copy: BinaryIO) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(source):
        digest.update(chunk)
        copy.write(chunk)
    return digest.hexdigest()


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                text = "The media storage is full."
            case errno.EROFS | errno.EACCES | errno.EPERM:
                text = "The media storage cannot be written to: it is read-only or belongs to another user."
            case errno.ENOENT:
                text = "This file is no longer stored."
            case _:
                text = f"The media storage failed: {error.strerror or type(error).__name__}."
        raise MediaUnavailable(text) from error
