"""What to draw: plain records that are sent to a worker process."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from simulator.formats import PICTURE_SIZES, AspectRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceImage:
    """A reference picture on disk."""

    path: Path
    #: the field of the request that named it, and its influence from 0 to 1
    role: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a reframe puts its source, in pixels; None means centred and as large as fits."""

    #: the part of the source that is used
    x_start: int | None = None
    y_start: int | None = None
    x_end: int | None = None
    y_end: int | None = None
    #: size of the source in the new frame, and its upper left corner there
    resized_width: int | None = None
    resized_height: int | None = None
    grid_position_x: int | None = None
    grid_position_y: int | None = None

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> Self:
        return cls(**{field.name: request.get(field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSpec:
    #: of the generation: the same prompt looks different for every id
    id: str
    prompt: str
    model: str
    aspect_ratio: AspectRatio
    references: tuple[ReferenceImage, ...] = ()
    placement: Placement = Placement()

    @property
    def size(self) -> tuple[int, int]:
        return PICTURE_SIZES[self.aspect_ratio]

    def with_role(self, role: str) -> list[ReferenceImage]:
        return [reference for reference in self.references if reference.role == role]
