"""What somebody pointed at in a message that is not ours, until they have said what to do with it.

An address is too long for a custom id, and the message may lie where only its readers can read it.
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

_PATTERN = re.compile(r"rd:(?P<verb>[a-z]{1,20}):(?P<draft>[0-9]{1,20}):(?P<number>[0-9])")


class Use(StrEnum):
    """What can be done with a picture or video of somebody else's."""

    ANIMATE = "animate"
    REFRAME = "reframe"
    VARIATION = "variation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """What a custom id says of a draft; whose draft it is, the event's own caller decides."""

    use: Use
    #: id of the interaction that made the draft
    draft: str
    #: which of the draft's media
    number: int

    def write(self) -> str:
        return f"rd:{self.use}:{self.draft}:{self.number}"

    @classmethod
    def read(cls, custom_id: str) -> Self | None:
        match = _PATTERN.fullmatch(custom_id)
        if match is None or match["verb"] not in set(Use):
            return None
        return cls(use=Use(match["verb"]), draft=match["draft"], number=int(match["number"]))


class Draft(BaseModel):
    """Pictures and videos of one message."""

    model_config = ConfigDict(frozen=True)

    id: str
    media: tuple[Reference, ...]


class Drafts:
    """Keeps the newest draft of each person; so nothing that is never finished piles up."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data

    async def keep(self, draft: Draft, caller: Caller) -> None:
        await self._adapter_data.put(_key(caller), draft.model_dump_json())

    async def read(self, drafted: Drafted, caller: Caller) -> Reference:
        """The medium that is meant; raises InvalidRequest where it is not known any more."""
        kept = await self._adapter_data.get(_key(caller))
        draft = Draft.model_validate_json(kept) if kept else None
        if draft is None or draft.id != drafted.draft or drafted.number >= len(draft.media):
            raise InvalidRequest(
                "This is no longer at hand; choose it again from the message's menu, under Apps"
            )
        return draft.media[drafted.number]


def _key(caller: Caller) -> str:
    return f"draft/{caller.person}"
