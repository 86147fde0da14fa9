"""What to draw: plain records that are sent to a worker process."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from simulator.formats import PICTURE_SIZES, AspectRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceImage:
    """A reference picture on disk."""

    path: Path
    #: the field of the request that named it
    role: str
    #: influence from 0 to 1
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a reframe puts its source, in pixels; None means centred and as large as fits."""

    #: the part of the source that is used: left, top, right, bottom
    crop: tuple[int | None, int | None, int | None, int | None] = (None, None, None, None)
    #: size of the source in the new frame
    width: int | None = None
    height: int | None = None
    #: its upper left corner in the new frame
    x: int | None = None
    y: int | None = None

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> Self:
        left, top, right, bottom = (request.get(key) for key in ("x_start", "y_start", "x_end", "y_end"))
        return cls(
            crop=(left, top, right, bottom),
            width=request.get("resized_width"),
            height=request.get("resized_height"),
            x=request.get("grid_position_x"),
            y=request.get("grid_position_y"),
        )


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

    def with_role(self, role: str) -> tuple[ReferenceImage, ...]:
        return tuple(reference for reference in self.references if reference.role == role)
