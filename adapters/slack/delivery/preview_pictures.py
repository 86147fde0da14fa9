"""Uploads the picture of a command that is shown before it is started.

The file is not shared anywhere: only the block of one private message shows it. It is deleted once a button
of that message was pressed, or with the next preview after its buttons have expired: otherwise previews would
pile up in the workspace's files.
"""

import asyncio
from collections.abc import Callable

import structlog

from adapters.chat.text import sanitize_line
from adapters.slack.delivery.file_uploader import file_info
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.errors import DeliveryError
from bot.domain.ids import id_created_at
from bot.service.adapter_data import AdapterData
from bot.service.replies import PendingCommand

_log = structlog.get_logger(__name__)

_NAME, _TITLE = "preview.png", 80
#: previews that are looked at together
_ABANDONED = 20
#: pauses until Slack has processed the file; the message is sent without it after the last
_POLL_S = (0.2, 0.3, 0.5, 1.0, 1.0, 1.0)


class PreviewPictures:
    """Keeps the file of each preview until a button of it is pressed, or works no more."""

    def __init__(self, adapter_data: AdapterData, clock: Callable[[], int], *, valid_ms: int) -> None:
        """`valid_ms` is how long the buttons of a preview work."""
        self._adapter_data = adapter_data
        self._clock = clock
        self._valid_ms = valid_ms

    async def upload(self, api: WorkspaceApi, pending: PendingCommand) -> str | None:
        """The id of a file that an image block can show; None where Slack does not take it in time."""
        if pending.picture is None:
            return None
        try:
            url = await api.call("files.getUploadURLExternal", filename=_NAME, length=len(pending.picture))
            file = str(url["file_id"])
            await api.web_api.upload(url["upload_url"], pending.picture)
            await self._adapter_data.put(_key(api, pending.id), file)
            title = sanitize_line(pending.alt, _TITLE)
            await api.call("files.completeUploadExternal", files=[{"id": file, "title": title}])
            for pause_s in _POLL_S:
                found = await file_info(api, file)
                if found is not None and found.get("mimetype"):
                    return file
                await asyncio.sleep(pause_s)
        except (ApiError, DeliveryError) as error:
            _log.info("preview_not_uploaded", error=str(error))
        return None

    async def delete(self, api: WorkspaceApi, pending: str) -> None:
        """Delete the file of a preview that was started or closed."""
        file = await self._adapter_data.take(_key(api, pending))
        if file is None:
            return
        try:
            await api.call("files.delete", file=file)
        except (ApiError, DeliveryError) as error:
            _log.info("preview_not_deleted", error=str(error))

    async def delete_abandoned(self, api: WorkspaceApi) -> None:
        """Delete the files of this workspace's previews that nobody started or closed."""
        for entry in await self._adapter_data.latest(_key(api, ""), limit=_ABANDONED):
            pending = entry.key.removeprefix(_key(api, ""))
            if self._clock() - id_created_at(pending) > self._valid_ms:
                await self.delete(api, pending)


def _key(api: WorkspaceApi, pending: str) -> str:
    return f"preview/{api.team}/{pending}"
