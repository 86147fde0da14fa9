"""How many pixels films have, and for how long: as asked for, or as it follows from another film."""

from dataclasses import dataclass

from simulator.formats import (
    FPS,
    PICTURE_SIZES,
    AspectRatio,
    Duration,
    Resolution,
    even,
    nearest_ratio,
    video_size,
)

#: most pixels of a restyled film's short and long side: the size that its price is given for
_RESTYLED_SHORT, _RESTYLED_LONG = 720, 1680


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    width: int
    height: int
    duration_ms: int

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def frames(self) -> int:
        return max(1, round(self.duration_ms * FPS / 1000))

    @property
    def aspect_ratio(self) -> AspectRatio:
        """The nearest of those that can be asked for."""
        return nearest_ratio(self.width, self.height)


def ordered_shape(ratio: AspectRatio, resolution: Resolution, duration: Duration) -> Shape:
    width, height = video_size(ratio, resolution)
    return Shape(width=width, height=height, duration_ms=duration.ms)


def reframed_shape(ratio: AspectRatio, duration_ms: int) -> Shape:
    width, height = PICTURE_SIZES[ratio]
    return Shape(width=width, height=height, duration_ms=duration_ms)


def restyled_shape(source: Shape) -> Shape:
    scale = min(1.0, _RESTYLED_SHORT / min(source.size), _RESTYLED_LONG / max(source.size))
    return _scaled(source, scale)


def largest_restyled(duration_ms: int) -> Shape:
    return Shape(width=_RESTYLED_LONG, height=_RESTYLED_SHORT, duration_ms=duration_ms)


def upscaled_shape(source: Shape, resolution: Resolution) -> Shape:
    return _scaled(source, resolution.short_side / min(source.size))


def _scaled(source: Shape, scale: float) -> Shape:
    return Shape(
        width=even(source.width * scale),
        height=even(source.height * scale),
        duration_ms=source.duration_ms,
    )
