"""Custom ids of the buttons and modals for media of other people's messages."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

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
