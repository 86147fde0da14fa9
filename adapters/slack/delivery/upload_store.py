"""Records the files and messages of each card, so that nothing is posted twice, and removes them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.slack.messages.cards import UploadedMedia
from adapters.slack.places import parse_message_id
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import NOT_INSTALLED, ApiError
from bot.domain.cards.card import CardView, JobPhase
from bot.domain.errors import Undeliverable
from bot.domain.generations.media import MediaKind
from bot.service.adapter_data import AdapterData

_log = structlog.get_logger(__name__)

#: error codes that say that the message, or its whole workspace, is not there any more
_NOT_THERE = frozenset({"message_not_found", NOT_INSTALLED, "team_not_found"})


class UploadKind(StrEnum):
    """What a file is for; the values are part of stored keys."""

    #: shown in the card's blocks
    PICTURE = "picture"
    #: a message of its own, in the thread of the card
    VIDEO = "film"
    #: shown in the card's blocks while a video is generated
    PREVIEW = "preview"


class Upload(BaseModel):
    """One file on Slack, stored as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    #: Slack's id
    file: str
    #: our file or rendition; its name is derived from its content
    source: str = Field(alias="of")
    #: when it was uploaded, in milliseconds UTC
    since: int
    #: number of uploads: a file that is deleted on Slack again and again is given up
    times: int = 1
    #: it can be shown, or was shared
    ready: bool = False
    #: Slack does not have it any more
    lost: bool = False
    #: the id of the message with the video
    message: str | None = None
    #: permalink for people
    link: str = ""


class UploadStore:
    """Stores uploads by card and job, and the message of each card, in the adapter's data."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data

    async def get(self, card: str, job: str, kind: UploadKind) -> Upload | None:
        text = await self._adapter_data.get(_key(card, job, kind))
        return _parse(text) if text is not None else None

    async def put(self, card: str, job: str, kind: UploadKind, upload: Upload) -> None:
        await self._adapter_data.put(_key(card, job, kind), upload.model_dump_json())
        if upload.message is not None:
            await self._adapter_data.put(f"card/{upload.message}", card)

    async def record_message(self, card: str, message: str) -> None:
        """Record a card's message, before anything slow is added to it."""
        if await self._adapter_data.get(f"posted/{card}") != message:
            await self._adapter_data.put(f"card/{message}", card)
            await self._adapter_data.put(f"posted/{card}", message)

    async def message_of(self, card: str) -> str | None:
        return await self._adapter_data.get(f"posted/{card}")

    async def card_of(self, message: str) -> str | None:
        """The card that a message belongs to: its own one, or the one with its video."""
        return await self._adapter_data.get(f"card/{message}")

    async def card_message(self, message: str) -> str | None:
        """The id of the card's own message, where a message has the card's video."""
        card = await self.card_of(message)
        return await self.message_of(card) if card is not None else None

    async def ready_media(self, view: CardView) -> UploadedMedia:
        """The results of a card that can be shown at once."""
        pictures, videos = {}, {}
        for job in view.jobs:
            if job.media is None:
                continue
            picture = await self.get(view.card, job.id, UploadKind.PICTURE)
            if picture is not None and picture.ready:
                pictures[job.id] = picture.file
            if job.media.kind is MediaKind.VIDEO:
                video = await self.get(view.card, job.id, UploadKind.VIDEO)
                if video is not None and video.message is not None:
                    videos[job.id] = video.link
        return UploadedMedia(pictures=pictures, videos=videos)

    async def listed_pictures(self, views: Sequence[CardView]) -> dict[str, str]:
        """The Slack files of pictures that were uploaded for the cards, by job; none behind a spoiler."""
        found = {}
        for view in views:
            for job in view.jobs:
                upload = None if job.spoiler else await self.get(view.card, job.id, UploadKind.PICTURE)
                if upload is not None and upload.ready and not upload.lost:
                    found[job.id] = upload.file
        return found

    async def recheck_pictures(self, card: str, *, before: int) -> None:
        """Slack did not show a card's pictures: check all again, and upload those again that are older."""
        for entry in await self._adapter_data.latest(_prefix(card)):
            upload = _parse(entry.value)
            if upload is not None and not entry.key.endswith(f"/{UploadKind.VIDEO}"):
                changes = {"ready": False, "lost": upload.lost or upload.since < before}
                await self._adapter_data.put(entry.key, upload.model_copy(update=changes).model_dump_json())

    async def forget(self, card: str, job: str, kind: UploadKind) -> None:
        await self._adapter_data.remove(_key(card, job, kind))

    async def all_of(self, card: str) -> list[Upload]:
        entries = await self._adapter_data.latest(_prefix(card))
        return [upload for entry in entries if (upload := _parse(entry.value)) is not None]

    async def forget_card(self, card: str) -> None:
        """Forget everything about a card that was removed."""
        for entry in await self._adapter_data.latest(_prefix(card)):
            upload = _parse(entry.value)
            if upload is not None and upload.message is not None:
                await self._adapter_data.remove(f"card/{upload.message}")
            await self._adapter_data.remove(entry.key)
        message = await self._adapter_data.take(f"posted/{card}")
        if message is not None:
            await self._adapter_data.remove(f"card/{message}")


class MessageRemover:
    """Deletes messages and files of cards. A file that Slack refuses to delete stays. Raises Delayed."""

    def __init__(self, uploads: UploadStore) -> None:
        self._uploads = uploads

    async def remove(self, api: WorkspaceApi, message: str) -> None:
        """Delete a card's message with all its files; raises Undeliverable where the message stays."""
        card = await self._uploads.card_of(message)
        if card is not None:
            for upload in await self._uploads.all_of(card):
                await _delete_upload(api, upload)
        refused = await _delete_message(api, message)
        # Last, so that after a crash the next attempt still knows what to delete.
        if card is not None:
            await self._uploads.forget_card(card)
        if refused is not None and refused.code not in _NOT_THERE:
            raise Undeliverable(refused.reason)

    async def remove_unneeded(self, api: WorkspaceApi, view: CardView) -> None:
        """Delete the files of a card's deleted jobs, and the previews of those that have ended."""
        for job in view.jobs:
            if job.phase in (JobPhase.WAITING, JobPhase.RUNNING):
                continue
            for kind in UploadKind if job.phase is JobPhase.GONE else (UploadKind.PREVIEW,):
                upload = await self._uploads.get(view.card, job.id, kind)
                if upload is not None:
                    await _delete_upload(api, upload)
                    await self._uploads.forget(view.card, job.id, kind)


async def _delete_upload(api: WorkspaceApi, upload: Upload) -> None:
    if upload.message is not None:
        await _delete_message(api, upload.message)
    await _delete(api, "files.delete", file=upload.file)


async def _delete_message(api: WorkspaceApi, message: str) -> ApiError | None:
    channel, ts = parse_message_id(message)
    return await _delete(api, "chat.delete", channel=channel, ts=ts)


async def _delete(api: WorkspaceApi, method: str, **arguments: Any) -> ApiError | None:
    """Delete something; returns why Slack refuses it, which is logged."""
    try:
        await api.call(method, **arguments)
    except ApiError as error:
        _log.info("delete_refused", method=method, code=error.code)
        return error
    return None


def _parse(text: str) -> Upload | None:
    """Parse a stored upload; an unreadable one counts as none, and its file is uploaded again."""
    try:
        return Upload.model_validate_json(text)
    except ValidationError:
        _log.warning("upload_record_unreadable")
        return None


def _prefix(card: str) -> str:
    return f"upload/{card}/"


def _key(card: str, job: str, kind: UploadKind) -> str:
    return f"{_prefix(card)}{job}/{kind}"
