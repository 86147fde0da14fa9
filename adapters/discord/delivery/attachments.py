"""Plans a card's attachments: the full file, else a smaller one with a link to it, else the link alone."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentPlan:
    """The attachments of one revision of a card."""

    #: the message's `attachments`; Discord removes those that are not listed
    attachments: Sequence[dict[str, Any]] = ()
    #: those of them that must be uploaded
    uploads: Sequence[Upload] = ()
    #: job → link to its full file
    links: Mapping[str, str]
    #: a result is neither attached nor linked, or only by its poster
    incomplete: bool = False


class AttachmentPlanner:
    """Chooses for each result the best file that a channel takes."""

    def __init__(self, library: Library, link: MediaLinker, *, patience_s: float = 8.0) -> None:
        self._files = ResultFiles(library, patience_s=patience_s)
        self._link = link

    async def plan(self, view: CardView, existing: Sequence[Mapping[str, Any]], limit: int) -> AttachmentPlan:
        """Plan for files of at most `limit` bytes; `existing` are the attachments that the message has.

        Raises Delayed while a smaller file is being made.
        """
        attachments: list[dict[str, Any]] = []
        uploads: list[Upload] = []
        links, incomplete = {}, False
        for job in view.jobs:
            if job.media is None:
                continue
            kept = next((one for one in existing if shows_job(str(one["filename"]), job)), None)
            if kept is not None:
                attachments.append({"id": str(kept["id"]), "description": alt_text(job)})
                name, complete = str(kept["filename"]), kept.get("size") == job.media.size
            else:
                path, complete = await self._best_file(job.media, limit)
                name = f"reverie-{job.id}{file_extension(job.media, path)}" if path is not None else ""
                if path is not None:
                    attachments.append({"id": len(uploads), "filename": name, "description": alt_text(job)})
                    uploads.append(Upload(path=path, name=name))
            if complete:
                continue
            if link := self._link(job.media):
                links[job.id] = link
            else:
                only_poster = job.media.kind is MediaKind.VIDEO and name.endswith(".jpg")
                incomplete = incomplete or not name or only_poster
        return AttachmentPlan(attachments=attachments, uploads=uploads, links=links, incomplete=incomplete)

    def can_link(self, view: CardView) -> bool:
        """Whether every result can be linked instead of uploaded."""
        return all(self._link(job.media) is not None for job in view.jobs if job.media is not None)

    async def close(self) -> None:
        await self._files.close()

    async def _best_file(self, media: Media, limit: int) -> tuple[Path | None, bool]:
        """The file to upload, and whether it is the full one; None where only a link fits."""
        path = await self._files.fit(media, limit)
        if path is None and media.kind is MediaKind.VIDEO:
            poster = self._files.poster(media)
            path = poster if await asyncio.to_thread(_size, poster) <= limit else None
        return path, path is not None and path.name == media.file


def shows_job(filename: str, job: JobView) -> bool:
    """Whether an attachment of the card's message is this job's result."""
    return filename.startswith(f"reverie-{job.id}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 2**63
