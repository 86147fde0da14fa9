"""The ladder for big files: the file itself → a smaller one with the full one linked → a link alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.chat.result_files import Library, MediaLinker, ResultFiles, file_extension
from adapters.discord.messages.cards import alt_text
from adapters.discord.rest.client import Upload
from bot.domain.cards import CardView, JobView
from bot.domain.media import Media, MediaKind

#: what Discord takes of everybody, in bytes
LIMIT = 10 * 2**20


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

    def __init__(self, library: Library, link: MediaLinker, *, patience_s: float = 8.0) -> None:
        self._shrinking = ResultFiles(library, patience_s=patience_s)
        self._link = link

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
                name = f"reverie-{job.id}{file_extension(job.media, path)}" if path is not None else ""
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
        await self._shrinking.close()

    async def _best(self, media: Media, limit: int) -> tuple[Path | None, bool]:
        """The file to send, and whether it is the whole one; None where a link is all that fits."""
        path = await self._shrinking.fit(media, limit)
        if path is None and media.kind is MediaKind.VIDEO:
            poster = self._shrinking.poster(media)
            path = poster if await asyncio.to_thread(_size, poster) <= limit else None
        return path, path is not None and path.name == media.file


def is_of(job: JobView, filename: str) -> bool:
    """Whether an attachment of the card's message shows this job."""
    return filename.startswith(f"reverie-{job.id}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 2**63
