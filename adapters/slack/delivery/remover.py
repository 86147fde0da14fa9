"""Removes cards with all that was sent for them."""

from typing import Any

import structlog

from adapters.slack.delivery.routes import read_message
from adapters.slack.delivery.uploaded_media import Upload, UploadKind, UploadStore
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.cards import CardView, JobPhase

_log = structlog.get_logger(__name__)


class MessageRemover:
    """Deletes messages and files; what Slack does not let go of is logged and left. Raises Delayed."""

    def __init__(self, uploads: UploadStore) -> None:
        self._uploads = uploads

    async def remove(self, door: WorkspaceApi, message: str) -> None:
        """Remove a card's message and everything that belongs to it."""
        card = await self._uploads.card_of(message)
        if card is not None:
            for upload in await self._uploads.all_of(card):
                await self._discard(door, upload)
        await self._delete(door, message)
        # Last, so that whoever removes it again after a crash still finds what there is.
        if card is not None:
            await self._uploads.forget_card(card)

    async def clear(self, door: WorkspaceApi, view: CardView) -> None:
        """Remove what belongs to those jobs of a card that were deleted."""
        for job in view.jobs:
            if job.phase is not JobPhase.GONE:
                continue
            for kind in UploadKind:
                upload = await self._uploads.get(view.card, job.id, kind)
                if upload is not None:
                    await self._discard(door, upload)
                    await self._uploads.forget(view.card, job.id, kind)

    async def _discard(self, door: WorkspaceApi, upload: Upload) -> None:
        if upload.message is not None:
            await self._delete(door, upload.message)
        await _asked(door, "files.delete", file=upload.file)

    async def _delete(self, door: WorkspaceApi, message: str) -> None:
        channel, ts = read_message(message)
        await _asked(door, "chat.delete", channel=channel, ts=ts)


async def _asked(door: WorkspaceApi, method: str, **what: Any) -> None:
    try:
        await door.call(method, **what)
    except ApiError as refusal:
        _log.info("removal_refused", method=method, code=refusal.code)
