"""Models, aspect ratios, resolutions and durations of the API, and the sizes that follow from them.

The facts are taken from the API's OpenAPI document. The simulator shares no code with its clients, so that a
mistake of theirs is not repeated here and therefore shows.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log


class Lane(StrEnum):
    """The unit of an account's limits."""

    IMAGE = "image"
    VIDEO = "video"


class GenerationState(StrEnum):
    QUEUED = "queued"
    DREAMING = "dreaming"
    COMPLETED = "completed"
    FAILED = "failed"


class ImageModel(StrEnum):
    PHOTON_1 = "photon-1"
    PHOTON_FLASH_1 = "photon-flash-1"


class VideoModel(StrEnum):
    RAY_2 = "ray-2"
    RAY_FLASH_2 = "ray-flash-2"


class AspectRatio(StrEnum):
    LANDSCAPE = "16:9"
    SQUARE = "1:1"
    PORTRAIT = "9:16"
    CLASSIC = "4:3"
    CLASSIC_PORTRAIT = "3:4"
    ULTRAWIDE = "21:9"
    ULTRATALL = "9:21"

    @property
    def parts(self) -> tuple[int, int]:
        """Width and height as whole numbers."""
        width, height = self.value.split(":")
        return int(width), int(height)


class ImageFormat(StrEnum):
    JPG = "jpg"
    PNG = "png"


class Resolution(StrEnum):
    P540 = "540p"
    P720 = "720p"
    P1080 = "1080p"
    P2160 = "4k"

    @classmethod
    def _missing_(cls, value: object) -> "Resolution | None":
        """Accept `1080`, as the API's own documents write it."""
        name = f"{value}p"
        return next((member for member in cls if member.value == name), None)

    @property
    def short_side(self) -> int:
        """Pixels of the short side."""
        return {"540p": 540, "720p": 720, "1080p": 1080, "4k": 2160}[self.value]


class Duration(StrEnum):
    FIVE = "5s"
    NINE = "9s"

    @classmethod
    def _missing_(cls, value: object) -> "Duration | None":
        """Accept `5` for `5s`."""
        name = f"{value}s"
        return next((member for member in cls if member.value == name), None)

    @property
    def ms(self) -> int:
        return int(self.value.removesuffix("s")) * 1000


#: frames per second of every video
FPS = 24

#: width and height in pixels of a picture, and of every reframed picture or video, as documented
PICTURE_SIZES: dict[AspectRatio, tuple[int, int]] = {
    AspectRatio.SQUARE: (1536, 1536),
    AspectRatio.CLASSIC: (1792, 1344),
    AspectRatio.CLASSIC_PORTRAIT: (1344, 1792),
    AspectRatio.LANDSCAPE: (2048, 1152),
    AspectRatio.PORTRAIT: (1152, 2048),
    AspectRatio.ULTRAWIDE: (2432, 1024),
    AspectRatio.ULTRATALL: (1024, 2432),
}


def video_size(aspect_ratio: AspectRatio, resolution: Resolution) -> tuple[int, int]:
    """Width and height in pixels: the resolution names the short side; documented for 16:9 alone."""
    across, down = aspect_ratio.parts
    unit = resolution.short_side / min(across, down)
    return even(across * unit), even(down * unit)


def even(pixels: float) -> int:
    """The nearest even number: H.264 stores colour for squares of two by two pixels."""
    return max(2, round(pixels / 2) * 2)


def nearest_ratio(width: int, height: int) -> AspectRatio:
    """The offered aspect ratio that is nearest to these pixels."""

    def distance(ratio: AspectRatio) -> float:
        # A factor, not a difference, so that a picture turned on its side has the turned ratio.
        across, down = ratio.parts
        return abs(log(width * down / (height * across)))

    return min(AspectRatio, key=distance)


#: most pixels of a modified video's short and long side: the size that its price is given for
_MODIFIED_SHORT, _MODIFIED_LONG = 720, 1680


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoShape:
    """Width and height in pixels, and length, of a video."""

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
        """The nearest ratio that the API offers."""
        return nearest_ratio(self.width, self.height)


def requested_shape(ratio: AspectRatio, resolution: Resolution, duration: Duration) -> VideoShape:
    width, height = video_size(ratio, resolution)
    return VideoShape(width=width, height=height, duration_ms=duration.ms)


def reframed_shape(ratio: AspectRatio, duration_ms: int) -> VideoShape:
    width, height = PICTURE_SIZES[ratio]
    return VideoShape(width=width, height=height, duration_ms=duration_ms)


def modified_shape(source: VideoShape) -> VideoShape:
    scale = min(1.0, _MODIFIED_SHORT / min(source.size), _MODIFIED_LONG / max(source.size))
    return _scaled(source, scale)


def largest_modified(duration_ms: int) -> VideoShape:
    return VideoShape(width=_MODIFIED_LONG, height=_MODIFIED_SHORT, duration_ms=duration_ms)


def upscaled_shape(source: VideoShape, resolution: Resolution) -> VideoShape:
    return _scaled(source, resolution.short_side / min(source.size))


def _scaled(source: VideoShape, scale: float) -> VideoShape:
    return VideoShape(
        width=even(source.width * scale),
        height=even(source.height * scale),
        duration_ms=source.duration_ms,
    )
