"""The ladder for results: as Slack shows them best → smaller → a link to our own page → words."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from adapters.chat.result_files import MediaLinker, ResultFiles, file_extension
from adapters.chat.text import sanitize_line
from adapters.slack.delivery.file_uploader import FileUploader, Thread, UploadRequest
from adapters.slack.messages.cards import UploadedMedia
from adapters.slack.messages.strings import Words
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.cards import CardView, JobView
from bot.domain.media import Media, MediaKind

#: bytes of one file, largest first: a film of more than Slack takes of anybody is never sent; below the last
#: rung a workspace that takes no large files is taken for one that takes none
_PICTURES, _FILMS = (20 * 2**20, 2 * 2**20), (2**30, 50 * 2**20, 10 * 2**20)
#: what blocks can show
_SHOWABLE = frozenset({"image/png", "image/jpeg", "image/gif"})
_TITLE = 80

_Sent = TypeVar("_Sent")


@dataclass(slots=True, kw_only=True)
class AttachmentPlan:
    """What of a card's results can be shown, and how."""

    pictures: dict[str, str] = field(default_factory=dict)
    films: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    #: lines for people about what is missing
    notes: list[str] = field(default_factory=list)

    @property
    def shown(self) -> UploadedMedia:
        return UploadedMedia(pictures=self.pictures, films=self.films, links=self.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """One job's result on its card."""

    card: str
    job: JobView
    media: Media

    def parcel(self, path: Path) -> UploadRequest:
        job = self.job
        name = f"reverie-{job.id}{file_extension(self.media, path)}"
        return UploadRequest(
            card=self.card, job=job.id, path=path, name=name, title=sanitize_line(job.alt, _TITLE) or name
        )


class AttachmentPlanner:
    """Finds for each result the best way in which its place can have it."""

    def __init__(self, shrinking: ResultFiles, sender: FileUploader, link: MediaLinker, words: Words) -> None:
        self._shrinking = shrinking
        self._sender = sender
        self._link = link
        self._words = words

    async def load(self, door: WorkspaceApi, view: CardView, thread: Thread | None) -> AttachmentPlan:
        """Send what is not at Slack yet; films only where there is a thread for them.

        Raises Held while something is being made or looked at.
        """
        load = AttachmentPlan()
        for job in view.jobs:
            if job.media is None:
                continue
            result = _Result(card=view.card, job=job, media=job.media)
            if job.media.kind is MediaKind.PICTURE:
                await self._picture(door, result, load)
            else:
                await self._still(door, result, load)
                if thread is not None:
                    await self._film(door, result, thread, load)
        return load

    async def _picture(self, door: WorkspaceApi, result: _Result, load: AttachmentPlan) -> None:
        media = result.media
        limits = [one if media.mime in _SHOWABLE else min(one, media.size - 1) for one in _PICTURES]
        picture = await self._best(
            result, limits, load, lambda path: self._sender.picture(door, result.parcel(path))
        )
        if picture is not None:
            load.pictures[result.job.id] = picture

    async def _still(self, door: WorkspaceApi, result: _Result, load: AttachmentPlan) -> None:
        """A film's first frame; a card without it still has its film."""
        try:
            still = await self._sender.picture(door, result.parcel(self._shrinking.poster(result.media)))
        except ApiError as refusal:
            _excuse(refusal)
        else:
            if still is not None:
                load.pictures[result.job.id] = still

    async def _film(self, door: WorkspaceApi, result: _Result, thread: Thread, load: AttachmentPlan) -> None:
        film = await self._best(
            result, _FILMS, load, lambda path: self._sender.film(door, result.parcel(path), thread)
        )
        if film is not None:
            load.films[result.job.id] = film.link

    async def _best(
        self,
        result: _Result,
        limits: Sequence[int],
        load: AttachmentPlan,
        send: Callable[[Path], Awaitable[_Sent | None]],
    ) -> _Sent | None:
        """What was sent of the largest file that the workspace takes; else it is linked, or its lack told."""
        sent: _Sent | None = None
        unshown = False
        path: Path | None = None
        reason = self._words.unshown
        for limit in limits:
            refused, path = path, await self._shrinking.fit(result.media, limit)
            if path is None:
                break
            if path == refused:
                continue
            try:
                sent = await send(path)
                unshown = sent is None
            except ApiError as refusal:
                _excuse(refusal)
                reason = refusal.told
                if refusal.meaning is ErrorAction.TOO_LARGE:
                    continue
            break
        whole = sent is not None and path is not None and path.name == result.media.file
        if not whole and (link := self._link(result.media)):
            load.links[result.job.id] = link
            if unshown:
                load.notes.append(self._words.linked.format(reason=reason))
        elif sent is None:
            load.notes.append(self._words.no_file.format(reason=reason))
        return sent


def _excuse(refusal: ApiError) -> None:
    """Go on where a workspace does not take a file; raise what has nothing to do with the file."""
    if refusal.meaning not in (ErrorAction.TOO_LARGE, ErrorAction.NO_FILE, ErrorAction.FORBIDDEN):
        raise refusal


def has_videos(view: CardView) -> bool:
    return any(job.media is not None and job.media.kind is MediaKind.VIDEO for job in view.jobs)


def has_results(view: CardView) -> bool:
    return any(job.media is not None for job in view.jobs)
