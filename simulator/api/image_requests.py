"""Bodies of the requests that create a picture: generate and reframe."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.api.http import HttpUrl
from simulator.api.schemas import CreateRequest, Media, PlacementFields, checked_prompt
from simulator.errors import ApiError
from simulator.formats import AspectRatio, ImageFormat, ImageModel, Lane
from simulator.generations.generation import Generation, NewGeneration, Reference
from simulator.generations.pricing import image_price

#: typical duration of each model, in milliseconds
_TYPICAL_MS = {ImageModel.PHOTON_1: 12_000, ImageModel.PHOTON_FLASH_1: 5_000}
_REFERENCES_MAX = 4
#: of a reference without a weight
_WEIGHT = 0.85
_MODIFY_WEIGHT = 1.0

Weight = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ImageRef(_Part):
    url: HttpUrl
    weight: Weight | None = None


class Identity(_Part):
    images: list[HttpUrl] = []


class CharacterRef(_Part):
    identity0: Identity | None = None

    @property
    def images(self) -> list[HttpUrl]:
        return self.identity0.images if self.identity0 else []


class _AnyImageRequest(CreateRequest):
    #: whether a prompt must be given
    needs_prompt: ClassVar[bool]

    model: ImageModel
    prompt: str | None = None
    aspect_ratio: AspectRatio
    format: ImageFormat = ImageFormat.JPG
    callback_url: HttpUrl | None = None

    @abstractmethod
    def references(self) -> tuple[Reference, ...]: ...

    def echo(self, prompt: str) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"sync", "sync_timeout"}) | {"prompt": prompt}

    def wait_s(self) -> float | None:
        return None

    def resolve(self, videos: Mapping[str, Generation]) -> NewGeneration:  # noqa: ARG002 - uses no video
        prompt = checked_prompt(self.prompt, required=self.needs_prompt)
        return NewGeneration(
            lane=Lane.IMAGE,
            output="image",
            model=self.model.value,
            prompt=prompt,
            echo=self.echo(prompt),
            references=self.references(),
            callback_url=self.callback_url,
            price=image_price(self.model, self.aspect_ratio),
            typical_ms=_TYPICAL_MS[self.model],
            asset=f"image.{self.format}",
            wait_s=self.wait_s(),
        )


class ImageRequest(_AnyImageRequest):
    """POST /generations/image."""

    needs_prompt: ClassVar[bool] = True

    generation_type: Literal["image"] = "image"
    model: ImageModel = ImageModel.PHOTON_1
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    image_ref: list[ImageRef] | None = None
    style_ref: list[ImageRef] | None = None
    character_ref: CharacterRef | None = None
    modify_image_ref: ImageRef | None = None
    sync: bool = False
    sync_timeout: float = Field(default=60, gt=0, le=600)

    def wait_s(self) -> float | None:
        return self.sync_timeout if self.sync else None

    def check_rules(self) -> None:
        _at_most(self.image_ref, _REFERENCES_MAX, "image references")
        _at_most(self.style_ref, _REFERENCES_MAX, "style references")
        if self.character_ref:
            _at_most(self.character_ref.images, _REFERENCES_MAX, "images of a character")

    def references(self) -> tuple[Reference, ...]:
        found = [_reference(ref, "image_ref", _WEIGHT) for ref in self.image_ref or ()]
        found += [_reference(ref, "style_ref", _WEIGHT) for ref in self.style_ref or ()]
        if self.character_ref:
            found += [
                Reference(url=url, role="character_ref", weight=1.0) for url in self.character_ref.images
            ]
        if self.modify_image_ref:
            found.append(_reference(self.modify_image_ref, "modify_image_ref", _MODIFY_WEIGHT))
        return tuple(found)


class ReframeImageRequest(_AnyImageRequest, PlacementFields):
    """POST /generations/image/reframe."""

    needs_prompt: ClassVar[bool] = False

    generation_type: Literal["reframe_image"]
    media: Media

    def check_rules(self) -> None:
        self.check_crop()

    def references(self) -> tuple[Reference, ...]:
        return (Reference(url=self.media.url, role="media", weight=1.0),)


def _at_most(given: list[Any] | None, most: int, what: str) -> None:
    if given is not None and len(given) > most:
        raise ApiError.unsupported(f"at most {most} {what} are supported")


def _reference(ref: ImageRef, role: str, weight: float) -> Reference:
    return Reference(url=ref.url, role=role, weight=weight if ref.weight is None else ref.weight)
