"""The way to ask for a film, with the API's rules on what it may begin and end with."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from simulator.api.answers import Problem
from simulator.api.generations import Generation, Reference
from simulator.api.orders import Draft, Order, read_prompt
from simulator.api.shape import ordered_shape
from simulator.api.tariff import film_cost
from simulator.api.wire import HttpUrl, bad_request
from simulator.films.camera import CONCEPTS
from simulator.formats import AspectRatio, Duration, Lane, Resolution, VideoModel

#: how long each model usually takes, in milliseconds
USUAL_MS = {VideoModel.RAY_2: 105_000, VideoModel.RAY_FLASH_2: 65_000}
FILM = "video.mp4"
_RETIRED = "ray-1-6"

#: why these beginnings and endings cannot be looped, by the types of both frames
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


class FilmFrame(_Part):
    type: Literal["generation"]
    id: UUID


Keyframe = Annotated[ImageFrame | FilmFrame, Field(discriminator="type")]


class Keyframes(_Part):
    frame0: Keyframe | None = None
    frame1: Keyframe | None = None

    @property
    def given(self) -> dict[str, ImageFrame | FilmFrame]:
        both = {"frame0": self.frame0, "frame1": self.frame1}
        return {name: frame for name, frame in both.items() if frame is not None}


class Concept(_Part):
    key: str


def modern(model: object) -> object:
    """Refuse the model that old documents name, before the list of models does. Raises Problem."""
    if model == _RETIRED:
        raise bad_request(f"Model {_RETIRED} is not supported anymore, use ray-2 or ray-flash-2")
    return model


def read_resolution(given: object) -> object:
    """Understand what the documents write, `1080` too. Raises Problem."""
    if given is None:
        return None
    name = str(given).lower()
    name = f"{name}p" if name.isdigit() else name
    if name not in set(Resolution):
        raise Problem.embedded(f"resolution {given} is not supported, use {', '.join(Resolution)}")
    return name


class VideoOrder(Order):
    """POST /generations/video, and POST /generations as older callers say it."""

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

    _modern = field_validator("model", mode="before")(modern)

    @field_validator("generation_type", mode="before")
    @classmethod
    def _known_type(cls, given: object) -> object:
        if given != "video":
            raise bad_request("Unknown request type")
        return given

    @field_validator("resolution", mode="before")
    @classmethod
    def _known_resolution(cls, given: object) -> object:
        return read_resolution(given) or Resolution.P720

    @field_validator("duration", mode="before")
    @classmethod
    def _known_length(cls, given: object) -> object:
        if given is not None and given not in set(Duration):
            raise Problem.embedded(f"duration {given} is not supported, use {', '.join(Duration)}")
        return given or Duration.FIVE

    @property
    def builds_on(self) -> tuple[str, ...]:
        return tuple(str(frame.id) for frame in self._frames.values() if isinstance(frame, FilmFrame))

    def check(self) -> None:
        if self.keyframes is not None and not self._frames:
            raise bad_request("No keyframes provided")
        types = {name: frame.type for name, frame in self._frames.items()}
        read_prompt(self.prompt, required="image" not in types.values())
        reason = _NO_LOOP.get((types.get("frame0"), types.get("frame1") or ""))
        if self.loop and reason:
            raise bad_request(f"Loop is not supported for {reason}")
        for concept in self.concepts or ():
            if concept.key not in CONCEPTS:
                raise Problem.embedded(f"concept {concept.key} is not supported")

    def draft(self, films: Mapping[str, Generation]) -> Draft:
        prompt = read_prompt(self.prompt, required=False)
        ratio = self.aspect_ratio or self._inherited(films)
        shape = ordered_shape(ratio, self.resolution, self.duration)
        return Draft(
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
            cost=film_cost(self.model, shape),
            usual_ms=USUAL_MS[self.model] * self.duration.ms // Duration.FIVE.ms,
            asset=FILM,
            shape=shape,
        )

    @property
    def _frames(self) -> dict[str, ImageFrame | FilmFrame]:
        return self.keyframes.given if self.keyframes else {}

    def _inherited(self, films: Mapping[str, Generation]) -> AspectRatio:
        """What is added to a film has its shape unless another one is asked for."""
        shapes = (films[name].shape for name in self.builds_on)
        return next((shape.aspect_ratio for shape in shapes if shape), AspectRatio.LANDSCAPE)

    def _echo(self, prompt: str, ratio: AspectRatio) -> dict[str, Any]:
        return self.model_dump(mode="json") | {
            "prompt": prompt or None,
            "aspect_ratio": ratio.value,
            "loop": bool(self.loop),
        }
