"""Models, aspect ratios, resolutions and durations, and the sizes in pixels that follow from them."""

from enum import StrEnum
from math import log


class Lane(StrEnum):
    """The unit of an account's limits."""

    IMAGE = "image"
    VIDEO = "video"


class ImageModel(StrEnum):
    PHOTON_1 = "photon-1"
    PHOTON_FLASH_1 = "photon-flash-1"


class VideoModel(StrEnum):
    RAY_2 = "ray-2"
    RAY_FLASH_2 = "ray-flash-2"


Model = ImageModel | VideoModel


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
        across, down = self.value.split(":")
        return int(across), int(down)


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
        """Accept `1080`, as the API's documentation writes it."""
        name = f"{value}p"
        return next((one for one in cls if one.value == name), None)

    @property
    def short_side(self) -> int:
        """Pixels of the short side."""
        return {"540p": 540, "720p": 720, "1080p": 1080, "4k": 2160}[self.value]


class Duration(StrEnum):
    FIVE = "5s"
    NINE = "9s"

    @classmethod
    def _missing_(cls, value: object) -> "Duration | None":
        """Accept `5`, as people write it."""
        name = f"{value}s"
        return next((one for one in cls if one.value == name), None)

    @property
    def ms(self) -> int:
        return int(self.value.removesuffix("s")) * 1000


#: frames per second of every video
FPS = 24

#: width and height in pixels of pictures and of everything reframed, as documented
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
    """Width and height in pixels: the resolution is the short side; documented for 16:9 only."""
    across, down = aspect_ratio.parts
    unit = resolution.short_side / min(across, down)
    return even(across * unit), even(down * unit)


def even(pixels: float) -> int:
    """The nearest even number: H.264 stores colour for squares of two by two pixels."""
    return max(2, round(pixels / 2) * 2)


def nearest_ratio(width: int, height: int) -> AspectRatio:
    """The available aspect ratio that is nearest to these pixels."""

    def distance(ratio: AspectRatio) -> float:
        # A factor, not a difference: a rotated picture must get the rotated ratio.
        across, down = ratio.parts
        return abs(log(width * down / (height * across)))

    return min(AspectRatio, key=distance)
