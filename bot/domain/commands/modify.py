"""`/modify`: changes a picture or a video by a prompt."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field

from bot.domain.commands.generate import GenerateCommand, picture, with_videos_first
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, ImageModel, ModifyMode, VideoModel
from bot.domain.generations.requests import (
    PROMPT_MAX,
    ImageRequest,
    ModifyVideoRequest,
    check_prompt,
)
from bot.domain.generations.source_lengths import check_length
from bot.domain.jobs.inputs import JobsById, known_media, with_kind
from bot.domain.options import Kind, MediaRef, OptionSpec

#: what each mode keeps of the source
_MODE_NOTES: Mapping[ModifyMode, str] = {
    ModifyMode.ADHERE_1: "Closest to the source: light retouching",
    ModifyMode.ADHERE_2: "Very close: new textures, the same scene",
    ModifyMode.ADHERE_3: "Close: a style laid over the same shapes",
    ModifyMode.FLEX_1: "Keeps shapes and characters, changes the look",
    ModifyMode.FLEX_2: "Keeps the main shapes, changes many details",
    ModifyMode.FLEX_3: "Keeps what is recognisable, changes the rest",
    ModifyMode.REIMAGINE_1: "Keeps the movement in a new setting",
    ModifyMode.REIMAGINE_2: "Keeps the movement, new setting and characters",
    ModifyMode.REIMAGINE_3: "Farthest from the source: a new world",
}


class Modify(GenerateCommand):
    """Change a picture or a video by a prompt."""

    name = "modify"
    description = "Change a picture or a video by a prompt"
    example = "/modify make it a snowy night"
    attachment_options = ("media", "first_frame")
    default_source = ("media", None)
    # Of a video the model depends on its length.
    defaults = {"model": "image_model", **GenerateCommand.defaults}  # noqa: RUF012 - a ClassVar of the base

    prompt: Annotated[
        str, OptionSpec(description="What to change", positional=True, aliases=("p",), max_length=PROMPT_MAX)
    ] = ""
    media: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The picture or video (default: your newest)",
            kind=Kind.MEDIA,
            positional=True,
            aliases=("job", "id"),
        ),
    ] = None
    mode: Annotated[
        ModifyMode | None,
        OptionSpec(
            description="Of a video: how close it stays to its source (default: flex_1)",
            choice_notes=tuple(_MODE_NOTES[mode] for mode in ModifyMode),
        ),
    ] = None
    first_frame: Annotated[
        MediaRef | None,
        OptionSpec(
            description="Of a video: how it is to begin; recommended, because it guides the whole video",
            kind=Kind.MEDIA,
            result=MediaKind.PICTURE,
        ),
    ] = None
    weight: Annotated[
        float | None,
        Field(ge=0, le=1),
        OptionSpec(
            description="Of a picture: higher stays closer to it; 0.0 to 0.1 to change colours",
            aliases=("w",),
        ),
    ] = None
    model: Annotated[
        ImageModel | VideoModel | None,
        OptionSpec(description="The model: photon for a picture, ray for a video", aliases=("m",)),
    ] = None

    def with_files(self, files: tuple[Reference, ...]) -> Self:
        """Use an attached video as the source, and a picture beside it as its first frame."""
        return super().with_files(with_videos_first(files))

    def request(self, jobs: JobsById) -> ImageRequest | ModifyVideoRequest:
        if self.media is None:
            raise InvalidRequest("media is missing: /modify needs a picture or video", option="media")
        source = with_kind(self.media, jobs)
        if source.url is not None and (isinstance(self.model, VideoModel) or self.mode or self.first_frame):
            # The file name of the address does not say that it is a video.
            source = source.model_copy(update={"kind": MediaKind.VIDEO})
        if source.kind is MediaKind.VIDEO:
            return self._of_video(source, jobs)
        return self._of_picture(source, jobs)

    def _of_picture(self, source: Reference, jobs: JobsById) -> ImageRequest:
        if isinstance(self.model, VideoModel):
            raise InvalidRequest(
                f"{self.model} modifies videos, and this is a picture; leave model out", option="model"
            )
        if self.mode is not None:
            raise InvalidRequest(
                "mode is for videos, and this is a picture; weight says how close it stays", option="mode"
            )
        if self.first_frame is not None:
            raise InvalidRequest(
                "first_frame is for videos, and this is a picture; leave it out", option="first_frame"
            )
        media = known_media(source, jobs)
        return ImageRequest(
            prompt=check_prompt(self.prompt),
            model=self.model or ImageModel.PHOTON_1,
            aspect_ratio=media.aspect_ratio if media is not None else AspectRatio.LANDSCAPE,
            follows_picture=media is None,
            modify_ref=source.model_copy(update={"weight": self.weight}),
        )

    def _of_video(self, source: Reference, jobs: JobsById) -> ModifyVideoRequest:
        if isinstance(self.model, ImageModel):
            raise InvalidRequest(
                f"{self.model} modifies pictures, and this is a video; leave model out", option="model"
            )
        if self.weight is not None:
            raise InvalidRequest(
                "weight is for pictures, and this is a video; mode says how close it stays", option="weight"
            )
        request = ModifyVideoRequest(
            source=source,
            prompt=check_prompt(self.prompt, required=self.first_frame is None),
            mode=self.mode or ModifyMode.FLEX_1,
            model=self.model or VideoModel.RAY_FLASH_2,
            first_frame=picture(self.first_frame, jobs, "first_frame"),
        )
        media = known_media(source, jobs)
        request = request if media is None else request.with_source(media)
        check_length(request)
        return request
