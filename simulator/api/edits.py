"""The ways to make a film from another one: reframe, modify, upscale, add sound."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from simulator.api.answers import Problem
from simulator.api.generations import Generation, Reference
from simulator.api.orders import Draft, Media, Order, Placed, read_prompt
from simulator.api.shape import Shape, largest_restyled, reframed_shape, upscaled_shape
from simulator.api.tariff import extra_cost, film_cost, modify_cost
from simulator.api.videos import FILM, USUAL_MS, modern, read_resolution
from simulator.api.wire import HttpUrl
from simulator.formats import AspectRatio, Lane, Resolution, VideoModel

#: how long a film may be that is brought along, in seconds
_REFRAME_S = {VideoModel.RAY_2: 10.0, VideoModel.RAY_FLASH_2: 30.0}
_MODIFY_S = {VideoModel.RAY_2: 10.0, VideoModel.RAY_FLASH_2: 15.0}
_UPSCALE_MS, _AUDIO_MS = 40_000, 20_000

Model = Annotated[VideoModel, BeforeValidator(modern)]
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


class _Edit(Order):
    """What is asked of somebody's own film."""

    model: Model
    media: Media
    first_frame: Media | None = None
    prompt: str | None = None
    callback_url: HttpUrl | None = None

    def _draft(self, longest_s: float, shape: Shape, cost: int) -> Draft:
        prompt = read_prompt(self.prompt, required=False)
        references = [Reference(role="media", url=self.media.url, longest_s=longest_s)]
        if self.first_frame is not None:
            references.append(Reference(role="first_frame", url=self.first_frame.url))
        return Draft(
            lane=Lane.VIDEO,
            output="video",
            model=self.model.value,
            prompt=prompt,
            echo=self.model_dump(mode="json") | {"prompt": prompt},
            references=tuple(references),
            callback_url=self.callback_url,
            cost=cost,
            usual_ms=USUAL_MS[self.model],
            asset=FILM,
            shape=shape,
        )


class ReframeVideoOrder(_Edit, Placed):
    """POST /generations/video/reframe."""

    # Required by its description, left out by its examples.
    generation_type: Literal["reframe_video"] = "reframe_video"
    aspect_ratio: AspectRatio

    def check(self) -> None:
        self.check_crop()

    def draft(self, films: Mapping[str, Generation]) -> Draft:  # noqa: ARG002 - builds on none
        longest_s = _REFRAME_S[self.model]
        shape = reframed_shape(self.aspect_ratio, round(longest_s * 1000))
        return self._draft(longest_s, shape, film_cost(self.model, shape))


class ModifyVideoOrder(_Edit):
    """POST /generations/video/modify."""

    generation_type: Literal["modify_video"] = "modify_video"
    mode: Mode

    def draft(self, films: Mapping[str, Generation]) -> Draft:  # noqa: ARG002 - builds on none
        longest_s = _MODIFY_S[self.model]
        shape = largest_restyled(round(longest_s * 1000))
        return self._draft(longest_s, shape, modify_cost(self.model, shape))


class _Addition(Order):
    """What is asked of a film that was made here."""

    #: of the film, from the path
    id: str
    callback_url: HttpUrl | None = None

    @property
    def builds_on(self) -> tuple[str, ...]:
        return (self.id,)

    def _draft(self, film: Generation, shape: Shape, usual_ms: int, echo: dict[str, Any]) -> Draft:
        return Draft(
            lane=Lane.VIDEO,
            output="video",
            model=film.model,
            prompt=film.prompt,
            echo=self.model_dump(mode="json", exclude={"id"}) | echo,
            references=(Reference(role="source", generation=film.id),),
            callback_url=self.callback_url,
            cost=extra_cost(VideoModel(film.model), shape),
            usual_ms=usual_ms,
            asset=FILM,
            shape=shape,
        )


class UpscaleOrder(_Addition):
    """POST /generations/{id}/upscale."""

    generation_type: Literal["upscale_video"] = "upscale_video"
    resolution: Annotated[Resolution | None, BeforeValidator(read_resolution)] = None

    def draft(self, films: Mapping[str, Generation]) -> Draft:
        film = films[self.id]
        source = film.film_shape
        larger = [one for one in Resolution if one.short_side > min(source.size)]
        resolution = self.resolution or next(iter(larger), None)
        if resolution not in larger:
            raise Problem.embedded("the generation already has this resolution")
        shape = upscaled_shape(source, resolution)
        return self._draft(film, shape, _UPSCALE_MS, {"resolution": resolution.value})


class AudioOrder(_Addition):
    """POST /generations/{id}/audio."""

    generation_type: Literal["add_audio"] = "add_audio"
    prompt: str | None = None
    negative_prompt: str | None = None

    def check(self) -> None:
        read_prompt(self.prompt, required=False)

    def draft(self, films: Mapping[str, Generation]) -> Draft:
        film = films[self.id]
        return self._draft(film, film.film_shape, _AUDIO_MS, {})
