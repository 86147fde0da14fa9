"""Makes a result fit a platform's limit, while the card that shows it takes its turns."""

import asyncio
from pathlib import Path
from typing import Protocol

from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable, ProcessingFailed
from bot.domain.media import Media

#: when a card asks again for a smaller file that is being made
_AGAIN_MS = 3_000
#: smaller files in the making or made, before those that nobody came for are let go
_REMEMBERED = 100
#: less than this, in bytes, is nothing worth looking at
_LEAST = 2**18


class Library(Protocol):
    """What is needed of the core's library."""

    def path(self, file_id: str) -> Path: ...

    async def smaller(self, media: Media, max_bytes: int) -> Path: ...


class Shrinking:
    """Finds a file of a size; shrinking a film takes longer than one show of its card may.

    So it goes on here meanwhile, and the card's next show finds it done.
    """

    def __init__(self, library: Library, *, patience_s: float = 8.0) -> None:
        self._library = library
        #: how long a show waits for a smaller file before it lets others go first
        self._patience_s = patience_s
        self._making: dict[tuple[str, int], asyncio.Task[Path]] = {}
        #: those that our own processing has failed on once, the latest last
        self._failed: dict[tuple[str, int], None] = {}

    async def fit(self, media: Media, limit: int) -> Path | None:
        """A file of at most `limit` bytes that shows the same; None where none is worth looking at.

        Raises Delayed while it is being made, and once where making it failed by our own fault: a second
        failure would only hold up the card, which can link the whole file instead.
        """
        if media.size <= limit:
            return self._library.path(media.file)
        if limit < _LEAST:
            return None
        try:
            return await self._smaller(media, limit)
        except MediaRefused:
            return None
        except ProcessingFailed as error:
            if self._failed_before((media.file, limit)):
                return None
            raise Delayed(str(error)) from error
        except MediaUnavailable as error:
            raise Delayed(str(error)) from error

    def _failed_before(self, key: tuple[str, int]) -> bool:
        if key in self._failed:
            return True
        self._failed[key] = None
        if len(self._failed) > _REMEMBERED:
            del self._failed[next(iter(self._failed))]
        return False

    def still(self, media: Media) -> Path:
        """What stands for it where nothing moves."""
        return self._library.path(media.poster)

    async def close(self) -> None:
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _smaller(self, media: Media, limit: int) -> Path:
        key = (media.file, limit)
        task = self._making.get(key)
        if task is None:
            self._forget()
            task = asyncio.create_task(self._library.smaller(media, limit), name=f"shrink {media.file[:12]}")
            self._making[key] = task
        done, _ = await asyncio.wait([task], timeout=self._patience_s)
        if not done:
            raise Delayed("A smaller file is being made", retry_after_ms=_AGAIN_MS)
        self._making.pop(key, None)
        return task.result()

    def _forget(self) -> None:
        """Let go of what was made for cards that nobody asks for any longer."""
        if len(self._making) > _REMEMBERED:
            for key, task in list(self._making.items()):
                if task.done():
                    # Looked at, or asyncio would complain of an error that nobody saw.
                    _ = task.cancelled() or task.exception()
                    del self._making[key]
