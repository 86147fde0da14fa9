"""Bodies of the requests that make a video from another one: reframe, modify, upscale, add audio."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from simulator.api.http import HttpUrl
from simulator.api.schemas import CreateRequest, Media, PlacementFields, checked_prompt
from simulator.api.video_requests import TYPICAL_MS, VIDEO_FILE, parse_resolution, supported_model
from simulator.errors import ApiError
from simulator.formats import (
    AspectRatio,
    Lane,
    Resolution,
    VideoModel,
    VideoShape,
    largest_modified,
    reframed_shape,
    upscaled_shape,
)
from simulator.generations.generation import Generation, NewGeneration, Reference
from simulator.generations.pricing import addition_price, modify_price, video_price

#: longest source video of each model, in seconds
_REFRAME_S = {VideoModel.RAY_2: 10.0, VideoModel.RAY_FLASH_2: 30.0}
_MODIFY_S = {VideoModel.RAY_2: 10.0, VideoModel.RAY_FLASH_2: 15.0}
_UPSCALE_MS, _AUDIO_MS = 40_000, 20_000

Model = Annotated[VideoModel, BeforeValidator(supported_model)]
Mode = Literal[
    "adhere_1",
    "adhere_2",
    "adhere_3",
    "flex_1",
    "flex_2",
    "flex_3",
    "reimagine_1",
    "reimagine_2",
    "reimagine_3",
]


class _SourceVideoRequest(CreateRequest):
    """A request that names its source video by URL."""

    model: Model
    media: Media
    first_frame: Media | None = None
    prompt: str | None = None
    callback_url: HttpUrl | None = None

    def _resolve(self, longest_s: float, shape: VideoShape, price: int) -> NewGeneration:
        prompt = checked_prompt(self.prompt, required=False)
        references = [Reference(role="media", url=self.media.url, longest_s=longest_s)]
        if self.first_frame is not None:
            references.append(Reference(role="first_frame", url=self.first_frame.url))
        return NewGeneration(
            lane=Lane.VIDEO,
            output="video",
            model=self.model.value,
            prompt=prompt,
            echo=self.model_dump(mode="json") | {"prompt": prompt},
            references=tuple(references),
            callback_url=self.callback_url,
            price=price,
            typical_ms=TYPICAL_MS[self.model],
            asset=VIDEO_FILE,
            shape=shape,
        )


class ReframeVideoRequest(_SourceVideoRequest, PlacementFields):
    """POST /generations/video/reframe."""

    # Required by its description, left out by its examples.
    generation_type: Literal["reframe_video"] = "reframe_video"
    aspect_ratio: AspectRatio

    def check_rules(self) -> None:
        self.check_crop()

    def resolve(self, videos: Mapping[str, Generation]) -> NewGeneration:  # noqa: ARG002 - uses none
        longest_s = _REFRAME_S[self.model]
        shape = reframed_shape(self.aspect_ratio, round(longest_s * 1000))
        return self._resolve(longest_s, shape, video_price(self.model, shape))


class ModifyVideoRequest(_SourceVideoRequest):
    """POST /generations/video/modify."""

    generation_type: Literal["modify_video"] = "modify_video"
    mode: Mode

    def resolve(self, videos: Mapping[str, Generation]) -> NewGeneration:  # noqa: ARG002 - uses none
        longest_s = _MODIFY_S[self.model]
        shape = largest_modified(round(longest_s * 1000))
        return self._resolve(longest_s, shape, modify_price(self.model, shape))


class _OwnVideoRequest(CreateRequest):
    """A request about a video that the account generated here."""

    #: of the source video, from the path
    id: str
    callback_url: HttpUrl | None = None

    @property
    def source_ids(self) -> tuple[str, ...]:
        return (self.id,)

    def _resolve(
        self, video: Generation, shape: VideoShape, typical_ms: int, echo: dict[str, Any]
    ) -> NewGeneration:
        return NewGeneration(
            lane=Lane.VIDEO,
            output="video",
            model=video.model,
            prompt=video.prompt,
            echo=self.model_dump(mode="json", exclude={"id"}) | echo,
            references=(Reference(role="source", generation=video.id),),
            changes=video.id,
            callback_url=self.callback_url,
            price=addition_price(VideoModel(video.model), video.video_shape),
            typical_ms=typical_ms,
            asset=VIDEO_FILE,
            shape=shape,
        )


class UpscaleRequest(_OwnVideoRequest):
    """POST /generations/{id}/upscale."""

    generation_type: Literal["upscale_video"] = "upscale_video"
    resolution: Annotated[Resolution | None, BeforeValidator(parse_resolution)] = None

    def resolve(self, videos: Mapping[str, Generation]) -> NewGeneration:
        video = videos[self.id]
        source = video.video_shape
        larger = [item for item in Resolution if item.short_side > min(source.size)]
        resolution = self.resolution or next(iter(larger), None)
        if resolution not in larger:
            raise ApiError.unsupported("the generation already has this resolution")
        shape = upscaled_shape(source, resolution)
        return self._resolve(video, shape, _UPSCALE_MS, {"resolution": resolution.value})


class AudioRequest(_OwnVideoRequest):
    """POST /generations/{id}/audio."""

    generation_type: Literal["add_audio"] = "add_audio"
    prompt: str | None = None
    negative_prompt: str | None = None

    def check_rules(self) -> None:
        checked_prompt(self.prompt, required=False)

    def resolve(self, videos: Mapping[str, Generation]) -> NewGeneration:
        video = videos[self.id]
        return self._resolve(video, video.video_shape, _AUDIO_MS, {})
