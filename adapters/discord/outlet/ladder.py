"""The ladder for big files: the file itself → a smaller one with the full one linked → a link alone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from adapters.discord.api.rest import Upload
from adapters.discord.cards.rendering import alt_text
from bot.domain.cards import CardView, JobView
from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable
from bot.domain.media import Media, MediaKind

#: what Discord takes of everybody, in bytes
LIMIT = 10 * 2**20
#: when a card asks again for a smaller file that is being made
_AGAIN_MS = 3_000
#: smaller files in the making or made, before those that nobody came for are let go
_REMEMBERED = 100
#: less than this is no video worth looking at
_LEAST = 2**18

#: a page of ours that shows the file in full; None where nobody could open it
Link = Callable[[Media], str | None]


class Library(Protocol):
    """What is needed of the core's library."""

    def path(self, file_id: str) -> Path: ...

    async def smaller(self, media: Media, max_bytes: int) -> Path: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What goes up with a revision of a card, and what of it lies there already."""

    #: Discord's own `attachments`; what it does not list is dropped
    attachments: Sequence[dict[str, Any]]
    uploads: Sequence[Upload]
    #: job → where its file can be had in full
    links: Mapping[str, str]
    #: a result can neither be sent nor linked, at most its poster is shown
    short: bool


class Ladder:
    """Finds for each result the best file that a place takes."""

    def __init__(self, library: Library, link: Link, *, patience_s: float = 8.0) -> None:
        self._library = library
        self._link = link
        #: how long a show waits for a smaller file before it lets others go first
        self._patience_s = patience_s
        #: A show may take a part of its card's lease only, and shrinking a film takes longer: it goes on
        #: here meanwhile, and the card's next show finds it done.
        self._shrinking: dict[tuple[str, int], asyncio.Task[Path]] = {}

    async def load(self, view: CardView, there: Sequence[Mapping[str, Any]], limit: int) -> Load:
        """Everything of the card; `there` are the attachments that its message has.

        Raises Delayed while something is still being made.
        """
        attachments: list[dict[str, Any]] = []
        uploads: list[Upload] = []
        links, short = {}, False
        for job in view.jobs:
            if job.media is None:
                continue
            kept = next((one for one in there if is_of(job, str(one["filename"]))), None)
            if kept is not None:
                attachments.append({"id": str(kept["id"]), "description": alt_text(job)})
                name, whole = str(kept["filename"]), kept.get("size") == job.media.size
            else:
                path, whole = await self._best(job.media, limit)
                name = _name(job, job.media, path, whole=whole) if path is not None else ""
                if path is not None:
                    about = {"filename": name, "description": alt_text(job)}
                    attachments.append({"id": len(uploads), **about})
                    uploads.append(Upload(path=path, name=name))
            if whole:
                continue
            if link := self._link(job.media):
                links[job.id] = link
            else:
                short = short or not name or (job.media.kind is MediaKind.VIDEO and name.endswith(".jpg"))
        return Load(attachments=attachments, uploads=uploads, links=links, short=short)

    def has_links(self, view: CardView) -> bool:
        """Whether every result can be seen without being uploaded."""
        return all(self._link(job.media) is not None for job in view.jobs if job.media is not None)

    async def close(self) -> None:
        tasks = list(self._shrinking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _best(self, media: Media, limit: int) -> tuple[Path | None, bool]:
        """The file to send, and whether it is the whole one; None where a link is all that fits."""
        if media.size <= limit:
            return self._library.path(media.file), True
        if limit < _LEAST:
            return None, False
        try:
            return await self._smaller(media, limit), False
        except MediaRefused:
            poster = self._library.path(media.still)
            fits = media.kind is MediaKind.VIDEO and await asyncio.to_thread(_size, poster) <= limit
            return (poster if fits else None), False
        except MediaUnavailable as error:
            raise Delayed(str(error)) from error

    async def _smaller(self, media: Media, limit: int) -> Path:
        key = (media.file, limit)
        task = self._shrinking.get(key)
        if task is None:
            self._forget()
            task = asyncio.create_task(self._library.smaller(media, limit), name=f"shrink {media.file[:12]}")
            self._shrinking[key] = task
        done, _ = await asyncio.wait([task], timeout=self._patience_s)
        if not done:
            raise Delayed("A smaller file is being made", retry_after_ms=_AGAIN_MS)
        self._shrinking.pop(key, None)
        return task.result()

    def _forget(self) -> None:
        """Let go of what was made for cards that nobody asks for any longer."""
        if len(self._shrinking) > _REMEMBERED:
            for key, task in list(self._shrinking.items()):
                if task.done():
                    # Looked at, or asyncio would complain of an error that nobody saw.
                    _ = task.cancelled() or task.exception()
                    del self._shrinking[key]


def is_of(job: JobView, filename: str) -> bool:
    """Whether an attachment of the card's message shows this job."""
    return filename.startswith(f"reverie-{job.id}")


def _name(job: JobView, media: Media, path: Path, *, whole: bool) -> str:
    if whole:
        ending = _ENDINGS.get(media.mime, ".jpg")
    else:
        # Renditions are of two kinds alone, and a poster lies beside its film.
        ending = ".jpg" if media.kind is MediaKind.PICTURE or path.name.endswith(".still") else ".mp4"
    return f"reverie-{job.id}{ending}"


_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 2**63
