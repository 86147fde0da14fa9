"""What generations cost, in whole micro-dollars rounded up, from the API's public prices of May 2025."""

from simulator.api.shape import Shape
from simulator.formats import FPS, PICTURE_SIZES, AspectRatio, ImageModel, VideoModel

#: micro-dollars for a million pixels of a picture
_IMAGE_RATES = {ImageModel.PHOTON_1: 7_300, ImageModel.PHOTON_FLASH_1: 1_900}
#: micro-dollars for a million pixels of each frame; reframing costs the same as the model
_RATES = {VideoModel.RAY_2: 6_400, VideoModel.RAY_FLASH_2: 2_200}
_MODIFY_RATES = {VideoModel.RAY_2: 15_820, VideoModel.RAY_FLASH_2: 5_440}
#: what upscaling and sound cost is not published: as much as this time of the model's film
_EXTRA_MS = 1_000


def picture_cost(model: ImageModel, ratio: AspectRatio) -> int:
    width, height = PICTURE_SIZES[ratio]
    return -(-_IMAGE_RATES[model] * width * height // 1_000_000)


def film_cost(model: VideoModel, shape: Shape) -> int:
    return _cost(_RATES[model], shape, shape.duration_ms)


def modify_cost(model: VideoModel, shape: Shape) -> int:
    return _cost(_MODIFY_RATES[model], shape, shape.duration_ms)


def extra_cost(model: VideoModel, shape: Shape) -> int:
    return _cost(_RATES[model], shape, _EXTRA_MS)


def _cost(rate: int, shape: Shape, ms: int) -> int:
    return -(-rate * shape.width * shape.height * FPS * ms // 1_000_000_000)
