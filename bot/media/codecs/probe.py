"""The result of probing a file, checked again when it has left the sandboxed process."""

from dataclasses import dataclass

from bot.media.sniff import TYPES

#: upper bound in pixels per side, above any accepted picture or frame
_SIDE_MAX = 1 << 20
_DURATION_MAX_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Type and dimensions of a picture or a video, from its content."""

    mime: str
    #: pixels as displayed, after rotation and pixel aspect ratio
    width: int
    height: int
    #: length of a video; None for a picture
    duration_ms: int | None = None
    #: an animated picture
    animated: bool = False
    #: every decoder displays it correctly: no rotation, no rare codec or colour format
    plain: bool = True

    def __post_init__(self) -> None:
        if self.mime not in TYPES:
            raise ValueError("not the type of a picture or a video")
        if not (0 < self.width <= _SIDE_MAX and 0 < self.height <= _SIDE_MAX):
            raise ValueError("not the size of a picture or a video")
        if self.duration_ms is not None and not 0 < self.duration_ms <= _DURATION_MAX_MS:
            raise ValueError("not the length of a video")
