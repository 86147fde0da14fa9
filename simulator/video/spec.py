"""What to render: plain records that are sent to a worker process."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from simulator.drawing.spec import Placement
from simulator.formats import FPS


class FramePosition(StrEnum):
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyframe:
    """A picture, or the first or last frame of a video."""

    path: Path
    #: None where the file is a picture
    position: FramePosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnVideo:
    #: width and height in pixels, both even
    size: tuple[int, int]
    frames: int
    #: frames drawn per second; between them the last one is repeated
    drawn_fps: int = FPS


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateVideo(DrawnVideo):
    #: of the generation: the same prompt looks different for every id
    id: str
    prompt: str
    model: str
    #: the last frame leads back to the first one
    loop: bool
    #: keys of the concepts
    concepts: tuple[str, ...]
    start: Keyframe | None
    end: Keyframe | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReframeVideo(DrawnVideo):
    source: Path
    placement: Placement
    first_frame: Keyframe | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyVideo(DrawnVideo):
    source: Path
    #: the style follows from it
    prompt: str
    #: from 0, the source as it is, to 1
    strength: float
    first_frame: Keyframe | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscaleVideo:
    source: Path
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAudio:
    source: Path
    #: the music follows from it
    prompt: str


VideoSpec = GenerateVideo | ReframeVideo | ModifyVideo | UpscaleVideo | AddAudio
