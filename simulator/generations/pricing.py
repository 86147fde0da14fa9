"""Prices in whole micro-dollars, rounded up, from the API's public prices of May 2025."""

import json
from dataclasses import replace

from simulator.formats import (
    FPS,
    PICTURE_SIZES,
    AspectRatio,
    ImageModel,
    Resolution,
    VideoModel,
    VideoShape,
    modified_shape,
    video_size,
)
from simulator.generations.generation import Generation

#: micro-dollars for a million pixels of a picture
_IMAGE_RATES = {ImageModel.PHOTON_1: 7_300, ImageModel.PHOTON_FLASH_1: 1_900}
#: micro-dollars for a million pixels of each frame; reframing costs the same as the model
_VIDEO_RATES = {VideoModel.RAY_2: 6_400, VideoModel.RAY_FLASH_2: 2_200}
_MODIFY_RATES = {VideoModel.RAY_2: 15_820, VideoModel.RAY_FLASH_2: 5_440}
#: the prices of upscaling and audio are not published: charged like the model's video in this resolution
_ADDITION_RESOLUTION = Resolution.P720


def image_price(model: ImageModel, ratio: AspectRatio) -> int:
    width, height = PICTURE_SIZES[ratio]
    return -(-_IMAGE_RATES[model] * width * height // 1_000_000)


def video_price(model: VideoModel, shape: VideoShape) -> int:
    return _price(_VIDEO_RATES[model], shape, shape.duration_ms)


def modify_price(model: VideoModel, shape: VideoShape) -> int:
    return _price(_MODIFY_RATES[model], shape, shape.duration_ms)


def addition_price(model: VideoModel, source: VideoShape) -> int:
    """The price of upscaling a video, or of adding audio to it."""
    width, height = video_size(source.aspect_ratio, _ADDITION_RESOLUTION)
    return video_price(model, VideoShape(width=width, height=height, duration_ms=source.duration_ms))


def final_shape_and_price(generation: Generation, source: VideoShape) -> tuple[VideoShape, int]:
    """Return what a video made from a fetched source will be and cost, now that the source is known."""
    if generation.model not in set(VideoModel):
        # Of an API that reports no prices.
        return replace(generation.video_shape, duration_ms=source.duration_ms), generation.cost
    model = VideoModel(generation.model)
    if json.loads(generation.request)["generation_type"] == "modify_video":
        shape = modified_shape(source)
        return shape, modify_price(model, shape)
    shape = replace(generation.video_shape, duration_ms=source.duration_ms)
    return shape, video_price(model, shape)


def _price(rate: int, shape: VideoShape, ms: int) -> int:
    return -(-rate * shape.width * shape.height * FPS * ms // 1_000_000_000)
