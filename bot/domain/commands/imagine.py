"""`/imagine`: pictures from a prompt."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from bot.domain.commands.generate import GenerateCommand, ImageModelOption, PresetOption, picture
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, ImageFormat, ImageModel
from bot.domain.generations.requests import (
    CHARACTER_REFS_MAX,
    IMAGE_REFS_MAX,
    PROMPT_MAX,
    STYLE_REFS_MAX,
    ImageRequest,
    check_prompt,
)
from bot.domain.jobs.inputs import JobsById, require_kind
from bot.domain.options import Kind, MediaRef, OptionSpec, WeightedRef
from bot.domain.workspace.presets import PRESET_OPTION


class Imagine(GenerateCommand):
    """Generate pictures from a prompt."""

    name = "imagine"
    description = "Generate pictures from a prompt"
    example = "/imagine a teddy bear with an electric guitar --ar 3:4"
    attachment_options = ("image",)
    defaults = {  # noqa: RUF012 - a ClassVar of the base
        "model": "image_model",
        "aspect_ratio": "aspect_ratio",
        "count": "count",
        **GenerateCommand.defaults,
    }

    prompt: Annotated[
        str,
        OptionSpec(
            description="What the picture shows", positional=True, aliases=("p",), max_length=PROMPT_MAX
        ),
    ]
    preset: PresetOption = ""
    model: ImageModelOption = ImageModel.PHOTON_1
    aspect_ratio: Annotated[
        AspectRatio, OptionSpec(description="The aspect ratio", aliases=("ar", "aspect"))
    ] = AspectRatio.LANDSCAPE
    count: Annotated[int, Field(ge=1, le=4), OptionSpec(description="How many pictures", aliases=("n",))] = 1
    format: Annotated[ImageFormat, OptionSpec(description="The file format", aliases=("f",))] = (
        ImageFormat.JPG
    )
    image: Annotated[
        tuple[WeightedRef, ...],
        Field(max_length=IMAGE_REFS_MAX),
        OptionSpec(
            description="A reference picture; a higher weight makes it count more",
            kind=Kind.MEDIA,
            aliases=("i", "ref"),
            weighted=True,
            result=MediaKind.PICTURE,
        ),
    ] = ()
    style: Annotated[
        tuple[WeightedRef, ...],
        Field(max_length=STYLE_REFS_MAX),
        OptionSpec(
            description="A picture whose style is used; a higher weight makes it count more",
            kind=Kind.MEDIA,
            weighted=True,
            result=MediaKind.PICTURE,
        ),
    ] = ()
    character: Annotated[
        tuple[MediaRef, ...],
        Field(max_length=CHARACTER_REFS_MAX),
        OptionSpec(
            description="A picture of one person to show; more pictures give a better likeness",
            kind=Kind.MEDIA,
            aliases=("c",),
            result=MediaKind.PICTURE,
        ),
    ] = ()
    modify: Annotated[
        WeightedRef | None,
        OptionSpec(
            description="A picture to change; a higher weight stays closer, 0 to 0.1 changes colours",
            kind=Kind.MEDIA,
            weighted=True,
            result=MediaKind.PICTURE,
        ),
    ] = None

    @classmethod
    def arranged(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A preset may have all the words that are needed."""
        return {"prompt": "", **values} if values.get(PRESET_OPTION) else values

    @property
    def job_count(self) -> int:
        return self.count

    def request(self, jobs: JobsById) -> ImageRequest:
        def pictures(name: str, references: tuple[Reference, ...]) -> tuple[Reference, ...]:
            return tuple(require_kind(one, jobs, MediaKind.PICTURE, name) for one in references)

        return ImageRequest(
            prompt=check_prompt(self.prompt),
            model=self.model,
            aspect_ratio=self.aspect_ratio,
            format=self.format,
            image_refs=pictures("image", self.image),
            style_refs=pictures("style", self.style),
            character_refs=pictures("character", self.character),
            modify_ref=picture(self.modify, jobs, "modify"),
            presets=self.preset_names,
        )
