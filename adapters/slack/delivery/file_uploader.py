"""Sends results to Slack as files: pictures for the card's blocks, films into its thread.

Sending has three steps: Slack gives an address, the bytes go there, and a last call completes it. Only the
last one shows anything to anybody, so the file's id is noted before it; and whoever comes after a crash
asks Slack what has become of the file, instead of sending it once more.

An `ok` to the last step is no delivery: Slack may never share the file. So it is looked for, taken back and
sent again, and given up after that.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from adapters.slack.delivery.routes import name_message
from adapters.slack.delivery.uploaded_media import Upload, UploadKind, UploadStore
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.errors import NotPosted

_log = structlog.get_logger(__name__)

#: how long Slack may look at a file before the card goes on without it
FOREVER_MS = 90_000
#: how long Slack may not know of a file that has just been completed
_LAG_MS = 10_000
#: when a card asks again
_AGAIN_MS = 2_000
#: times that one result is sent for one card, and of those, times that one is sent which Slack never shares
_TIMES, _SHARES = 3, 2
#: Slack's words for a file, and nothing else, that is not there
_FILE_GONE = frozenset({"file_deleted", "file_is_deleted", "file_not_found"})
_LOOKS_S = (0.2, 0.4, 0.8)
#: answers in a thread among which a film is looked for
_REPLIES, _CLOCKS_DIFFER_S = 100, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    """One file on its way to Slack."""

    card: str
    job: str
    path: Path
    #: as people see it
    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Where a film goes: under the card's message."""

    channel: str
    ts: str


class FileUploader:
    """Sends each file once. Raises Refusal, and Held while Slack looks at one."""

    def __init__(self, uploads: UploadStore, clock: Callable[[], int], *, patience_s: float = 5.0) -> None:
        self._uploads = uploads
        self._clock = clock
        #: how long a show waits for Slack before it lets others go first
        self._patience_s = patience_s

    async def picture(self, door: WorkspaceApi, parcel: UploadRequest) -> str | None:
        """Slack's id of a picture that blocks can show; None where Slack never finishes with it."""
        known = await self._known(parcel, UploadKind.PICTURE)
        if known is not None and known.ready:
            return known.file
        if known is None or (known.lost and known.times < _TIMES):
            known = await self._send(door, parcel, UploadKind.PICTURE, known)
            await self._complete(door, known, parcel, None)
        if known.lost or self._is_old(known):
            return None
        found = await self._look(door, known, lambda file: bool(file.get("mimetype")))
        if found is None:
            # It was never completed, and nobody has seen it: it may as well be sent anew.
            await self._lose(parcel, UploadKind.PICTURE, known)
        elif found.get("mimetype"):
            await self._put(parcel, UploadKind.PICTURE, known.model_copy(update={"ready": True}))
            return known.file
        raise NotPosted("Slack is looking at a picture", retry_after_ms=_AGAIN_MS)

    async def film(self, door: WorkspaceApi, parcel: UploadRequest, thread: Thread) -> Upload | None:
        """The film in the card's thread; None where Slack does not keep it."""
        known = await self._known(parcel, UploadKind.FILM)
        # Older versions took an `ok` for the delivery, and noted no message.
        if known is not None and known.ready and known.message is not None:
            return known
        if known is None or (known.lost and known.times < _TIMES):
            known = await self._send(door, parcel, UploadKind.FILM, known)
            await self._complete(door, known, parcel, thread)
        if known.lost:
            return None
        found = await self._look(door, known, lambda file: _share(file, thread.channel) is not None)
        if found is None:
            await self._recomplete(door, known, parcel, thread)
            raise NotPosted("Slack is looking at a video", retry_after_ms=_AGAIN_MS)
        share = _share(found, thread.channel)
        if share is None and self._is_old(known):
            # Slack may share a file, and not tell for minutes that it has.
            share = await _find_in(door, thread, known)
            if share is None:
                await self._take_back(door, known, parcel)
        if share is None:
            raise NotPosted("Slack is looking at a video", retry_after_ms=_AGAIN_MS)
        shared = {
            "ready": True,
            "message": name_message(thread.channel, share),
            "link": str(found.get("permalink") or ""),
        }
        return await self._put(parcel, UploadKind.FILM, known.model_copy(update=shared))

    async def _known(self, parcel: UploadRequest, kind: UploadKind) -> Upload | None:
        known = await self._uploads.get(parcel.card, parcel.job, kind)
        if known is not None and known.of != parcel.path.name and not known.ready and not known.lost:
            # A rung of the ladder that was given up; nobody has seen it.
            return None
        return known

    async def _send(
        self, door: WorkspaceApi, parcel: UploadRequest, kind: UploadKind, before: Upload | None
    ) -> Upload:
        length = await asyncio.to_thread(_size, parcel.path)
        said = await door.call("files.getUploadURLExternal", filename=parcel.name, length=length)
        await door.slack.upload(said["upload_url"], parcel.path)
        upload = Upload(
            file=said["file_id"],
            of=parcel.path.name,
            since=self._clock(),
            times=before.times + 1 if before is not None else 1,
        )
        return await self._put(parcel, kind, upload)

    async def _complete(
        self, door: WorkspaceApi, upload: Upload, parcel: UploadRequest, thread: Thread | None
    ) -> None:
        kind = UploadKind.PICTURE if thread is None else UploadKind.FILM
        try:
            await door.call(
                "files.completeUploadExternal",
                files=[{"id": upload.file, "title": parcel.title}],
                channel_id=thread.channel if thread is not None else None,
                thread_ts=thread.ts if thread is not None else None,
            )
        except ApiError as refusal:
            if refusal.code in _FILE_GONE:
                # The channel is where it was: the file alone has to be sent again.
                await self._put(parcel, kind, upload.model_copy(update={"lost": True}))
                raise NotPosted("Slack has lost a file", retry_after_ms=_AGAIN_MS) from refusal
            await self._uploads.forget(parcel.card, parcel.job, kind)
            raise

    async def _recomplete(
        self, door: WorkspaceApi, known: Upload, parcel: UploadRequest, thread: Thread
    ) -> None:
        """A film of which Slack knows nothing: maybe nobody has asked to post it yet.

        The same file again, never another: if the first request arrives after all, it is posted once.
        """
        if self._clock() - known.since < _LAG_MS:
            return
        if known.times >= _TIMES:
            await self._lose(parcel, UploadKind.FILM, known)
            return
        await self._complete(door, known, parcel, thread)
        again = {"since": self._clock(), "times": known.times + 1}
        await self._put(parcel, UploadKind.FILM, known.model_copy(update=again))

    async def _take_back(self, door: WorkspaceApi, known: Upload, parcel: UploadRequest) -> None:
        """Delete a film that Slack does not share, so that it never comes beside the next one."""
        times = known.times
        try:
            await door.call("files.delete", file=known.file)
        except ApiError as refusal:
            if refusal.meaning is not ErrorAction.GONE:
                _log.info("unshared_file_not_deleted", code=refusal.code)
                times = _TIMES
        if times >= _SHARES:
            _log.warning("file_never_shared", card=parcel.card, job=parcel.job)
            times = _TIMES
        await self._put(parcel, UploadKind.FILM, known.model_copy(update={"lost": True, "times": times}))

    async def _lose(self, parcel: UploadRequest, kind: UploadKind, known: Upload) -> None:
        if self._clock() - known.since >= _LAG_MS:
            await self._put(parcel, kind, known.model_copy(update={"lost": True}))

    async def _put(self, parcel: UploadRequest, kind: UploadKind, upload: Upload) -> Upload:
        await self._uploads.put(parcel.card, parcel.job, kind, upload)
        return upload

    async def _look(
        self, door: WorkspaceApi, upload: Upload, is_done: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any] | None:
        """What Slack says of a file, when it is done with it or our patience ends; None: nothing."""
        ends, looks = asyncio.get_running_loop().time() + self._patience_s, iter(_LOOKS_S)
        while True:
            found = await _info(door, upload.file)
            pause = next(looks, _LOOKS_S[-1])
            late = asyncio.get_running_loop().time() + pause > ends
            if found is None or is_done(found) or late or self._is_old(upload):
                return found
            await asyncio.sleep(pause)

    def _is_old(self, upload: Upload) -> bool:
        return self._clock() - upload.since > FOREVER_MS


async def _info(door: WorkspaceApi, file: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = (await door.call("files.info", file=file))["file"]
    except ApiError as refusal:
        if refusal.meaning is ErrorAction.GONE:
            return None
        raise
    return found


async def _find_in(door: WorkspaceApi, thread: Thread, upload: Upload) -> str | None:
    """The stamp of the message in the thread that carries a file; None where it is not there."""
    said = await door.call(
        "conversations.replies",
        channel=thread.channel,
        ts=thread.ts,
        oldest=f"{upload.since // 1000 - _CLOCKS_DIFFER_S}.000000",
        limit=_REPLIES,
    )
    for message in said["messages"]:
        files = message.get("files") if isinstance(message, Mapping) else None
        for file in files if isinstance(files, list) else ():
            if isinstance(file, Mapping) and file.get("id") == upload.file and message.get("ts"):
                return str(message["ts"])
    return None


def _share(file: Mapping[str, Any], channel: str) -> str | None:
    """The stamp of the message that carries a file in a channel; None where Slack tells of none."""
    shares = file.get("shares")
    kinds = shares.values() if isinstance(shares, Mapping) else ()
    for kind in kinds:
        told = kind.get(channel) if isinstance(kind, Mapping) else None
        for share in told if isinstance(told, list) else ():
            if isinstance(share, Mapping) and isinstance(share.get("ts"), str):
                return str(share["ts"])
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise NotPosted(f"A file of ours cannot be read: {error.strerror}") from error
