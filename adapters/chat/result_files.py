"""Result files: a rendition that fits a platform's upload limit, its name, and a link to the full file."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from bot.domain.errors import (
    Delayed,
    FileLost,
    MediaLost,
    MediaRefused,
    MediaUnavailable,
    NotPosted,
    ProcessingFailed,
)
from bot.domain.generations.media import Media, MediaKind
from bot.service.plugin import AdapterContext

#: lifetime of a link to our media page
_LINK_MS = 30 * 86_400_000
#: when to look again for a rendition that is still being made
_RETRY_MS = 3_000
#: renditions tracked before finished ones that nobody asked for again are dropped
_MAX_TRACKED = 100
#: bytes; a rendition below this limit is not worth looking at
_MIN_LIMIT = 2**18

_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}

#: makes the URL of our media page for a file; None where no public URL is set
MediaLinker = Callable[[Media], str | None]


class Library(Protocol):
    """The part of the core's media library that is used here."""

    def local(self, file_id: str) -> AbstractAsyncContextManager[Path]: ...

    async def size(self, file_id: str) -> int: ...

    async def smaller(self, media: Media, max_bytes: int) -> str: ...


def media_linker(context: AdapterContext) -> MediaLinker:
    """Make a function that signs links to our media page."""
    base, signer, clock = context.settings.public_url, context.signer, context.clock

    def link(media: Media) -> str | None:
        if base is None:
            return None
        return f"{base}/media/{signer.sign('media', media.file, expires_at=clock() + _LINK_MS)}/view"

    return link


def file_extension(media: Media, file: str) -> str:
    """The extension for the full file or for a rendition; platforms go by it."""
    if file == media.file:
        return _EXTENSIONS.get(media.mime, ".jpg")
    # Renditions are JPEG or MP4; a video's poster is one of them.
    return ".jpg" if media.kind is MediaKind.PICTURE or file == media.poster else ".mp4"


class ResultFiles:
    """Finds a file of a result that fits a size limit.

    Transcoding a video may take longer than one delivery of its card should. It then continues here, and
    the card's next delivery finds it finished.
    """

    def __init__(self, library: Library, *, patience_s: float = 8.0) -> None:
        self._library = library
        #: how long one delivery waits for a rendition
        self._patience_s = patience_s
        self._renditions: dict[tuple[str, int], asyncio.Task[str]] = {}
        #: renditions that failed once by a fault of ours, the latest last
        self._failed: dict[tuple[str, int], None] = {}

    async def fit(self, media: Media, limit: int) -> str | None:
        """The id of a file of at most `limit` bytes; None where no useful rendition exists.

        Raises Delayed while it is being made, and once after our own processing failed. A second failure
        would only hold up the card, which can link the full file instead.
        """
        if media.size <= limit:
            return media.file
        if limit < _MIN_LIMIT:
            return None
        try:
            return await self._rendition(media, limit)
        except MediaRefused:
            return None
        except MediaLost as error:
            raise FileLost(media.file) from error
        except ProcessingFailed as error:
            if self._failed_before((media.file, limit)):
                return None
            raise Delayed(str(error)) from error
        except MediaUnavailable as error:
            raise Delayed(str(error)) from error

    async def size(self, file_id: str) -> int | None:
        """Bytes of a stored file; None where it cannot be read."""
        try:
            return await self._library.size(file_id) or None
        except MediaUnavailable:
            return None

    @asynccontextmanager
    async def opened(self, *file_ids: str) -> AsyncIterator[Sequence[Path]]:
        """Paths of stored files while they are uploaded; raises NotPosted where one cannot be read.

        FileLost is for results only: what was made from one can be made again.
        """
        async with AsyncExitStack() as exits:
            paths = []
            for file_id in file_ids:
                try:
                    paths.append(await exits.enter_async_context(self._library.local(file_id)))
                except MediaUnavailable as error:
                    if isinstance(error, MediaLost) and "." not in file_id:
                        raise FileLost(file_id) from error
                    raise NotPosted(f"A stored file cannot be read: {error}") from error
            yield paths

    async def close(self) -> None:
        tasks = list(self._renditions.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _failed_before(self, key: tuple[str, int]) -> bool:
        if key in self._failed:
            return True
        self._failed[key] = None
        if len(self._failed) > _MAX_TRACKED:
            del self._failed[next(iter(self._failed))]
        return False

    async def _rendition(self, media: Media, limit: int) -> str:
        key = (media.file, limit)
        task = self._renditions.get(key)
        if task is None:
            self._drop_finished()
            task = asyncio.create_task(self._library.smaller(media, limit), name=f"shrink {media.file[:12]}")
            self._renditions[key] = task
        done, _ = await asyncio.wait([task], timeout=self._patience_s)
        if not done:
            raise Delayed("A smaller file is being made", retry_after_ms=_RETRY_MS)
        self._renditions.pop(key, None)
        return task.result()

    def _drop_finished(self) -> None:
        """Drop renditions of cards that are no longer delivered."""
        if len(self._renditions) > _MAX_TRACKED:
            for key, task in list(self._renditions.items()):
                if task.done():
                    # Read the exception, or asyncio logs it as never retrieved.
                    _ = task.cancelled() or task.exception()
                    del self._renditions[key]
