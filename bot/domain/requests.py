"""What a job asks a provider for, frozen when the job is accepted.

Commands are what people say; requests are what is generated and paid for. A request names pictures by the
job that made them, never by URL: URLs are made when it is submitted, because they expire.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.domain.errors import InvalidRequest

PROMPT_MIN, PROMPT_MAX = 3, 5000


class Lane(StrEnum):
    """The unit of an account's limits."""

    IMAGE = "image"
    VIDEO = "video"


class ImageModel(StrEnum):
    PHOTON_1 = "photon-1"
    PHOTON_FLASH_1 = "photon-flash-1"


class AspectRatio(StrEnum):
    LANDSCAPE = "16:9"
    SQUARE = "1:1"
    PORTRAIT = "9:16"
    CLASSIC = "4:3"
    CLASSIC_PORTRAIT = "3:4"
    ULTRAWIDE = "21:9"
    ULTRATALL = "9:21"


class ImageFormat(StrEnum):
    JPG = "jpg"
    PNG = "png"


#: width and height in pixels of a picture, as documented for reframing
PICTURE_SIZES: dict[AspectRatio, tuple[int, int]] = {
    AspectRatio.SQUARE: (1536, 1536),
    AspectRatio.CLASSIC: (1792, 1344),
    AspectRatio.CLASSIC_PORTRAIT: (1344, 1792),
    AspectRatio.LANDSCAPE: (2048, 1152),
    AspectRatio.PORTRAIT: (1152, 2048),
    AspectRatio.ULTRAWIDE: (2432, 1024),
    AspectRatio.ULTRATALL: (1024, 2432),
}


class Reference(BaseModel):
    """A finished job's picture that a request builds on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: id of the job whose result is meant
    job: str
    #: influence from 0 to 1; None where the request knows no weight
    weight: Annotated[float, Field(ge=0, le=1)] | None = None


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: ClassVar[Lane] = Lane.IMAGE

    @property
    def references(self) -> tuple[Reference, ...]:
        """Every picture that must be reachable for the provider when this is submitted."""
        return ()


class ImageRequest(_Request):
    """A picture from words, maybe guided by other pictures."""

    kind: Literal["image"] = "image"
    prompt: str
    model: ImageModel = ImageModel.PHOTON_1
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    format: ImageFormat = ImageFormat.JPG
    image_refs: tuple[Reference, ...] = ()

    @property
    def references(self) -> tuple[Reference, ...]:
        return self.image_refs


class ReframeImageRequest(_Request):
    """A picture in a new frame; what the new frame adds is imagined."""

    kind: Literal["reframe_image"] = "reframe_image"
    source: Reference
    model: ImageModel = ImageModel.PHOTON_1
    aspect_ratio: AspectRatio
    prompt: str = ""
    format: ImageFormat = ImageFormat.JPG
    #: where the source lies in the new frame, in pixels; None lets the provider centre it
    grid_position_x: int | None = None
    grid_position_y: int | None = None
    #: the part of the source that is used, in pixels
    x_start: int | None = None
    x_end: int | None = None
    y_start: int | None = None
    y_end: int | None = None
    #: the source's size in the new frame, in pixels
    resized_width: int | None = None
    resized_height: int | None = None

    @property
    def references(self) -> tuple[Reference, ...]:
        return (self.source,)


Request = Annotated[ImageRequest | ReframeImageRequest, Field(discriminator="kind")]

_REQUEST: TypeAdapter[ImageRequest | ReframeImageRequest] = TypeAdapter(Request)


def load_request(text: str) -> ImageRequest | ReframeImageRequest:
    """Read a request from the JSON that `dump_request` made."""
    return _REQUEST.validate_json(text)


def dump_request(request: ImageRequest | ReframeImageRequest) -> str:
    return request.model_dump_json(exclude_defaults=False, exclude_none=True)


def check_prompt(prompt: str, *, required: bool = True) -> str:
    """Check a prompt the way the API does, in the API's words, before anything is spent."""
    prompt = prompt.strip()
    if not prompt:
        if required:
            raise InvalidRequest("Prompt is required")
        return prompt
    if len(prompt) < PROMPT_MIN:
        raise InvalidRequest(f"Prompt is too short, minimum length is {PROMPT_MIN} characters")
    if len(prompt) > PROMPT_MAX:
        raise InvalidRequest(f"Prompt is too long, maximum length is {PROMPT_MAX} characters")
    return prompt
