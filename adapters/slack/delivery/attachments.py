"""Decides how each result is shown: uploaded, uploaded in a smaller version, linked, or explained."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from adapters.chat.result_files import MediaLinker, ResultFiles, file_extension
from adapters.chat.text import sanitize_line
from adapters.slack.delivery.file_uploader import FileUploader, Thread, UploadRequest
from adapters.slack.delivery.upload_store import UploadKind
from adapters.slack.messages.cards import UploadedMedia
from adapters.slack.messages.strings import SlackStrings
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import FILE_CHANNEL_CODES, ApiError, ErrorAction
from bot.domain.cards.card import CardView, JobView
from bot.domain.errors import NotPosted
from bot.domain.generations.media import Media, MediaKind

#: sizes in bytes to try, the largest first: Slack accepts no file above the first; a workspace that does not
#: accept the last counts as one that accepts none
_PICTURE_SIZES, _VIDEO_SIZES = (20 * 2**20, 2 * 2**20), (2**30, 50 * 2**20, 10 * 2**20)
#: types that image blocks can show
_SHOWN_IN_BLOCKS = frozenset({"image/png", "image/jpeg", "image/gif"})
_TITLE = 80

_Sent = TypeVar("_Sent")


@dataclass(slots=True, kw_only=True)
class AttachmentPlan:
    """How the results of one card are shown, by job."""

    pictures: dict[str, str] = field(default_factory=dict)
    videos: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    #: lines for people about what cannot be shown
    notes: list[str] = field(default_factory=list)
    #: why the channel takes no video and nothing can be linked; direct messages may take it
    refused: ApiError | None = None

    @property
    def media(self) -> UploadedMedia:
        return UploadedMedia(pictures=self.pictures, videos=self.videos, links=self.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """The result of one job of a card."""

    card: str
    job: JobView
    media: Media

    def upload_request(self, file: str) -> UploadRequest:
        job = self.job
        name = f"reverie-{job.id}{file_extension(self.media, file)}"
        title = sanitize_line(job.alt, _TITLE) or name
        return UploadRequest(card=self.card, job=job.id, stored=file, name=name, title=title)


class AttachmentPlanner:
    """Uploads what is not on Slack yet, and falls back to smaller files and links."""

    def __init__(
        self, files: ResultFiles, uploader: FileUploader, link: MediaLinker, strings: SlackStrings
    ) -> None:
        self._files = files
        self._uploader = uploader
        self._link = link
        self._strings = strings

    async def plan(self, api: WorkspaceApi, view: CardView, thread: Thread | None) -> AttachmentPlan:
        """Upload the results of a card; videos only where there is a thread for them.

        Raises NotPosted while a file is being made or processed.
        """
        plan = AttachmentPlan()
        for job in view.jobs:
            if job.media is None:
                await self._preview(api, view.card, job, plan)
                continue
            result = _Result(card=view.card, job=job, media=job.media)
            if job.media.kind is MediaKind.PICTURE:
                await self._picture(api, result, plan)
            else:
                await self._poster(api, result, plan)
                if thread is not None:
                    await self._video(api, result, thread, plan)
        return plan

    async def _picture(self, api: WorkspaceApi, result: _Result, plan: AttachmentPlan) -> None:
        media = result.media
        shown = media.mime in _SHOWN_IN_BLOCKS
        sizes = [size if shown else min(size, media.size - 1) for size in _PICTURE_SIZES]
        picture = await self._upload_largest(
            result, sizes, plan, lambda file: self._uploader.picture(api, result.upload_request(file))
        )
        if picture is not None:
            plan.pictures[result.job.id] = picture

    async def _poster(self, api: WorkspaceApi, result: _Result, plan: AttachmentPlan) -> None:
        """A video's first frame; without it the card still has the video."""
        try:
            request = result.upload_request(result.media.poster)
            poster = await self._uploader.picture(api, request)
        except ApiError as error:
            _raise_unless_about_file(error)
        else:
            if poster is not None:
                plan.pictures[result.job.id] = poster

    async def _preview(self, api: WorkspaceApi, card: str, job: JobView, plan: AttachmentPlan) -> None:
        """The first preview of a running video, as a still picture; newer ones would pile up in the files."""
        if job.preview is None:
            return
        result = _Result(card=card, job=job, media=job.preview)
        try:
            request = result.upload_request(job.preview.poster)
            picture = await self._uploader.picture(api, request, UploadKind.PREVIEW)
        except NotPosted:
            return  # Progress does not wait for it: the next revision shows it.
        except ApiError as error:
            _raise_unless_about_file(error)
        else:
            if picture is not None:
                plan.pictures[job.id] = picture

    async def _video(self, api: WorkspaceApi, result: _Result, thread: Thread, plan: AttachmentPlan) -> None:
        video = await self._upload_largest(
            result,
            _VIDEO_SIZES,
            plan,
            lambda file: self._uploader.video(api, result.upload_request(file), thread),
        )
        if video is not None:
            plan.videos[result.job.id] = video.link

    async def _upload_largest(
        self,
        result: _Result,
        sizes: Sequence[int],
        plan: AttachmentPlan,
        upload: Callable[[str], Awaitable[_Sent | None]],
    ) -> _Sent | None:
        """Upload the largest file that the workspace accepts; else link it, or explain why it is missing."""
        sent: _Sent | None = None
        not_shared = False
        file: str | None = None
        reason = self._strings.not_shared
        in_channel: ApiError | None = None
        for size in sizes:
            refused, file = file, await self._files.fit(result.media, size)
            if file is None:
                break
            if file == refused:
                continue
            try:
                sent = await upload(file)
                not_shared = sent is None
            except ApiError as error:
                _raise_unless_about_file(error)
                reason = error.reason
                in_channel = error if error.code in FILE_CHANNEL_CODES else None
                if error.action is ErrorAction.TOO_LARGE:
                    continue
            break
        is_full_file = sent is not None and file == result.media.file
        if not is_full_file and (link := self._link(result.media)):
            plan.links[result.job.id] = link
            if not_shared:
                plan.notes.append(self._strings.linked.format(reason=reason))
        elif sent is None and in_channel is not None:
            plan.refused = in_channel
        elif sent is None:
            plan.notes.append(self._strings.no_file.format(reason=reason))
        return sent


def has_videos(view: CardView) -> bool:
    return any(job.media is not None and job.media.kind is MediaKind.VIDEO for job in view.jobs)


def has_files(view: CardView) -> bool:
    return any(job.media is not None or job.preview is not None for job in view.jobs)


def _raise_unless_about_file(error: ApiError) -> None:
    """Continue where the workspace does not accept a file; raise any other error."""
    if error.action not in (ErrorAction.TOO_LARGE, ErrorAction.NO_FILE, ErrorAction.FORBIDDEN):
        raise error
