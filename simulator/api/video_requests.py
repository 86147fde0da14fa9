"""Body of the request that creates a video, with the API's rules on its keyframes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from simulator.api.http import HttpUrl
from simulator.api.schemas import CreateRequest, checked_prompt
from simulator.errors import ApiError
from simulator.formats import AspectRatio, Duration, Lane, Resolution, VideoModel, requested_shape
from simulator.generations.generation import Generation, NewGeneration, Reference
from simulator.generations.pricing import video_price
from simulator.video.camera import MOVES

#: typical duration of each model for 5 s of video, in milliseconds
TYPICAL_MS = {VideoModel.RAY_2: 105_000, VideoModel.RAY_FLASH_2: 65_000}
VIDEO_FILE = "video.mp4"
_RETIRED = "ray-1-6"

#: combinations of keyframe types that cannot be looped, with the name that the API gives them
_NO_LOOP = {
    ("image", "image"): "keyframes",
    (None, "generation"): "extend reverse",
    ("generation", "image"): "interpolate video to image",
    ("image", "generation"): "interpolate image to video",
    ("generation", "generation"): "interpolate between two videos",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ImageFrame(_Part):
    type: Literal["image"]
    url: HttpUrl


class VideoFrame(_Part):
    type: Literal["generation"]
    id: UUID


Keyframe = Annotated[ImageFrame | VideoFrame, Field(discriminator="type")]


class Keyframes(_Part):
    frame0: Keyframe | None = None
    frame1: Keyframe | None = None

    @property
    def given(self) -> dict[str, ImageFrame | VideoFrame]:
        both = {"frame0": self.frame0, "frame1": self.frame1}
        return {name: frame for name, frame in both.items() if frame is not None}


class Concept(_Part):
    key: str


def supported_model(model: object) -> object:
    """Refuse the retired model with the API's own text. Raises ApiError."""
    if model == _RETIRED:
        raise ApiError.bad_request(f"Model {_RETIRED} is not supported anymore, use ray-2 or ray-flash-2")
    return model


def parse_resolution(value: object) -> object:
    """Accept `1080` as well as `1080p`. Raises ApiError."""
    if value is None:
        return None
    name = str(value).lower()
    name = f"{name}p" if name.isdigit() else name
    if name not in set(Resolution):
        raise ApiError.unsupported(f"resolution {value} is not supported, use {', '.join(Resolution)}")
    return name


class VideoRequest(CreateRequest):
    """POST /generations/video, and POST /generations for older clients."""

    generation_type: Literal["video"] = "video"
    # Required by its description, left out by its examples.
    model: VideoModel = VideoModel.RAY_2
    prompt: str | None = None
    aspect_ratio: AspectRatio | None = None
    loop: bool | None = None
    keyframes: Keyframes | None = None
    resolution: Resolution = Resolution.P720
    duration: Duration = Duration.FIVE
    concepts: list[Concept] | None = None
    callback_url: HttpUrl | None = None

    _supported = field_validator("model", mode="before")(supported_model)

    @field_validator("generation_type", mode="before")
    @classmethod
    def _known_type(cls, value: object) -> object:
        if value != "video":
            raise ApiError.bad_request("Unknown request type")
        return value

    @field_validator("resolution", mode="before")
    @classmethod
    def _known_resolution(cls, value: object) -> object:
        return parse_resolution(value) or Resolution.P720

    @field_validator("duration", mode="before")
    @classmethod
    def _known_duration(cls, value: object) -> object:
        if isinstance(value, str) and value not in set(Duration):
            raise ApiError.unsupported(f"duration {value} is not supported, use {', '.join(Duration)}")
        return value

    @property
    def source_ids(self) -> tuple[str, ...]:
        return tuple(str(frame.id) for frame in self._frames.values() if isinstance(frame, VideoFrame))

    def check_rules(self) -> None:
        if self.keyframes is not None and not self._frames:
            raise ApiError.bad_request("No keyframes provided")
        types = {name: frame.type for name, frame in self._frames.items()}
        checked_prompt(self.prompt, required="image" not in types.values())
        reason = _NO_LOOP.get((types.get("frame0"), types.get("frame1") or ""))
        if self.loop and reason:
            raise ApiError.bad_request(f"Loop is not supported for {reason}")
        for concept in self.concepts or ():
            if concept.key not in MOVES:
                raise ApiError.unsupported(f"concept {concept.key} is not supported")

    def resolve(self, videos: Mapping[str, Generation]) -> NewGeneration:
        prompt = checked_prompt(self.prompt, required=False)
        ratio = self.aspect_ratio or self._inherited_ratio(videos)
        shape = requested_shape(ratio, self.resolution, self.duration)
        return NewGeneration(
            lane=Lane.VIDEO,
            output="video",
            model=self.model.value,
            prompt=prompt,
            echo=self._echo(prompt, ratio),
            references=tuple(
                Reference(role=name, url=frame.url)
                if isinstance(frame, ImageFrame)
                else Reference(role=name, generation=str(frame.id))
                for name, frame in self._frames.items()
            ),
            callback_url=self.callback_url,
            price=video_price(self.model, shape),
            typical_ms=TYPICAL_MS[self.model] * self.duration.ms // Duration.FIVE.ms,
            asset=VIDEO_FILE,
            shape=shape,
        )

    @property
    def _frames(self) -> dict[str, ImageFrame | VideoFrame]:
        return self.keyframes.given if self.keyframes else {}

    def _inherited_ratio(self, videos: Mapping[str, Generation]) -> AspectRatio:
        """An extension keeps the aspect ratio of its source unless the request names another one."""
        shapes = (videos[name].shape for name in self.source_ids)
        return next((shape.aspect_ratio for shape in shapes if shape), AspectRatio.LANDSCAPE)

    def _echo(self, prompt: str, ratio: AspectRatio) -> dict[str, Any]:
        return self.model_dump(mode="json") | {
            "prompt": prompt or None,
            "aspect_ratio": ratio.value,
            "loop": bool(self.loop),
        }
