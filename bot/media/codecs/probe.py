"""The result of probing a file, validated when it leaves the sandboxed process."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.media.sniff import TYPES

#: upper bound in pixels per side, above any accepted picture or frame
_SIDE_MAX = 1 << 20


def _known(mime: str) -> str:
    if mime not in TYPES:
        raise ValueError("not the type of a picture or a video")
    return mime


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Type and dimensions of a picture or a video, from its content."""

    mime: Annotated[str, AfterValidator(_known)]
    #: pixels as displayed, after rotation and pixel aspect ratio
    width: Annotated[int, Field(gt=0, le=_SIDE_MAX)]
    height: Annotated[int, Field(gt=0, le=_SIDE_MAX)]
    #: length of a video; None for a picture
    duration_ms: Annotated[int, Field(gt=0, le=3_600_000)] | None = None
    #: an animated picture
    animated: bool = False
    #: every decoder displays it correctly: no rotation, no rare codec or colour format
    plain: bool = True
