"""`/settings` and `/studio defaults`: values for the options that commands leave open."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.domain.commands.admin import Toggle
from bot.domain.commands.base import Audience, Command
from bot.domain.generations.models import AspectRatio, Duration, ImageModel, Resolution, VideoModel
from bot.domain.options import Kind, OptionSpec
from bot.domain.workspace.defaults import COUNT_MAX, LABELS, OptionDefaults

#: what `reset` puts back: one default, or every one
Reset = StrEnum("Reset", {name.upper(): name for name in ("all", *LABELS)})  # type: ignore[misc]
_ALL = Reset("all")


class DefaultsCommand(Command):
    """Sets or puts back defaults; without any of its options it shows them."""

    image_model: Annotated[ImageModel | None, OptionSpec(description="The model of pictures")] = None
    video_model: Annotated[VideoModel | None, OptionSpec(description="The model of videos")] = None
    aspect_ratio: Annotated[
        AspectRatio | None,
        OptionSpec(description="The aspect ratio, where no picture decides it", aliases=("ar", "aspect")),
    ] = None
    count: Annotated[
        int | None,
        Field(ge=1, le=COUNT_MAX),
        OptionSpec(description="How many pictures /imagine makes", aliases=("n",)),
    ] = None
    resolution: Annotated[
        Resolution | None, OptionSpec(description="The resolution of videos", aliases=("res", "r"))
    ] = None
    duration: Annotated[Duration | None, OptionSpec(description="The duration of videos", aliases=("d",))] = (
        None
    )
    private: Annotated[
        Toggle | None, OptionSpec(description="Whether results are shown only to who asked for them")
    ] = None
    reset: Annotated[Reset | None, OptionSpec(description="Put one default back, or all of them")] = None

    @property
    def given(self) -> Mapping[str, object]:
        """The defaults that it sets."""
        values = {name: getattr(self, name) for name in LABELS if getattr(self, name) is not None}
        return values | ({"private": self.private is Toggle.ON} if self.private is not None else {})

    @property
    def changes(self) -> bool:
        """Whether it sets or puts back anything."""
        return bool(self.given) or self.reset is not None

    @model_validator(mode="after")
    def _once(self) -> Self:
        if self.reset is not None and self.reset.value in self.given:
            raise ValueError(f"{self.reset.value} is set and put back; keep one of both")
        return self

    def applied_to(self, before: OptionDefaults) -> OptionDefaults:
        """The defaults afterwards; with `reset` all, those that it sets alone."""
        kept = OptionDefaults() if self.reset is _ALL else before
        gone = {self.reset.value: None} if self.reset not in (None, _ALL) else {}
        return kept.model_copy(update={**self.given, **gone})


class Settings(DefaultsCommand):
    """Show or set the caller's own defaults in this workspace."""

    name = "settings"
    description = "Show or set your own defaults here: models, aspect ratio, count, private"
    example = "/settings --count 2 --aspect_ratio 9:16"


class StudioDefaults(DefaultsCommand):
    """Show or set the defaults of a channel or of the whole workspace."""

    name = "studio defaults"
    description = "Show or set the defaults of this workspace or of one channel"
    example = "/studio defaults --count 2 --image_model photon-flash-1"
    audience = Audience.ADMINS

    channel: Annotated[
        str,
        OptionSpec(
            description="One channel (default: the whole workspace)",
            kind=Kind.CHANNEL,
            max_length=200,
            aliases=("in",),
        ),
    ] = ""
