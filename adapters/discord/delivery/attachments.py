"""Plans a card's attachments: the full file, else a smaller one with a link to it, else the link alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.chat.result_files import Library, MediaLinker, ResultFiles, file_extension
from adapters.discord.messages.cards import alt_text
from adapters.discord.rest.client import Upload
from bot.domain.cards.card import CardView, JobView
from bot.domain.generations.media import Media, MediaKind

#: of a preview's digest, enough to tell the previews of one job apart
_PREVIEW_DIGITS = 12
#: what the name of a file begins with that is shown behind a spoiler
_SPOILER = "SPOILER_"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedUpload:
    """A stored file that is to be uploaded."""

    #: its id in the storage
    file: str
    #: the file name that people see
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentPlan:
    """The attachments of one revision of a card."""

    #: the message's `attachments`; Discord removes those that are not listed
    attachments: Sequence[dict[str, Any]] = ()
    #: those of them that must be uploaded
    uploads: Sequence[PlannedUpload] = ()
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
        uploads: list[PlannedUpload] = []
        links, incomplete = {}, False
        for job in view.jobs:
            if job.media is None:
                if shown := await self._preview(job, existing, uploads, limit):
                    attachments.append(shown)
                continue
            kept = next((one for one in existing if shows_job(str(one["filename"]), job)), None)
            if kept is not None:
                attachments.append({"id": str(kept["id"]), "description": alt_text(job)})
                name, complete = str(kept["filename"]), kept.get("size") == job.media.size
            else:
                file, complete = await self._best_file(job.media, limit)
                name = _name(job, file_extension(job.media, file)) if file is not None else ""
                if file is not None:
                    attachments.append({"id": len(uploads), "filename": name, "description": alt_text(job)})
                    uploads.append(PlannedUpload(file=file, name=name))
            if complete:
                continue
            if link := self._link(job.media):
                links[job.id] = link
            else:
                only_poster = job.media.kind is MediaKind.VIDEO and name.endswith(".jpg")
                incomplete = incomplete or not name or only_poster
        return AttachmentPlan(attachments=attachments, uploads=uploads, links=links, incomplete=incomplete)

    @asynccontextmanager
    async def opened(self, plan: AttachmentPlan) -> AsyncIterator[Sequence[Upload]]:
        """The files to upload, where the request can read them; raises NotPosted where one cannot be read."""
        async with self._files.opened(*(one.file for one in plan.uploads)) as paths:
            yield [Upload(content=path, name=one.name) for path, one in zip(paths, plan.uploads, strict=True)]

    def can_link(self, view: CardView) -> bool:
        """Whether every result can be linked instead of uploaded."""
        return all(self._link(job.media) is not None for job in view.jobs if job.media is not None)

    async def close(self) -> None:
        await self._files.close()

    async def _preview(
        self,
        job: JobView,
        existing: Sequence[Mapping[str, Any]],
        uploads: list[PlannedUpload],
        limit: int,
    ) -> dict[str, Any] | None:
        """The attachment of a running video's preview, its still picture; it is uploaded if it is new."""
        if job.preview is None:
            return None
        name = f"preview-{job.id}-{job.preview.file[:_PREVIEW_DIGITS]}.jpg"
        kept = next((one for one in existing if one["filename"] == name), None)
        if kept is not None:
            return {"id": str(kept["id"]), "description": alt_text(job)}
        size = await self._files.size(job.preview.poster)
        if size is None or size > limit:
            return None
        uploads.append(PlannedUpload(file=job.preview.poster, name=name))
        return {"id": len(uploads) - 1, "filename": name, "description": alt_text(job)}

    async def _best_file(self, media: Media, limit: int) -> tuple[str | None, bool]:
        """The file to upload, and whether it is the full one; None where only a link fits."""
        file = await self._files.fit(media, limit)
        if file is None and media.kind is MediaKind.VIDEO:
            size = await self._files.size(media.poster)
            file = media.poster if size is not None and size <= limit else None
        return file, file == media.file


def _name(job: JobView, extension: str) -> str:
    """The name of a result's attachment; Discord hides one that says so until somebody clicks on it."""
    return f"{_SPOILER if job.spoiler else ''}reverie-{job.id}{extension}"


def shows_job(filename: str, job: JobView) -> bool:
    """Whether an attachment of the card's message is this job's result."""
    return filename.removeprefix(_SPOILER).startswith(f"reverie-{job.id}")
