"""The record of what a file is, as a confined process finds it out and the bot believes it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.media.sniff import TYPES

#: more than any picture or frame that is accepted has on a side
_SIDE_MAX = 1 << 20


def _known(mime: str) -> str:
    if mime not in TYPES:
        raise ValueError("no type of a picture or a video")
    return mime


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a picture or a video is, whatever its name or its server says."""

    mime: Annotated[str, AfterValidator(_known)]
    #: pixels, as shown: turned and stretched where the file asks for it
    width: Annotated[int, Field(gt=0, le=_SIDE_MAX)]
    height: Annotated[int, Field(gt=0, le=_SIDE_MAX)]
    #: length of a video; None for a picture
    duration_ms: Annotated[int, Field(gt=0, le=3_600_000)] | None = None
    #: a picture that moves
    animated: bool = False
    #: every reader shows it right: nothing is turned, no rare codec or way to store colours
    plain: bool = True
