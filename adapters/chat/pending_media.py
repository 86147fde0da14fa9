"""Media of other people's messages, stored until the person has chosen what to do with them.

A URL is too long for a custom id, and the message may be in a channel that only its members can read.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.identity import Caller
from bot.service.adapter_data import AdapterData

#: of the keys in the adapter's data, as earlier versions wrote them
_PREFIX = "draft/"


class PendingMedia(BaseModel):
    """The pictures and videos of one message, as they are stored."""

    model_config = ConfigDict(frozen=True)

    #: of the event that stored them
    id: str
    media: tuple[Reference, ...]


class PendingMediaStore:
    """Stores the newest pending media of each person, so that abandoned ones do not accumulate."""

    def __init__(self, adapter_data: AdapterData, *, expired: str) -> None:
        """`expired` is the text of the refusal; it says how to start again."""
        self._adapter_data = adapter_data
        self._expired = expired

    async def put(self, caller: Caller, id_: str, media: Sequence[Reference]) -> None:
        pending = PendingMedia(id=id_, media=tuple(media))
        await self._adapter_data.put(f"{_PREFIX}{caller.person}", pending.model_dump_json())

    async def get(self, caller: Caller, id_: str) -> tuple[Reference, ...]:
        """Raises InvalidRequest if they are no longer stored."""
        text = await self._adapter_data.get(f"{_PREFIX}{caller.person}")
        try:
            pending = PendingMedia.model_validate_json(text) if text else None
        except ValueError:
            # Stored by another version.
            pending = None
        if pending is None or pending.id != id_:
            raise InvalidRequest(self._expired)
        return pending.media


async def forget_pending_media(adapter_data: AdapterData, person: str) -> None:
    """Remove what is stored for a person."""
    await adapter_data.remove(f"{_PREFIX}{person}")
