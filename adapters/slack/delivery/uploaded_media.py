"""What of a card has been sent to Slack, noted before anybody sees it, so that nothing is posted twice."""

from enum import StrEnum

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.service.adapter_data import AdapterData

_log = structlog.get_logger(__name__)


class UploadKind(StrEnum):
    #: shown in the card's own blocks
    PICTURE = "picture"
    #: a message of its own, in the thread under the card
    FILM = "film"


class Upload(BaseModel):
    """One file at Slack."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: Slack's id
    file: str
    #: our file or rendition, by the name that its content gave it
    of: str
    #: when it was noted, in milliseconds UTC
    since: int
    #: how often it has been sent: what is deleted at Slack again and again is let go
    times: int = 1
    #: it can be shown, or has been
    ready: bool = False
    #: Slack has it no longer
    lost: bool = False
    #: the message with the film, as `name_message` writes it
    message: str | None = None
    #: where people open it
    link: str = ""


class UploadStore:
    """Remembers in the vault, by card and job."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data

    async def get(self, card: str, job: str, kind: UploadKind) -> Upload | None:
        text = await self._adapter_data.get(_key(card, job, kind))
        return _read(text) if text is not None else None

    async def put(self, card: str, job: str, kind: UploadKind, upload: Upload) -> None:
        await self._adapter_data.put(_key(card, job, kind), upload.model_dump_json())
        if upload.message is not None:
            await self._adapter_data.put(f"card/{upload.message}", card)

    async def note_message(self, card: str, message: str) -> None:
        """Note where a card lies, before anything that may take long is added to it."""
        if await self._adapter_data.get(f"posted/{card}") != message:
            await self._adapter_data.put(f"card/{message}", card)
            await self._adapter_data.put(f"posted/{card}", message)

    async def message_of(self, card: str) -> str | None:
        return await self._adapter_data.get(f"posted/{card}")

    async def card_of(self, message: str) -> str | None:
        """The card that a message shows, be it the film in its thread."""
        return await self._adapter_data.get(f"card/{message}")

    async def all_of(self, card: str) -> list[Upload]:
        found = [_read(entry.value) for entry in await self._adapter_data.latest(_of(card))]
        return [upload for upload in found if upload is not None]

    async def doubt_pictures(self, card: str, *, before: int) -> None:
        """Slack would not show a card's pictures: look at them anew, and send those anew that are older."""
        for entry in await self._adapter_data.latest(_of(card)):
            upload = _read(entry.value)
            if upload is not None and entry.key.endswith(f"/{UploadKind.PICTURE}"):
                doubted = {"ready": False, "lost": upload.lost or upload.since < before}
                await self._adapter_data.put(entry.key, upload.model_copy(update=doubted).model_dump_json())

    async def forget(self, card: str, job: str, kind: UploadKind) -> None:
        await self._adapter_data.remove(_key(card, job, kind))

    async def forget_card(self, card: str) -> None:
        """Forget everything about a card that is gone."""
        for entry in await self._adapter_data.latest(_of(card)):
            upload = _read(entry.value)
            if upload is not None and upload.message is not None:
                await self._adapter_data.remove(f"card/{upload.message}")
            await self._adapter_data.remove(entry.key)
        message = await self._adapter_data.take(f"posted/{card}")
        if message is not None:
            await self._adapter_data.remove(f"card/{message}")


def _read(text: str) -> Upload | None:
    """Read a note; one that cannot be read is none, and its file is sent again."""
    try:
        return Upload.model_validate_json(text)
    except ValidationError:
        _log.warning("upload_note_not_readable")
        return None


def _of(card: str) -> str:
    return f"upload/{card}/"


def _key(card: str, job: str, kind: UploadKind) -> str:
    return f"{_of(card)}{job}/{kind}"
