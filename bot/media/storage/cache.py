"""Local copies of the files of a bucket, for work that needs a path.

Each process has a folder of its own in the cache, whose lock the kernel releases when the process ends. The
next process takes it over with what is in it.
"""

import asyncio
import fcntl
import os
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from bot.media.disk import disk_errors, free_bytes
from bot.media.storage.base import is_file_id
from bot.media.storage.incoming import sync

#: copies that nobody has used for so long are removed: their files may have been removed meanwhile
_UNUSED_S = 3_600.0

#: writes a file to a new path
Fetch = Callable[[Path], Awaitable[None]]


class LocalCache:
    """Keeps the most recently used files, up to a number of bytes.

    Files in use stay. If there are more of them than fit, the cache is larger for so long.
    """

    def __init__(self, folder: Path, *, max_bytes: int, least_free: int = 0) -> None:
        """`least_free` is how many bytes the disk should have left."""
        with disk_errors():
            self.folder, self._lock = _claim(folder.absolute())
        self.incoming = self.folder / "incoming"
        self._max_bytes = max_bytes
        self._least_free = least_free
        #: sizes by file id, the most recently used last
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._total = 0
        #: when each was used last, in seconds of the monotonic clock
        self._used_at: dict[str, float] = {}
        self._in_use: Counter[str] = Counter()
        #: bytes of files on their way in
        self._arriving = 0
        self._fetching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        with disk_errors():
            self._take_over()

    def close(self) -> None:
        """Let another process have the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @asynccontextmanager
    async def opened(
        self, file_id: str, size: Callable[[], Awaitable[int]], fetch: Fetch
    ) -> AsyncIterator[Path]:
        """The copy of a file, which stays while the context lasts; fetched once, whoever asks."""
        path = self._path(file_id)
        self._in_use[file_id] += 1
        try:
            async with self._fetching.setdefault(file_id, asyncio.Lock()):
                if file_id not in self._sizes or not await asyncio.to_thread(path.is_file):
                    await self._fetch(file_id, await size(), fetch)
            self._use(file_id)
            yield path
        finally:
            self._in_use[file_id] -= 1
            if not self._in_use[file_id]:
                del self._in_use[file_id]

    async def adopt(self, path: Path, file_id: str, size: int) -> None:
        """Move a file from `incoming` into the cache."""
        await self._make_room(size)
        await asyncio.to_thread(path.replace, self._path(file_id))
        self._add(file_id, size)

    async def drop(self, file_id: str) -> None:
        """Remove the copy of a file that was removed."""
        self._forget(file_id)
        await asyncio.to_thread(self._path(file_id).unlink, missing_ok=True)

    async def remove_unused(self) -> None:
        """Remove the copies that nobody has used for an hour."""
        before = time.monotonic() - _UNUSED_S
        for file_id in [
            one for one in self._sizes if self._used_at[one] < before and one not in self._in_use
        ]:
            await self.drop(file_id)

    async def _fetch(self, file_id: str, size: int, fetch: Fetch) -> None:
        with disk_errors():
            await asyncio.to_thread(self.incoming.mkdir, parents=True, exist_ok=True)
            path = self.incoming / f"fetched-{secrets.token_hex(16)}"
            self._arriving += size
            try:
                await self._make_room(0)
                await fetch(path)
                # Else a power cut could leave a copy that is only partly there, and found by the next start.
                await asyncio.to_thread(sync, path)
                await asyncio.to_thread(path.replace, self._path(file_id))
            finally:
                self._arriving -= size
                await asyncio.to_thread(path.unlink, missing_ok=True)
        self._add(file_id, size)

    async def _make_room(self, size: int) -> None:
        """Remove the least recently used copies until so many bytes fit, as far as nobody uses them."""
        for file_id in list(self._sizes):
            free = await asyncio.to_thread(free_bytes, self.folder)
            fits = self._total + self._arriving + size <= self._max_bytes
            if fits and free - self._arriving >= self._least_free:
                return
            if file_id not in self._in_use:
                await self.drop(file_id)

    def _add(self, file_id: str, size: int) -> None:
        self._forget(file_id)
        self._sizes[file_id] = size
        self._total += size
        self._used_at[file_id] = time.monotonic()

    def _use(self, file_id: str) -> None:
        # A file that is removed while it is used has no copy any more that could be found.
        if file_id in self._sizes:
            self._sizes.move_to_end(file_id)
            self._used_at[file_id] = time.monotonic()

    def _forget(self, file_id: str) -> None:
        self._total -= self._sizes.pop(file_id, 0)
        self._used_at.pop(file_id, None)

    def _path(self, file_id: str) -> Path:
        return self.folder / file_id

    def _take_over(self) -> None:
        """Find the copies that an earlier process has left here."""
        now, monotonic = time.time(), time.monotonic()
        entries = [(entry.stat(), entry.name) for entry in os.scandir(self.folder) if is_file_id(entry.name)]
        for status, name in sorted(entries, key=lambda entry: entry[0].st_mtime):
            self._sizes[name] = status.st_size
            self._total += status.st_size
            self._used_at[name] = monotonic - max(0.0, now - status.st_mtime)


def _claim(folder: Path) -> tuple[Path, int]:
    """The first folder in the cache that no process uses, and the lock on it."""
    number = 0
    while True:
        own = folder / str(number)
        own.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(own / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            number += 1
        except BaseException:
            os.close(descriptor)
            raise
        else:
            return own, descriptor
