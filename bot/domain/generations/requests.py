"""Requests to a provider, frozen when a job is accepted.

Commands are what people say; requests are what is generated and paid for. A request names what it builds on
by reference, never by the URL that is sent: those are made when it is submitted, because they expire.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import (
    ASPECT_RATIOS,
    AspectRatio,
    Duration,
    ImageFormat,
    ImageModel,
    Lane,
    ModifyMode,
    Resolution,
    VideoModel,
    nearest_ratio,
)

PROMPT_MIN, PROMPT_MAX = 3, 5000
#: image references and character images at most
IMAGE_REFS_MAX, CHARACTER_REFS_MAX = 4, 4
#: style references at most; the API takes a list, and documents no limit
STYLE_REFS_MAX = 3
#: the longest video that each model reframes, and that it modifies
REFRAME_MAX_MS: Mapping[VideoModel, int] = {
    VideoModel.RAY_2: 10_000,
    VideoModel.RAY_FLASH_2: 30_000,
    # Documented for edits of a video, which take the same sources.
    VideoModel.RAY_3_2: 18_000,
}
MODIFY_MAX_MS: Mapping[VideoModel, int] = {
    VideoModel.RAY_2: 10_000,
    VideoModel.RAY_FLASH_2: 15_000,
    VideoModel.RAY_3_2: 18_000,
}
#: the largest picture and video that the API accepts, in bytes
PICTURE_MAX_BYTES, VIDEO_MAX_BYTES = 10_000_000, 100_000_000
API_MAX_BYTES: Mapping[MediaKind, int] = {
    MediaKind.PICTURE: PICTURE_MAX_BYTES,
    MediaKind.VIDEO: VIDEO_MAX_BYTES,
}
#: the largest file that is accepted from people; a picture that is too large for the API is made smaller
TAKEN_MAX_BYTES: Mapping[MediaKind, int] = {
    MediaKind.PICTURE: 50_000_000,
    MediaKind.VIDEO: VIDEO_MAX_BYTES,
}


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: ClassVar[Lane]
    makes: ClassVar[MediaKind]

    @property
    def generations(self) -> tuple[Reference, ...]:
        """The videos that it names by their generations, which only the account that made them can use."""
        return ()

    @property
    def edited(self) -> Reference | None:
        """The video whose generation it changes: the provider may answer with that same generation."""
        return None

    @property
    def references(self) -> tuple[Reference, ...]:
        """All of its inputs, in a fixed order."""
        found: list[Reference] = []
        for value in vars(self).values():
            # Asked some ten times for each job; `isinstance` takes twice as long.
            kind = type(value)
            if kind is Reference:
                found.append(value)
            elif kind is tuple and value:
                found.extend(item for item in value if isinstance(item, Reference))
        return tuple(found)

    def with_references(self, found: Mapping[str, Reference]) -> Self:
        """The same request with the references in `found` in place of those with their keys."""

        def exchanged(value: Any) -> Any:
            if isinstance(value, Reference):
                other = found.get(value.key)
                return value if other is None else other.model_copy(update={"weight": value.weight})
            return tuple(exchanged(item) for item in value) if isinstance(value, tuple) else value

        return self.model_copy(
            update={name: exchanged(getattr(self, name)) for name in type(self).model_fields}
        )


class ImageRequest(_Request):
    """A picture from a prompt, with optional reference images."""

    lane: ClassVar[Lane] = Lane.IMAGE
    makes: ClassVar[MediaKind] = MediaKind.PICTURE

    kind: Literal["image"] = "image"
    prompt: str
    model: ImageModel = ImageModel.PHOTON_1
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    #: the aspect ratio becomes that of the modified picture once that was probed
    follows_picture: bool = False
    format: ImageFormat = ImageFormat.JPG
    image_refs: tuple[Reference, ...] = ()
    style_refs: tuple[Reference, ...] = ()
    #: several pictures of one character
    character_refs: tuple[Reference, ...] = ()
    modify_ref: Reference | None = None
    #: names of the presets whose words and pictures it has
    presets: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _with_several_styles(cls, values: object) -> object:
        """Stored requests of earlier versions have one style reference."""
        if isinstance(values, dict) and "style_ref" in values:
            styles = [one for one in (values["style_ref"],) if one is not None]
            return {name: value for name, value in values.items() if name != "style_ref"} | {
                "style_refs": styles
            }
        return values

    @property
    def duration_class(self) -> str:
        """Requests of the same class take about the same time; their durations are measured together."""
        return f"{self.kind}/{self.model}"

    def with_references(self, found: Mapping[str, Reference]) -> Self:
        changed = super().with_references(found)
        return changed.model_copy(update=_shape_of(changed, (changed.modify_ref,)))


class VideoRequest(_Request):
    """A video from a prompt, from pictures as its first and last frame, or from videos that it extends."""

    lane: ClassVar[Lane] = Lane.VIDEO
    makes: ClassVar[MediaKind] = MediaKind.VIDEO

    kind: Literal["video"] = "video"
    prompt: str = ""
    model: VideoModel = VideoModel.RAY_FLASH_2
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    #: the aspect ratio becomes that of the picture at its start or end once the picture was probed
    follows_picture: bool = False
    resolution: Resolution = Resolution.P720
    duration: Duration = Duration.FIVE
    loop: bool = False
    #: a picture is the first or last frame; a video is extended at its end or its beginning
    start: Reference | None = None
    end: Reference | None = None
    concepts: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()

    @property
    def duration_class(self) -> str:
        return f"{self.kind}/{self.model}/{self.resolution}/{self.duration}"

    def with_references(self, found: Mapping[str, Reference]) -> Self:
        changed = super().with_references(found)
        return changed.model_copy(update=_shape_of(changed, (changed.start, changed.end)))

    @property
    def generations(self) -> tuple[Reference, ...]:
        """The videos at its ends."""
        return tuple(one for one in (self.start, self.end) if one is not None and one.kind is MediaKind.VIDEO)


def _shape_of(
    request: ImageRequest | VideoRequest, pictures: Iterable[Reference | None]
) -> dict[str, object]:
    """The fields that take the aspect ratio of the first picture that was probed, if they follow it."""
    files = (one.file for one in pictures if one is not None)
    picture = next((file for file in files if file is not None), None)
    if picture is None or not request.follows_picture:
        return {}
    ratio = nearest_ratio(picture.width, picture.height, ASPECT_RATIOS[request.model])
    return {"aspect_ratio": ratio, "follows_picture": False}


class _Reframe(_Request):
    """A picture or video with another aspect ratio, whose new areas are generated."""

    source: Reference
    aspect_ratio: AspectRatio
    prompt: str = ""
    #: position of the source in the new frame, in pixels; None: centred by the provider
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


class ReframeImageRequest(_Reframe):
    lane: ClassVar[Lane] = Lane.IMAGE
    makes: ClassVar[MediaKind] = MediaKind.PICTURE

    kind: Literal["reframe_image"] = "reframe_image"
    model: ImageModel = ImageModel.PHOTON_1
    format: ImageFormat = ImageFormat.JPG

    @property
    def duration_class(self) -> str:
        return f"{self.kind}/{self.model}"


class ReframeVideoRequest(_Reframe):
    lane: ClassVar[Lane] = Lane.VIDEO
    makes: ClassVar[MediaKind] = MediaKind.VIDEO
    max_ms: ClassVar[Mapping[VideoModel, int]] = REFRAME_MAX_MS
    does: ClassVar[str] = "reframe videos"

    kind: Literal["reframe_video"] = "reframe_video"
    model: VideoModel = VideoModel.RAY_FLASH_2
    first_frame: Reference | None = None
    #: duration of the source; None until it was probed
    duration_ms: int | None = None

    @property
    def duration_class(self) -> str:
        return f"{self.kind}/{self.model}"

    def with_source(self, media: Media) -> Self:
        """The same request once its source was probed."""
        return self.model_copy(update={"duration_ms": media.duration_ms})


class ModifyVideoRequest(_Request):
    """A video in another style, which keeps the movements of its source."""

    lane: ClassVar[Lane] = Lane.VIDEO
    makes: ClassVar[MediaKind] = MediaKind.VIDEO
    max_ms: ClassVar[Mapping[VideoModel, int]] = MODIFY_MAX_MS
    does: ClassVar[str] = "modify videos"

    kind: Literal["modify_video"] = "modify_video"
    source: Reference
    prompt: str = ""
    mode: ModifyMode = ModifyMode.FLEX_1
    model: VideoModel = VideoModel.RAY_FLASH_2
    first_frame: Reference | None = None
    #: aspect ratio and duration of the source; not known until it was probed
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    duration_ms: int | None = None

    @property
    def duration_class(self) -> str:
        return f"{self.kind}/{self.model}"

    def with_source(self, media: Media) -> Self:
        """The same request once its source was probed."""
        ratio = nearest_ratio(media.width, media.height, ASPECT_RATIOS[self.model])
        return self.model_copy(update={"duration_ms": media.duration_ms, "aspect_ratio": ratio})


class _Edit(_Request):
    """A change of a video that was made here, named by its generation."""

    lane: ClassVar[Lane] = Lane.VIDEO
    makes: ClassVar[MediaKind] = MediaKind.VIDEO

    source: Reference
    #: model, aspect ratio and duration of the source
    model: VideoModel
    aspect_ratio: AspectRatio
    duration_ms: int

    @property
    def generations(self) -> tuple[Reference, ...]:
        return (self.source,)

    @property
    def edited(self) -> Reference:
        return self.source


class UpscaleRequest(_Edit):
    """The same video in a higher resolution."""

    #: it takes no words
    prompt: ClassVar[str] = ""

    kind: Literal["upscale"] = "upscale"
    resolution: Resolution
    #: the source has audio, which is kept
    has_audio: bool = False

    @property
    def duration_class(self) -> str:
        return f"{self.kind}/{self.model}/{self.resolution}"


class AudioRequest(_Edit):
    """The same video with audio."""

    has_audio: ClassVar[bool] = True

    kind: Literal["audio"] = "audio"
    #: what is heard, and what must not be
    prompt: str = ""
    negative_prompt: str = ""

    @property
    def duration_class(self) -> str:
        return f"{self.kind}/{self.model}"


AnyRequest = (
    ImageRequest
    | VideoRequest
    | ReframeImageRequest
    | ReframeVideoRequest
    | ModifyVideoRequest
    | UpscaleRequest
    | AudioRequest
)
#: requests with a source video of any origin, whose length decides about the price
FromVideoRequest = ReframeVideoRequest | ModifyVideoRequest

_REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(Annotated[AnyRequest, Field(discriminator="kind")])


def load_request(text: str) -> AnyRequest:
    """Read a request from the JSON that `dump_request` made."""
    return _REQUEST.validate_json(text)


def dump_request(request: AnyRequest) -> str:
    return request.model_dump_json(exclude_none=True)


def check_prompt(prompt: str, *, required: bool = True) -> str:
    """Check a prompt like the API does, with the API's error messages, before anything is charged."""
    prompt = prompt.strip()
    if not prompt:
        if required:
            raise InvalidRequest("Prompt is required", option="prompt")
        return prompt
    if len(prompt) < PROMPT_MIN:
        raise InvalidRequest(
            f"Prompt is too short, minimum length is {PROMPT_MIN} characters", option="prompt"
        )
    if len(prompt) > PROMPT_MAX:
        raise InvalidRequest(
            f"Prompt is too long, maximum length is {PROMPT_MAX} characters", option="prompt"
        )
    return prompt


#: why a video cannot loop, by the kinds of its start and its end, in the API's words
_NO_LOOP: Mapping[tuple[MediaKind | None, ...], str] = {
    (MediaKind.PICTURE, MediaKind.PICTURE): "keyframes",
    (None, MediaKind.VIDEO): "extend reverse",
    (MediaKind.VIDEO, MediaKind.PICTURE): "interpolate video to image",
    (MediaKind.PICTURE, MediaKind.VIDEO): "interpolate image to video",
    (MediaKind.VIDEO, MediaKind.VIDEO): "interpolate between two videos",
}


def check_video(request: VideoRequest) -> VideoRequest:
    """Check a video's prompt and ends like the API does, with the API's error messages."""
    ends = tuple(end.kind if end is not None else None for end in (request.start, request.end))
    check_prompt(request.prompt, required=MediaKind.PICTURE not in ends)
    if request.loop and (reason := _NO_LOOP.get(ends)):
        raise InvalidRequest(f"Loop is not supported for {reason}", option="loop")
    return request
