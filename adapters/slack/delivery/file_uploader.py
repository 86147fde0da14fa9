"""Uploads results to Slack: pictures for the card's blocks, videos into its thread.

An upload has three steps: Slack gives a URL, the bytes are sent there, and a last call completes it. Only
the last step shows anything, so the file's id is stored before it. After a crash the next delivery asks
Slack about that file instead of uploading it again.

An `ok` to the last step does not mean that the file was shared: Slack may never do it. So the uploader looks
for the message, deletes an unshared file, uploads it again, and gives up after that.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from adapters.chat.result_files import ResultFiles
from adapters.slack.delivery.upload_store import Upload, UploadKind, UploadStore
from adapters.slack.places import message_id
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.errors import NotPosted

_log = structlog.get_logger(__name__)

#: how long Slack may process a file before the card is shown without it
PROCESSING_MS = 90_000
#: how long `files.info` may not know a file that was just completed
_LAG_MS = 10_000
#: when to deliver the card again
_RETRY_MS = 2_000
#: uploads of one result for one card, and how many of those Slack may fail to share
_MAX_UPLOADS, _MAX_UNSHARED = 3, 2
#: error codes that only say that the file does not exist
_FILE_GONE = frozenset({"file_deleted", "file_is_deleted", "file_not_found"})
#: from the end of an upload to the first look at it, and from one look to the next
_FIRST_LOOK_S, _POLL_S = 0.05, (0.1, 0.2, 0.4, 0.8)
#: replies of a thread in which a video is looked for
_REPLIES, _CLOCK_DIFFERENCE_S = 100, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    """One file to be uploaded."""

    card: str
    job: str
    #: the id of the file in our storage
    stored: str
    #: the file name that people see
    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The thread of a card's message, to which videos are posted."""

    channel: str
    ts: str


class FileUploader:
    """Uploads each file once. Raises ApiError, and NotPosted while Slack processes a file."""

    def __init__(
        self, uploads: UploadStore, files: ResultFiles, clock: Callable[[], int], *, patience_s: float = 5.0
    ) -> None:
        self._uploads = uploads
        self._files = files
        self._clock = clock
        #: how long one delivery waits for Slack before other cards are delivered
        self._patience_s = patience_s

    async def picture(
        self, api: WorkspaceApi, request: UploadRequest, kind: UploadKind = UploadKind.PICTURE
    ) -> str | None:
        """The id of a file that blocks can show; None where Slack does not finish processing it."""
        upload = await self._known(request, kind)
        if upload is not None and upload.ready:
            return upload.file
        if upload is None or (upload.lost and upload.times < _MAX_UPLOADS):
            upload = await self._send(api, request, kind, upload)
        if upload.lost or self._is_overdue(upload):
            return None
        file = await self._poll(api, upload, lambda file: bool(file.get("mimetype")))
        if file is None:
            # It was never completed, so nobody has seen it and it can be uploaded again.
            await self._mark_lost(request, kind, upload)
        elif file.get("mimetype"):
            await self._put(request, kind, upload.model_copy(update={"ready": True}))
            return upload.file
        raise NotPosted("Slack is processing a picture", retry_after_ms=_RETRY_MS)

    async def video(self, api: WorkspaceApi, request: UploadRequest, thread: Thread) -> Upload | None:
        """The video in the card's thread; None where Slack does not keep it."""
        upload = await self._known(request, UploadKind.VIDEO)
        # Older versions took an `ok` for the delivery, and stored no message.
        if upload is not None and upload.ready and upload.message is not None:
            return upload
        if upload is None or (upload.lost and upload.times < _MAX_UPLOADS):
            upload = await self._send(api, request, UploadKind.VIDEO, upload, thread)
        if upload.lost:
            return None
        file = await self._poll(api, upload, lambda file: _shared_ts(file, thread.channel) is not None)
        if file is None:
            await self._complete_again(api, upload, request, thread)
            raise NotPosted("Slack is processing a video", retry_after_ms=_RETRY_MS)
        ts = _shared_ts(file, thread.channel)
        if ts is None and self._is_overdue(upload):
            # Slack may share a file and not report it for minutes.
            ts = await _find_in_thread(api, thread, upload)
            if ts is None:
                await self._delete_unshared(api, upload, request)
        if ts is None:
            raise NotPosted("Slack is processing a video", retry_after_ms=_RETRY_MS)
        shared = {
            "ready": True,
            "message": message_id(thread.channel, ts),
            "link": str(file.get("permalink") or ""),
        }
        return await self._put(request, UploadKind.VIDEO, upload.model_copy(update=shared))

    async def _known(self, request: UploadRequest, kind: UploadKind) -> Upload | None:
        upload = await self._uploads.get(request.card, request.job, kind)
        if upload is not None and upload.source != request.stored and not (upload.ready or upload.lost):
            # Another rendition that was given up; nobody has seen it.
            return None
        return upload

    async def _send(
        self,
        api: WorkspaceApi,
        request: UploadRequest,
        kind: UploadKind,
        before: Upload | None,
        thread: Thread | None = None,
    ) -> Upload:
        """Upload a file, and wait until Slack can have processed it, which it never has at once."""
        upload = await self._upload(api, request, kind, before)
        await self._complete(api, upload, request, kind, thread)
        await asyncio.sleep(min(_FIRST_LOOK_S, self._patience_s))
        return upload

    async def _upload(
        self, api: WorkspaceApi, request: UploadRequest, kind: UploadKind, before: Upload | None
    ) -> Upload:
        async with self._files.opened(request.stored) as (path,):
            length = await asyncio.to_thread(_file_size, path)
            response = await api.call("files.getUploadURLExternal", filename=request.name, length=length)
            await api.web_api.upload(response["upload_url"], path)
        upload = Upload(
            file=response["file_id"],
            source=request.stored,
            since=self._clock(),
            times=before.times + 1 if before is not None else 1,
        )
        return await self._put(request, kind, upload)

    async def _complete(
        self,
        api: WorkspaceApi,
        upload: Upload,
        request: UploadRequest,
        kind: UploadKind,
        thread: Thread | None = None,
    ) -> None:
        try:
            await api.call(
                "files.completeUploadExternal",
                files=[{"id": upload.file, "title": request.title}],
                channel_id=thread.channel if thread is not None else None,
                thread_ts=thread.ts if thread is not None else None,
            )
        except ApiError as error:
            if error.code in _FILE_GONE:
                # The channel still exists: only the file has to be uploaded again.
                await self._put(request, kind, upload.model_copy(update={"lost": True}))
                raise NotPosted("Slack has lost a file", retry_after_ms=_RETRY_MS) from error
            await self._uploads.forget(request.card, request.job, kind)
            raise

    async def _complete_again(
        self, api: WorkspaceApi, upload: Upload, request: UploadRequest, thread: Thread
    ) -> None:
        """Complete a video that Slack does not know: maybe the first request was lost.

        It is the same file, never another: should the first request still arrive, it is posted once.
        """
        if self._clock() - upload.since < _LAG_MS:
            return
        if upload.times >= _MAX_UPLOADS:
            await self._mark_lost(request, UploadKind.VIDEO, upload)
            return
        await self._complete(api, upload, request, UploadKind.VIDEO, thread)
        again = {"since": self._clock(), "times": upload.times + 1}
        await self._put(request, UploadKind.VIDEO, upload.model_copy(update=again))

    async def _delete_unshared(self, api: WorkspaceApi, upload: Upload, request: UploadRequest) -> None:
        """Delete a video that Slack did not share, so that it cannot appear beside the next upload."""
        times = upload.times
        try:
            await api.call("files.delete", file=upload.file)
        except ApiError as error:
            if error.action is not ErrorAction.GONE:
                _log.info("unshared_file_not_deleted", code=error.code)
                times = _MAX_UPLOADS
        if times >= _MAX_UNSHARED:
            _log.warning("file_not_shared", card=request.card, job=request.job)
            times = _MAX_UPLOADS
        await self._put(request, UploadKind.VIDEO, upload.model_copy(update={"lost": True, "times": times}))

    async def _mark_lost(self, request: UploadRequest, kind: UploadKind, upload: Upload) -> None:
        if self._clock() - upload.since >= _LAG_MS:
            await self._put(request, kind, upload.model_copy(update={"lost": True}))

    async def _put(self, request: UploadRequest, kind: UploadKind, upload: Upload) -> Upload:
        await self._uploads.put(request.card, request.job, kind, upload)
        return upload

    async def _poll(
        self, api: WorkspaceApi, upload: Upload, is_done: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any] | None:
        """What `files.info` says once it is done or the wait is over; None where the file is unknown."""
        loop, pauses = asyncio.get_running_loop(), iter(_POLL_S)
        deadline = loop.time() + self._patience_s
        while True:
            file = await file_info(api, upload.file)
            pause = next(pauses, _POLL_S[-1])
            if file is None or is_done(file) or loop.time() + pause > deadline or self._is_overdue(upload):
                return file
            await asyncio.sleep(pause)

    def _is_overdue(self, upload: Upload) -> bool:
        return self._clock() - upload.since > PROCESSING_MS


async def file_info(api: WorkspaceApi, file: str) -> Mapping[str, Any] | None:
    """What Slack says about a file; None where it does not know it."""
    try:
        found: Mapping[str, Any] = (await api.call("files.info", file=file))["file"]
    except ApiError as error:
        if error.action is ErrorAction.GONE:
            return None
        raise
    return found


async def _find_in_thread(api: WorkspaceApi, thread: Thread, upload: Upload) -> str | None:
    """The timestamp of the message with a file, from the thread itself."""
    response = await api.call(
        "conversations.replies",
        channel=thread.channel,
        ts=thread.ts,
        oldest=f"{upload.since // 1000 - _CLOCK_DIFFERENCE_S}.000000",
        limit=_REPLIES,
    )
    for message in response["messages"]:
        files = message.get("files") if isinstance(message, Mapping) else None
        for file in files if isinstance(files, list) else ():
            if isinstance(file, Mapping) and file.get("id") == upload.file and message.get("ts"):
                return str(message["ts"])
    return None


def _shared_ts(file: Mapping[str, Any], channel: str) -> str | None:
    """The timestamp of the message with a file in a channel, as `files.info` reports it."""
    shares = file.get("shares")
    for visibility in shares.values() if isinstance(shares, Mapping) else ():
        messages = visibility.get(channel) if isinstance(visibility, Mapping) else None
        for message in messages if isinstance(messages, list) else ():
            if isinstance(message, Mapping) and isinstance(message.get("ts"), str):
                return str(message["ts"])
    return None


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise NotPosted(f"A file of ours cannot be read: {error.strerror}") from error
