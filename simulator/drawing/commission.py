"""What a painter has to know: a plain record that travels to a worker process."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from simulator.formats import PICTURE_SIZES, AspectRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A reference picture on disk."""

    path: Path
    #: the field of the request that named it
    role: str
    #: influence from 0 to 1
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a reframed source goes, in pixels; None leaves it to the painter."""

    #: the part of the source that is used
    crop: tuple[int | None, int | None, int | None, int | None]
    #: its size in the new frame
    width: int | None
    height: int | None
    #: its upper left corner in the new frame
    x: int | None
    y: int | None

    @classmethod
    def read(cls, request: Mapping[str, Any]) -> Self:
        return cls(
            crop=(
                request.get("x_start"),
                request.get("y_start"),
                request.get("x_end"),
                request.get("y_end"),
            ),
            width=request.get("resized_width"),
            height=request.get("resized_height"),
            x=request.get("grid_position_x"),
            y=request.get("grid_position_y"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSpec:
    id: str
    prompt: str
    model: str
    aspect_ratio: AspectRatio
    sources: tuple[Source, ...]
    placement: Placement

    @property
    def size(self) -> tuple[int, int]:
        return PICTURE_SIZES[self.aspect_ratio]

    def of_role(self, role: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.role == role)
