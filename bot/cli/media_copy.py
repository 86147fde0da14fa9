"""`media copy`: the stored media of one place are copied to another, a folder or a bucket.

Files are named by their content, so that a copy that was interrupted goes on where it was, and a file that is
damaged is found by its name.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.cli.store_access import sqlite_file
from bot.domain.errors import InvalidRequest, MediaLost, MediaUnavailable, ReverieError
from bot.media.disk import show_bytes
from bot.media.sniff import mime_of
from bot.media.storage.base import Storage, is_rendition
from bot.media.storage.bucket_location import bucket_of
from bot.media.storage.folder import FileLocks, FolderStorage
from bot.media.storage.incoming import identify
from bot.settings import MEDIA_URL_LIKE, Settings, is_media_url
from bot.store.database.file_lock import Locked, lock_folder, lock_store

#: files that are copied at once
_AT_ONCE = 8
#: seconds between two reports of progress
_REPORTED_EVERY_S = 5.0
#: local copies of a bucket's files while they are copied
_CACHE_BYTES = 500_000_000


@dataclass(slots=True, kw_only=True)
class Copied:
    """What has been copied so far."""

    #: files and renditions to copy, and their bytes
    files: int = 0
    size: int = 0
    #: those of them that the target had already
    present: int = 0
    copied: int = 0
    copied_size: int = 0
    #: files whose content is not what their name says; they are not copied
    damaged: list[str] = field(default_factory=list)
    #: why files may be missing in the target although all were copied; empty where none can be
    running: str = ""

    @property
    def complete(self) -> bool:
        return not self.damaged and not self.running


async def copy_media(
    settings: Settings, source: str, target: str, report: Callable[[Copied], object]
) -> Copied:
    """Copy what the target does not have; `report` is called now and then."""
    if source == target:
        raise InvalidRequest("Name two different places: a folder like data/media, a bucket like s3://films")
    if not source.startswith("s3:") and not Path(source).is_dir():  # noqa: ASYNC240 - before anything begins
        raise InvalidRequest(
            f"There is no folder {source}: the media are in the folder media of the data folder"
        )
    async with AsyncExitStack() as exits:
        copied = Copied(running=_lock(settings, exits))
        old = await exits.enter_async_context(_opened(settings, source))
        new = await exits.enter_async_context(_opened(settings, target))
        present = await _sizes(new)
        wanted = await _sizes(old)
        copied.files, copied.size = len(wanted), sum(wanted.values())
        missing = {file: size for file, size in wanted.items() if present.get(file) != size}
        copied.present = copied.files - len(missing)
        # A rendition is stored beside its file only.
        for renditions in (False, True):
            part = iter([one for one in missing.items() if is_rendition(one[0]) is renditions])
            try:
                async with asyncio.TaskGroup() as group:
                    for number in range(_AT_ONCE):
                        group.create_task(_copy_all(part, old, new, copied, report), name=f"copy {number}")
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from errors
    return copied


async def _copy_all(
    files: Iterator[tuple[str, int]],
    old: Storage,
    new: Storage,
    copied: Copied,
    report: Callable[[Copied], object],
) -> None:
    reported_at = time.monotonic()
    for file, size in files:
        try:
            await _copy(file, old, new)
        except MediaLost:
            copied.damaged.append(file)
        except MediaUnavailable as error:
            raise ReverieError(f"{error} Call this again: it goes on from here") from error
        else:
            copied.copied += 1
            copied.copied_size += size
        if time.monotonic() - reported_at >= _REPORTED_EVERY_S:
            reported_at = time.monotonic()
            report(copied)


async def _copy(file: str, old: Storage, new: Storage) -> None:
    async with old.local(file) as path:
        if is_rendition(file):
            digest, _, name = file.partition(".")
            await new.put_rendition(digest, name, path)
            return
        digest, _ = await asyncio.to_thread(identify, path)
        if digest != file:
            raise MediaLost
        mime = await asyncio.to_thread(mime_of, path)
        await new.put(path, mime=mime or "", width=0, height=0)


async def _sizes(storage: Storage) -> dict[str, int]:
    sizes: dict[str, int] = {}
    async for batch in storage.listed():
        sizes |= batch
    return sizes


@asynccontextmanager
async def _opened(settings: Settings, place: str) -> AsyncIterator[Storage]:
    if not place.startswith("s3:"):
        yield FolderStorage(Path(place))
        return
    if not is_media_url(place):
        raise InvalidRequest(f"{place} is no bucket: {MEDIA_URL_LIKE}")
    # The library is large, and needed for a bucket only.
    from bot.media.storage.bucket import BucketStorage  # noqa: PLC0415
    from bot.media.storage.bucket_client import BucketClient  # noqa: PLC0415
    from bot.media.storage.cache import LocalCache  # noqa: PLC0415

    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="reverie-copy-")))
        cache = LocalCache(folder / "cache", max_bytes=_CACHE_BYTES)
        exits.callback(cache.close)
        client = BucketClient(bucket_of(settings, place))
        yield BucketStorage(client, cache, FileLocks(folder / "locks"), links=False)


def _lock(settings: Settings, exits: AsyncExitStack) -> str:
    """Keep the bot from starting meanwhile; returns why that is not certain, empty where it is."""
    if not settings.database.startswith("sqlite"):
        return "other processes may use this database: stop all of them"
    if not sqlite_file(settings).exists():
        return ""
    try:
        exits.enter_context(lock_store(settings.database))
        exits.enter_context(lock_folder(settings.data_dir))
    except Locked as error:
        return f"the bot runs as process {error.holder}: stop it" if error.holder else "the bot runs: stop it"
    return ""


def show_progress(copied: Copied) -> str:
    done = copied.present + copied.copied
    return f"{done} of {copied.files} files ({show_bytes(copied.copied_size)} copied)"
