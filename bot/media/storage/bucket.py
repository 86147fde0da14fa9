"""Media in a bucket, as `ab/cd/abcd…` below its prefix, with local copies of the files in work."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.domain.errors import MediaLost
from bot.domain.generations.media import Media
from bot.media.disk import disk_errors
from bot.media.sniff import EXTENSIONS, mime_of, mime_of_beginning
from bot.media.storage import incoming
from bot.media.storage.base import (
    Reservations,
    ServedFile,
    digest_of_id,
    is_file_id,
    is_rendition,
    relative_path,
)
from bot.media.storage.bucket_client import BucketClient, Listed
from bot.media.storage.cache import LocalCache
from bot.media.storage.incoming import IncomingQuota

#: how long a URL works to which our own signed link redirects
_LINK = timedelta(hours=1)
_CACHED = "private, max-age=86400, immutable"
_NO_TYPE = "application/octet-stream"


class BucketStorage:
    """Keeps files in a bucket. What is stored is in the bucket before `put` returns."""

    def __init__(
        self,
        client: BucketClient,
        cache: LocalCache,
        reservations: Reservations,
        *,
        quota: IncomingQuota | None = None,
        links: bool,
    ) -> None:
        """With `links` people and providers can reach the bucket, so that they read from it directly."""
        self.client = client
        self.cache = cache
        self.incoming = cache.incoming
        self.incoming_quota = quota or IncomingQuota()
        self._reservations = reservations
        self._links = links

    @property
    def links_origin(self) -> str | None:
        return self.client.bucket.origin if self._links else None

    @property
    def reservations(self) -> Reservations:
        return self._reservations

    async def put(
        self, source: Path | bytes, *, mime: str, width: int, height: int, duration_ms: int | None = None
    ) -> Media:
        with disk_errors():
            async with incoming.entering(source, self.incoming) as path:
                # Else a power cut could leave a copy in the cache that is only partly there.
                file, size = await asyncio.to_thread(incoming.flush, path)
                async with self._reservations.reserved(file):
                    await self.client.put(relative_path(file), path, _attributes(mime))
                    await self.cache.adopt(path, file, size)
        return Media(file=file, mime=mime, size=size, width=width, height=height, duration_ms=duration_ms)

    async def put_rendition(self, file: str, name: str, source: Path) -> str:
        target = f"{file}.{name}"
        key = relative_path(target)
        with disk_errors():
            async with (
                incoming.entering(source, self.incoming) as path,
                self._reservations.reserved(file),
            ):
                await self.client.look(relative_path(file))
                mime, size = await asyncio.to_thread(_flush, path)
                await self.client.put(key, path, _attributes(mime))
                await self.cache.adopt(path, target, size)
        return target

    @asynccontextmanager
    async def local(self, file_id: str) -> AsyncIterator[Path]:
        key = relative_path(file_id)

        async def fetch(path: Path) -> None:
            digest = await self.client.download(key, path)
            if not is_rendition(file_id) and digest != file_id:
                raise MediaLost("This file is stored, but its content has changed.")

        async with self.cache.opened(file_id, lambda: self.client.size(key), fetch) as path:
            yield path

    async def serve(self, file_id: str) -> ServedFile:
        key = relative_path(file_id)
        seen = await self.client.look(key)
        mime = mime_of_beginning(seen.beginning)
        # Redirected to, the bucket alone says what type the file has.
        if not self._links or mime not in EXTENSIONS or seen.content_type != mime:
            return ServedFile(mime=mime, size=seen.size)
        return ServedFile(mime=mime, size=seen.size, url=await self.client.sign(key, _LINK))

    async def exists(self, file_id: str) -> bool:
        return await self.size(file_id) > 0

    async def size(self, file_id: str) -> int:
        try:
            return await self.client.size(relative_path(file_id))
        except MediaLost:
            return 0

    async def remove(self, file_id: str) -> int:
        folder = relative_path(file_id).rpartition("/")[0]
        freed = 0
        own: list[Listed] = []
        async for page in self.client.listed(folder):
            own += [one for one in page if _belongs(one, file_id)]
        # The file goes last: what a crash leaves behind is still found by its name.
        for one in sorted(own, key=lambda one: one.key, reverse=True):
            await self.client.remove(one.key)
            freed += one.size
        for name in {file_id, *(_name(one) for one in own)}:
            await self.cache.drop(name)
        return freed

    async def listed(self) -> AsyncIterator[Mapping[str, int]]:
        async for page in self.client.listed():
            yield {_name(one): one.size for one in page if _is_ours(one)}

    async def unreferenced_files(self, older_than_ms: int, *, now: int) -> AsyncIterator[list[str]]:
        before = now - older_than_ms
        #: when the files of this page were last touched; the last one may go on in the next page
        touched: dict[str, int] = {}
        async for page in self.client.listed():
            last = next(reversed(touched), None)
            for one in page:
                if _is_ours(one):
                    last = digest_of_id(_name(one))
                    touched[last] = max(touched.get(last, 0), one.changed_at)
            if found := [file for file, at in touched.items() if at < before and file != last]:
                yield found
            touched = {} if last is None else {last: touched[last]}
        if found := [file for file, at in touched.items() if at < before]:
            yield found

    async def used_bytes(self) -> int:
        return sum([sum(sizes.values()) async for sizes in self.listed()])

    async def sweep(self, *, now: int) -> int:
        await self.cache.remove_unused()
        with disk_errors():
            return await asyncio.to_thread(incoming.sweep, self.incoming, now=now)

    async def fault(self) -> str | None:
        return await self.client.fault()


def _flush(path: Path) -> tuple[str | None, int]:
    """Make a rendition survive a power cut in the cache; returns its type and size."""
    incoming.sync(path)
    return mime_of(path), path.stat().st_size


def _attributes(mime: str | None) -> dict[str, str]:
    """With what headers the bucket serves a file; its type is one that browsers only show, or none."""
    kind = mime if mime in EXTENSIONS else None
    ending = EXTENSIONS[kind] if kind is not None else "bin"
    return {
        "Content-Type": kind or _NO_TYPE,
        "Content-Disposition": f'inline; filename="reverie.{ending}"',
        "Cache-Control": _CACHED,
    }


def _name(listed: Listed) -> str:
    return listed.key.rpartition("/")[2]


def _is_ours(listed: Listed) -> bool:
    name = _name(listed)
    return is_file_id(name) and relative_path(name) == listed.key


def _belongs(listed: Listed, file_id: str) -> bool:
    """Whether an object is a file, or one of its renditions where it is no rendition itself."""
    name = _name(listed)
    return name == file_id or (not is_rendition(file_id) and name.startswith(f"{file_id}."))
