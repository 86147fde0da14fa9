"""What a film maker has to know: plain records that travel to a worker process."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from simulator.drawing.commission import Placement
from simulator.formats import FPS


class Moment(StrEnum):
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture, or one moment of a film."""

    path: Path
    #: None where the file is a picture
    moment: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A scene that moves, from its words and from the pictures that it begins and ends with."""

    #: of the generation; another one makes another film of the same words
    id: str
    prompt: str
    model: str
    #: width and height in pixels, both even
    size: tuple[int, int]
    frames: int
    #: the last frame leads back into the first one
    loop: bool
    #: keys of the concepts asked for
    concepts: tuple[str, ...]
    opening: Still | None
    closing: Still | None
    #: see `paced`
    drawn_fps: int = FPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reframing:
    """A film in a new frame, its surroundings imagined."""

    source: Path
    size: tuple[int, int]
    placement: Placement
    opening: Still | None
    frames: int
    drawn_fps: int = FPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Restyling:
    """A film in another style."""

    source: Path
    size: tuple[int, int]
    #: what the style is taken from
    prompt: str
    #: from 0, the source as it is, to 1
    strength: float
    opening: Still | None
    frames: int
    drawn_fps: int = FPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlargement:
    """The same film with more pixels."""

    source: Path
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """The same film with music."""

    source: Path
    #: what the music follows from
    mood: str


Script = Take | Reframing | Restyling | Enlargement | Scoring
