"""Media in a folder, as `ab/cd/abcd…`, with the reservations of its files."""

import asyncio
import fcntl
import os
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from bot.domain.errors import MediaLost
from bot.domain.generations.media import Media
from bot.media.disk import disk_errors, used_bytes
from bot.media.sniff import mime_of
from bot.media.storage import incoming
from bot.media.storage.base import ServedFile, digest_of_id, is_file_id, relative_path
from bot.media.storage.incoming import IncomingQuota

#: seconds between two attempts to lock a file that is being removed
_PAUSE_S = 0.01
#: length of the name's prefix that files share a lock by: at most 4,096 locks
_SHARED = 3

_scope: ContextVar[list[int] | None] = ContextVar("reservations", default=None)
_FOLDER = re.compile(r"[0-9a-f]{2}")


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


class FolderStorage:
    """Keeps files in a folder."""

    def __init__(self, folder: Path, *, quota: IncomingQuota | None = None) -> None:
        # Files move within it, and are recognised by where they lie, whatever the process calls its folder.
        self.folder = folder.absolute()
        self.incoming = self.folder / "incoming"
        self.reservations = FileLocks(self.folder / "locks")
        self.incoming_quota = quota or IncomingQuota()
        self.links_origin = None
        #: names in it that are known to survive a power cut
        self._flushed: set[str] = set()

    def path(self, file_id: str) -> Path:
        """Say where a file lies, or would lie."""
        return self.folder / relative_path(file_id)

    async def put(
        self, source: Path | bytes, *, mime: str, width: int, height: int, duration_ms: int | None = None
    ) -> Media:
        with disk_errors():
            async with incoming.entering(source, self.incoming) as path:
                file, size = await asyncio.to_thread(incoming.flush, path)
                async with self.reservations.reserved(file):
                    await asyncio.to_thread(self._place, path, self.path(file))
        return Media(file=file, mime=mime, size=size, width=width, height=height, duration_ms=duration_ms)

    async def put_rendition(self, file: str, name: str, source: Path) -> str:
        target = self.path(f"{file}.{name}")
        with disk_errors():
            async with (
                incoming.entering(source, self.incoming) as path,
                self.reservations.reserved(file),
            ):
                await asyncio.to_thread(self._place_beside, self.path(file), target, path)
        return target.name

    @asynccontextmanager
    async def local(self, file_id: str) -> AsyncIterator[Path]:
        path = self.path(file_id)
        if not await self.exists(file_id):
            raise MediaLost
        yield path

    async def serve(self, file_id: str) -> ServedFile:
        path = self.path(file_id)
        with disk_errors():
            mime, size = await asyncio.to_thread(lambda: (mime_of(path), path.stat().st_size))
        return ServedFile(mime=mime, size=size)

    async def exists(self, file_id: str) -> bool:
        path = self.path(file_id)
        with disk_errors():
            return await asyncio.to_thread(path.is_file)

    async def size(self, file_id: str) -> int:
        path = self.path(file_id)
        with disk_errors():
            try:
                return (await asyncio.to_thread(path.stat)).st_size
            except FileNotFoundError:
                return 0

    async def remove(self, file_id: str) -> int:
        path = self.path(file_id)
        with disk_errors():
            return await asyncio.to_thread(self._remove, path)

    async def listed(self) -> AsyncIterator[Mapping[str, int]]:
        with disk_errors():
            folders = await asyncio.to_thread(_folders, self.folder)
        for folder in folders:
            with disk_errors():
                yield await asyncio.to_thread(_sizes, folder)

    async def unreferenced_files(self, older_than_ms: int, *, now: int) -> AsyncIterator[list[str]]:
        with disk_errors():
            folders = await asyncio.to_thread(_folders, self.folder)
        for folder in folders:
            with disk_errors():
                found = await asyncio.to_thread(_untouched, folder, now - older_than_ms)
            if found:
                yield found

    async def used_bytes(self) -> int:
        return await asyncio.to_thread(used_bytes, self.folder)

    async def sweep(self, *, now: int) -> int:
        with disk_errors():
            return await asyncio.to_thread(incoming.sweep, self.incoming, now=now)

    async def fault(self) -> str | None:
        # What is wrong with the disk is found where the database is checked, which is on it.
        return None

    def _place(self, path: Path, target: Path) -> None:
        upper = target.parent.parent
        try:
            target.parent.mkdir(exist_ok=True)
        except FileNotFoundError:
            self._flushed.discard(upper.name)
            target.parent.mkdir(parents=True, exist_ok=True)
        incoming.place(path, target)
        incoming.sync(target.parent)
        incoming.sync(upper)
        # It has at most 256 names, and each flush of a folder may be one of the disk.
        if upper.name not in self._flushed:
            incoming.sync(self.folder)
            self._flushed.add(upper.name)

    def _place_beside(self, file: Path, target: Path, path: Path) -> None:
        if not file.is_file():
            raise MediaLost
        incoming.sync(path)
        incoming.place(path, target)
        incoming.sync(target.parent)

    def _remove(self, path: Path) -> int:
        freed = 0
        if not path.suffix and path.parent.is_dir():
            # The file goes last: what a crash leaves behind is still found by its name.
            for rendition in path.parent.glob(f"{path.name}.*"):
                freed += _unlink(rendition)
        return freed + _unlink(path)


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if _FOLDER.fullmatch(entry.name))


def _sizes(folder: Path) -> dict[str, int]:
    """The bytes of the files below a folder."""
    sizes = {}
    for entry in sorted(folder.glob("*/*")):
        if is_file_id(entry.name):
            with suppress(FileNotFoundError):  # removed by another process
                sizes[entry.name] = entry.stat().st_size
    return sizes


def _untouched(folder: Path, before_ms: int) -> list[str]:
    """Name the files below a folder that have not been written since, and neither have their renditions."""
    touched: defaultdict[str, float] = defaultdict(float)
    for entry in folder.glob("*/*"):
        if is_file_id(entry.name):
            file = digest_of_id(entry.name)
            with suppress(FileNotFoundError):  # removed by another replica
                touched[file] = max(touched[file], entry.stat().st_mtime * 1000)
    return sorted(file for file, at in touched.items() if at < before_ms)


def _unlink(path: Path) -> int:
    """Remove a file; answers the bytes that it had, 0 where it is gone already."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
