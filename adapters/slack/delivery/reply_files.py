"""Uploads the files of private replies.

A picture is not shared anywhere: only the block of one message shows it. That of a private message is deleted
once a button of the message was pressed, or with a later one after its buttons have expired: otherwise such
pictures would pile up in the workspace's files. A private message in a channel cannot have any other file, so
that goes to the person's direct messages with the bot.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import structlog

from adapters.chat.text import sanitize_line
from adapters.slack.delivery.file_uploader import file_info
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.errors import DeliveryError
from bot.domain.ids import ENTROPY_BYTES, id_created_at, new_id
from bot.service.adapter_data import AdapterData
from bot.service.replies import PrivateReply, ReplyFile

_log = structlog.get_logger(__name__)

_TITLE = 80
#: pictures that are looked at together
_ABANDONED = 20
#: pauses until Slack has processed the file; the message is sent without it after the last
_POLL_S = (0.2, 0.3, 0.5, 1.0, 1.0, 1.0)


class ReplyFiles:
    """Uploads the files of replies, and keeps those of private ones as long as they are of use."""

    def __init__(self, adapter_data: AdapterData, clock: Callable[[], int], *, valid_ms: int) -> None:
        """`valid_ms` is how long the buttons of a message work."""
        self._adapter_data = adapter_data
        self._clock = clock
        self._valid_ms = valid_ms

    async def upload_picture(self, api: WorkspaceApi, reply: PrivateReply, file: ReplyFile) -> str | None:
        """The id of a file that an image block can show; None where Slack does not take it in time."""
        try:
            uploaded = await _upload(api, file)
            if not reply.posted:
                # Its own time tells when it is of no use any more, as that of a shown command does.
                shown = (
                    reply.pending.id if reply.pending else new_id(self._clock(), os.urandom(ENTROPY_BYTES))
                )
                await self._adapter_data.put(_key(api, shown), uploaded)
            await _complete(api, uploaded, sanitize_line(file.alt, _TITLE))
            for pause_s in _POLL_S:
                found = await file_info(api, uploaded)
                if found is not None and found.get("mimetype"):
                    return uploaded
                await asyncio.sleep(pause_s)
        except (ApiError, DeliveryError) as error:
            _log.info("reply_picture_not_uploaded", error=str(error))
        return None

    async def send_directly(self, api: WorkspaceApi, user: str, reply: PrivateReply, file: ReplyFile) -> bool:
        """Send a file to a person's direct messages; returns whether Slack took it."""
        try:
            opened = await api.call("conversations.open", users=user)
            uploaded = await _upload(api, file)
            title = sanitize_line(reply.title, _TITLE)
            await _complete(
                api, uploaded, file.name, channel_id=opened["channel"]["id"], initial_comment=title
            )
        except (ApiError, DeliveryError) as error:
            _log.warning("reply_file_not_sent", error=str(error))
            return False
        return True

    async def delete(self, api: WorkspaceApi, pending: str) -> None:
        """Delete the picture of a command that was started or closed."""
        file = await self._adapter_data.take(_key(api, pending))
        if file is None:
            return
        try:
            await api.call("files.delete", file=file)
        except (ApiError, DeliveryError) as error:
            _log.info("reply_picture_not_deleted", error=str(error))

    async def delete_abandoned(self, api: WorkspaceApi) -> None:
        """Delete this workspace's pictures of messages whose time is over."""
        for entry in await self._adapter_data.latest(_key(api, ""), limit=_ABANDONED):
            shown = entry.key.removeprefix(_key(api, ""))
            if self._clock() - id_created_at(shown) > self._valid_ms:
                await self.delete(api, shown)


async def _upload(api: WorkspaceApi, file: ReplyFile) -> str:
    """Send the bytes of a file, which nobody sees yet; returns its id."""
    url = await api.call("files.getUploadURLExternal", filename=file.name, length=len(file.content))
    await api.web_api.upload(url["upload_url"], file.content)
    return str(url["file_id"])


async def _complete(api: WorkspaceApi, file: str, title: str, **shared: Any) -> None:
    await api.call("files.completeUploadExternal", files=[{"id": file, "title": title}], **shared)


def _key(api: WorkspaceApi, shown: str) -> str:
    return f"preview/{api.team}/{shown}"
