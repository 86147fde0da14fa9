"""Reads the small pictures of a list of jobs, which are attached once its text has been sent."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import structlog

from bot.domain.cards.card import JobView
from bot.domain.errors import MediaError
from bot.domain.generations.media import Media
from bot.service.replies import PrivateReply

_log = structlog.get_logger(__name__)

#: how long a list waits for its pictures
_PATIENCE_S = 30.0


class ThumbnailLibrary(Protocol):
    """The part of the core's media library that is used here."""

    async def thumbnail(self, media: Media, *, member: str | None = None) -> str: ...

    def local(self, file_id: str) -> AbstractAsyncContextManager[Path]: ...


class ListPictures:
    """Reads thumbnails; what cannot be read is listed without one."""

    def __init__(self, library: ThumbnailLibrary) -> None:
        self._library = library

    async def read(self, reply: PrivateReply, member: str) -> Mapping[str, bytes]:
        """The thumbnails of the listed jobs, by job; none of results behind a spoiler."""
        jobs = [job for view in reply.views for job in view.jobs if job.media is not None and not job.spoiler]
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await asyncio.gather(*(self._read(job, member) for job in jobs))
        except TimeoutError:
            return {}
        return {job.id: content for job, content in zip(jobs, found, strict=True) if content is not None}

    async def _read(self, job: JobView, member: str) -> bytes | None:
        assert job.media is not None  # noqa: S101 - only such jobs are read
        try:
            file = await self._library.thumbnail(job.media, member=member)
            async with self._library.local(file) as path:
                return await asyncio.to_thread(path.read_bytes)
        except MediaError as error:
            _log.info("thumbnail_not_read", job=job.id, error=str(error))
            return None
