"""Media of other people's messages, kept until the person has chosen what to do with them.

A URL is too long for a custom id, and the message may be in a channel that only its members can read.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller
from bot.domain.media import Reference
from bot.service.adapter_data import AdapterData

_PATTERN = re.compile(r"rd:(?P<action>[a-z]{1,20}):(?P<pending>[0-9]{1,20}):(?P<index>[0-9])")


class MediaAction(StrEnum):
    """What can be done with media of other people's messages."""

    ANIMATE = "animate"
    REFRAME = "reframe"
    VARIATION = "variation"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingMediaId:
    """A parsed custom id. Whose pending media it names follows from the event's own caller."""

    action: MediaAction
    #: id of the interaction that stored the media
    pending: str
    #: which of them
    index: int

    def write(self) -> str:
        return f"rd:{self.action}:{self.pending}:{self.index}"

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        match = _PATTERN.fullmatch(custom_id)
        if match is None or match["action"] not in set(MediaAction):
            return None
        return cls(action=MediaAction(match["action"]), pending=match["pending"], index=int(match["index"]))


class PendingMedia(BaseModel):
    """The pictures and videos of one message."""

    model_config = ConfigDict(frozen=True)

    id: str
    media: tuple[Reference, ...]


class PendingMediaStore:
    """Keeps the newest pending media of each person, so that abandoned ones do not accumulate."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data

    async def put(self, pending: PendingMedia, caller: Caller) -> None:
        await self._adapter_data.put(_key(caller), pending.model_dump_json())

    async def get(self, media_id: PendingMediaId, caller: Caller) -> Reference:
        """The medium that an id names; raises InvalidRequest where it is not stored any longer."""
        stored = await self._adapter_data.get(_key(caller))
        pending = PendingMedia.model_validate_json(stored) if stored else None
        if pending is None or pending.id != media_id.pending or media_id.index >= len(pending.media):
            raise InvalidRequest(
                "This has expired; choose it again from the message's context menu, under Apps"
            )
        return pending.media[media_id.index]


def _key(caller: Caller) -> str:
    """The key in the adapter's data; the prefix is that of entries written by earlier versions."""
    return f"draft/{caller.person}"
