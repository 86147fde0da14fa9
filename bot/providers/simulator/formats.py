"""What films there are: models, resolutions, lengths, and the pixels that follow."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.requests import PICTURE_SIZES, AspectRatio

#: frames a second of every film
FPS = 24
#: pixels of the short side that a restyled film has at most: the size that its price is given for
_RESTYLED_SHORT, _RESTYLED_LONG = 720, 1680


class VideoModel(StrEnum):
    RAY_2 = "ray-2"
    RAY_FLASH_2 = "ray-flash-2"


class Resolution(StrEnum):
    P540 = "540p"
    P720 = "720p"
    P1080 = "1080p"
    P2160 = "4k"

    @property
    def short(self) -> int:
        """Pixels of the short side."""
        return {"540p": 540, "720p": 720, "1080p": 1080, "4k": 2160}[self.value]


class Length(StrEnum):
    FIVE = "5s"
    NINE = "9s"

    @property
    def ms(self) -> int:
        return int(self.value.removesuffix("s")) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many pixels a film has, and for how long."""

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
        own = self.width / self.height
        return min(AspectRatio, key=lambda ratio: abs(_parts(ratio)[0] / _parts(ratio)[1] - own))


def shape_of(ratio: AspectRatio, resolution: Resolution, duration_ms: int) -> Shape:
    across, down = _parts(ratio)
    unit = resolution.short / min(across, down)
    return Shape(width=_even(across * unit), height=_even(down * unit), duration_ms=duration_ms)


def reframed_shape(ratio: AspectRatio, duration_ms: int) -> Shape:
    width, height = PICTURE_SIZES[ratio]
    return Shape(width=width, height=height, duration_ms=duration_ms)


def restyled_shape(source: Shape) -> Shape:
    scale = min(1.0, _RESTYLED_SHORT / min(source.size), _RESTYLED_LONG / max(source.size))
    return _scaled(source, scale)


def largest_restyled(duration_ms: int) -> Shape:
    return Shape(width=_RESTYLED_LONG, height=_RESTYLED_SHORT, duration_ms=duration_ms)


def upscaled_shape(source: Shape, resolution: Resolution) -> Shape:
    return _scaled(source, resolution.short / min(source.size))


def _scaled(source: Shape, scale: float) -> Shape:
    return Shape(
        width=_even(source.width * scale),
        height=_even(source.height * scale),
        duration_ms=source.duration_ms,
    )


def _parts(ratio: AspectRatio) -> tuple[int, int]:
    across, down = ratio.value.split(":")
    return int(across), int(down)


def _even(pixels: float) -> int:
    # H.264 stores colour for squares of two by two pixels.
    return max(2, round(pixels / 2) * 2)
