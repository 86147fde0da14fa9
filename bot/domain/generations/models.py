"""Models, aspect ratios, resolutions and durations, and the sizes in pixels that follow from them."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from math import log


class Lane(StrEnum):
    """The unit of an account's limits."""

    IMAGE = "image"
    VIDEO = "video"


class ImageModel(StrEnum):
    PHOTON_1 = "photon-1"
    PHOTON_FLASH_1 = "photon-flash-1"
    UNI_1 = "uni-1"
    UNI_1_MAX = "uni-1-max"


class VideoModel(StrEnum):
    RAY_2 = "ray-2"
    RAY_FLASH_2 = "ray-flash-2"
    RAY_3_2 = "ray-3.2"
    #: of a gateway that leaves no choice, so that no option names it
    RAY_1_6 = "ray-1-6"


Model = ImageModel | VideoModel
#: the models of one API; those of others may not be set up beside them
DREAM_MACHINE_MODELS: frozenset[Model] = frozenset(
    {ImageModel.PHOTON_1, ImageModel.PHOTON_FLASH_1, VideoModel.RAY_2, VideoModel.RAY_FLASH_2}
)
#: models that are not among the choices of an option
UNLISTED_MODELS: frozenset[Model] = frozenset({VideoModel.RAY_1_6})


class AspectRatio(StrEnum):
    LANDSCAPE = "16:9"
    SQUARE = "1:1"
    PORTRAIT = "9:16"
    CLASSIC = "4:3"
    CLASSIC_PORTRAIT = "3:4"
    ULTRAWIDE = "21:9"
    ULTRATALL = "9:21"
    PANORAMA = "3:1"
    BANNER = "2:1"
    PHOTO = "3:2"
    PHOTO_PORTRAIT = "2:3"
    BANNER_PORTRAIT = "1:2"
    PANORAMA_PORTRAIT = "1:3"

    @property
    def parts(self) -> tuple[int, int]:
        """Width and height as whole numbers."""
        across, down = self.value.split(":")
        return int(across), int(down)


class ImageFormat(StrEnum):
    JPG = "jpg"
    PNG = "png"


class Resolution(StrEnum):
    P360 = "360p"
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
        return {"360p": 360, "540p": 540, "720p": 720, "1080p": 1080, "4k": 2160}[self.value]


class Duration(StrEnum):
    FIVE = "5s"
    NINE = "9s"
    TEN = "10s"

    @classmethod
    def _missing_(cls, value: object) -> "Duration | None":
        """Accept `5`, as people write it."""
        name = f"{value}s"
        return next((one for one in cls if one.value == name), None)

    @property
    def ms(self) -> int:
        return int(self.value.removesuffix("s")) * 1000


#: the aspect ratios of the Dream Machine API's models
_DREAM_MACHINE_RATIOS = (
    AspectRatio.LANDSCAPE,
    AspectRatio.SQUARE,
    AspectRatio.PORTRAIT,
    AspectRatio.CLASSIC,
    AspectRatio.CLASSIC_PORTRAIT,
    AspectRatio.ULTRAWIDE,
    AspectRatio.ULTRATALL,
)
#: those of the Luma Agents API's image models, which make no 9:21
_UNI_RATIOS = tuple(ratio for ratio in AspectRatio if ratio is not AspectRatio.ULTRATALL)
#: those that every model with a choice makes
COMMON_RATIOS = tuple(ratio for ratio in _DREAM_MACHINE_RATIOS if ratio in _UNI_RATIOS)
#: the aspect ratios that each model makes
ASPECT_RATIOS: Mapping[Model, Collection[AspectRatio]] = {
    ImageModel.PHOTON_1: _DREAM_MACHINE_RATIOS,
    ImageModel.PHOTON_FLASH_1: _DREAM_MACHINE_RATIOS,
    ImageModel.UNI_1: _UNI_RATIOS,
    ImageModel.UNI_1_MAX: _UNI_RATIOS,
    VideoModel.RAY_2: _DREAM_MACHINE_RATIOS,
    VideoModel.RAY_FLASH_2: _DREAM_MACHINE_RATIOS,
    # The API documents one list for all of its models and checks the model's own: these are ray's.
    VideoModel.RAY_3_2: COMMON_RATIOS,
    VideoModel.RAY_1_6: (AspectRatio.LANDSCAPE,),
}
_DREAM_MACHINE_RESOLUTIONS = (Resolution.P540, Resolution.P720, Resolution.P1080, Resolution.P2160)
#: the resolutions and durations that each video model makes
RESOLUTIONS: Mapping[VideoModel, Collection[Resolution]] = {
    VideoModel.RAY_2: _DREAM_MACHINE_RESOLUTIONS,
    VideoModel.RAY_FLASH_2: _DREAM_MACHINE_RESOLUTIONS,
    VideoModel.RAY_3_2: (Resolution.P360, Resolution.P540, Resolution.P720, Resolution.P1080),
    VideoModel.RAY_1_6: (Resolution.P720,),
}
DURATIONS: Mapping[VideoModel, Collection[Duration]] = {
    VideoModel.RAY_2: (Duration.FIVE, Duration.NINE),
    VideoModel.RAY_FLASH_2: (Duration.FIVE, Duration.NINE),
    VideoModel.RAY_3_2: (Duration.FIVE, Duration.TEN),
    VideoModel.RAY_1_6: (Duration.FIVE,),
}


class ModifyMode(StrEnum):
    """How far a modified video departs from its source: three steps of three degrees."""

    ADHERE_1 = "adhere_1"
    ADHERE_2 = "adhere_2"
    ADHERE_3 = "adhere_3"
    FLEX_1 = "flex_1"
    FLEX_2 = "flex_2"
    FLEX_3 = "flex_3"
    REIMAGINE_1 = "reimagine_1"
    REIMAGINE_2 = "reimagine_2"
    REIMAGINE_3 = "reimagine_3"


#: frames per second of every video
FPS = 24

#: width and height in pixels of the Dream Machine API's pictures and of everything reframed, as documented
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


def nearest_ratio(
    width: int, height: int, among: Collection[AspectRatio] = _DREAM_MACHINE_RATIOS
) -> AspectRatio:
    """The aspect ratio that is nearest to these pixels."""
    return min(among, key=lambda ratio: abs(_wider(ratio, width, height)))


def _wider(ratio: AspectRatio, width: int, height: int) -> float:
    """How much wider a ratio is than these pixels; negative: taller."""
    # A factor, not a difference: a rotated picture must get the rotated ratio.
    across, down = ratio.parts
    return log(across * height / (down * width))


def ratio_not_offered(width: int, height: int, among: Collection[AspectRatio], model: str = "") -> str:
    """Say that a model offers no such ratio, and which are the next wider and the next taller one."""
    wider = [ratio for ratio in among if _wider(ratio, width, height) > 0]
    taller = [ratio for ratio in among if _wider(ratio, width, height) < 0]
    near = [nearest_ratio(width, height, side) for side in (wider, taller) if side]
    verb = "are" if len(near) > 1 else "is"
    where = f" with {model}" if model else ""
    return f"{width}:{height} is not offered{where}; the nearest {verb} {' and '.join(near)}"
