"""`/reframe`: changes the aspect ratio of a picture or a video."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from bot.domain.commands.generate import GenerateCommand, picture, with_videos_first
from bot.domain.errors import InvalidRequest
from bot.domain.generations.framing import PLACEMENT, check_placement
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, ImageFormat, ImageModel, VideoModel
from bot.domain.generations.requests import (
    PROMPT_MAX,
    ReframeImageRequest,
    ReframeVideoRequest,
    check_prompt,
)
from bot.domain.generations.source_lengths import check_length
from bot.domain.jobs.inputs import JobsById, known_media, with_kind
from bot.domain.options import Kind, MediaRef, OptionSpec

_PIXELS = Field(ge=0, le=8192)
#: the source may begin outside of the new frame
_POSITION = Field(ge=-8192, le=8192)
_SIZE = Field(ge=1, le=8192)


class Reframe(GenerateCommand):
    """Change the aspect ratio of a picture or a video; new areas are generated."""

    name = "reframe"
    description = "Change the aspect ratio of a picture or video; new areas are generated"
    example = "/reframe 9:16 with more sky"
    attachment_options = ("media", "first_frame")
    default_source = ("media", None)
    # Of a video the model depends on its length.
    defaults = {"model": "image_model", **GenerateCommand.defaults}  # noqa: RUF012 - a ClassVar of the base

    aspect_ratio: Annotated[
        AspectRatio,
        OptionSpec(description="The new aspect ratio", aliases=("ar", "aspect"), positional=True),
    ]
    media: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The picture or video (default: your newest)",
            kind=Kind.MEDIA,
            positional=True,
            aliases=("job", "id"),
        ),
    ] = None
    prompt: Annotated[
        str,
        OptionSpec(
            description="What the new areas show", positional=True, aliases=("p",), max_length=PROMPT_MAX
        ),
    ] = ""
    model: Annotated[
        ImageModel | VideoModel | None,
        OptionSpec(description="The model: photon for a picture, ray for a video", aliases=("m",)),
    ] = None
    format: Annotated[
        ImageFormat | None, OptionSpec(description="A picture's file format", aliases=("f",))
    ] = None
    first_frame: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The first frame of a reframed video", kind=Kind.MEDIA, result=MediaKind.PICTURE
        ),
    ] = None
    grid_position_x: Annotated[
        int | None,
        _POSITION,
        OptionSpec(description="Left edge of the source in the new frame, in pixels; may be negative"),
    ] = None
    grid_position_y: Annotated[
        int | None,
        _POSITION,
        OptionSpec(description="Upper edge of the source in the new frame, in pixels; may be negative"),
    ] = None
    x_start: Annotated[
        int | None, _PIXELS, OptionSpec(description="Crop the source: left edge in pixels")
    ] = None
    x_end: Annotated[int | None, _PIXELS, OptionSpec(description="Crop the source: right edge in pixels")] = (
        None
    )
    y_start: Annotated[
        int | None, _PIXELS, OptionSpec(description="Crop the source: upper edge in pixels")
    ] = None
    y_end: Annotated[int | None, _PIXELS, OptionSpec(description="Crop the source: lower edge in pixels")] = (
        None
    )
    resized_width: Annotated[
        int | None, _SIZE, OptionSpec(description="Width of the source in the new frame, in pixels")
    ] = None
    resized_height: Annotated[
        int | None, _SIZE, OptionSpec(description="Height of the source in the new frame, in pixels")
    ] = None

    preview: Annotated[
        bool, OptionSpec(description="Show where the source will be, and ask before it is started")
    ] = False

    @property
    def asks_first(self) -> bool:
        """Whether the member places the source, or asks to see where it will be."""
        return self.preview or any(getattr(self, name) is not None for name in PLACEMENT)

    def with_files(self, files: tuple[Reference, ...]) -> Self:
        """Use an attached video as the source, and a picture beside it as its first frame."""
        return super().with_files(with_videos_first(files))

    def request(self, jobs: JobsById) -> ReframeImageRequest | ReframeVideoRequest:
        if self.media is None:
            raise InvalidRequest("media is missing: /reframe needs a picture or video", option="media")
        check_prompt(self.prompt, required=False)
        source = with_kind(self.media, jobs)
        if source.url is not None and isinstance(self.model, VideoModel):
            # The file name of the address does not say that it is a video.
            source = source.model_copy(update={"kind": MediaKind.VIDEO})
        if source.kind is MediaKind.VIDEO:
            return self._of_video(source, jobs)
        return self._of_picture(source, jobs)

    def _common(self) -> Mapping[str, Any]:
        names = (name for name in ReframeImageRequest.model_fields if name in type(self).model_fields)
        values = {name: getattr(self, name) for name in names if name not in ("model", "format")}
        return values | {"prompt": self.prompt.strip()}

    def _of_picture(self, source: Reference, jobs: JobsById) -> ReframeImageRequest:
        if isinstance(self.model, VideoModel):
            raise InvalidRequest(
                f"{self.model} reframes videos, and this is a picture; leave model out", option="model"
            )
        if self.first_frame is not None:
            raise InvalidRequest(
                "first_frame is for videos, and this is a picture; leave it out", option="first_frame"
            )
        request = ReframeImageRequest(
            source=source,
            model=self.model or ImageModel.PHOTON_1,
            format=self.format or ImageFormat.JPG,
            **self._common(),
        )
        check_placement(request, known_media(source, jobs))
        return request

    def _of_video(self, source: Reference, jobs: JobsById) -> ReframeVideoRequest:
        if isinstance(self.model, ImageModel):
            raise InvalidRequest(
                f"{self.model} reframes pictures, and this is a video; leave model out", option="model"
            )
        if self.format is not None:
            raise InvalidRequest("format is for pictures, and this is a video; leave it out", option="format")
        media = known_media(source, jobs)
        request = ReframeVideoRequest(
            source=source,
            model=self.model or VideoModel.RAY_FLASH_2,
            first_frame=picture(self.first_frame, jobs, "first_frame"),
            duration_ms=media.duration_ms if media is not None else None,
            **self._common(),
        )
        check_placement(request, media)
        check_length(request)
        return request
