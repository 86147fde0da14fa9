"""Defaults: values for the options that a command leaves open, as members and admins set them.

One precedence: what is typed, the member's own default, the channel's, the workspace's, what is built in. A
default that cannot be used for a command is passed over: nobody is refused for what they did not type.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.generations.models import AspectRatio, Duration, ImageModel, Resolution, VideoModel

#: jobs of one command
COUNT_MAX = 4
#: origins of a value, as people read them
YOURS, WORKSPACE, BUILT_IN = "yours", "this workspace", "built in"


class OptionDefaults(BaseModel):
    """One member's, channel's or workspace's defaults; None: none."""

    # A field of a newer version is ignored: an older process must still be able to read the rest.
    model_config = ConfigDict(frozen=True, extra="ignore")

    image_model: ImageModel | None = None
    video_model: VideoModel | None = None
    aspect_ratio: AspectRatio | None = None
    count: Annotated[int, Field(ge=1, le=COUNT_MAX)] | None = None
    resolution: Resolution | None = None
    duration: Duration | None = None
    private: bool | None = None

    def dump(self) -> str:
        """The defaults as they are stored, without what is not set."""
        return self.model_dump_json(exclude_none=True)

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """What is set, as labels and values."""
        values = ((label, getattr(self, name)) for name, label in LABELS.items())
        return tuple((label, shown(value)) for label, value in values if value is not None)


def load_defaults(text: str) -> OptionDefaults:
    """Read stored defaults; raises ValueError if they were damaged or are of another version."""
    return OptionDefaults.model_validate_json(text)


LABELS: Mapping[str, str] = {
    "image_model": "Model for pictures",
    "video_model": "Model for videos",
    "aspect_ratio": "Aspect ratio",
    "count": "Pictures of one command",
    "resolution": "Resolution of videos",
    "duration": "Duration of videos",
    "private": "Private",
}
BUILT_IN_DEFAULTS = OptionDefaults(
    image_model=ImageModel.PHOTON_1,
    video_model=VideoModel.RAY_FLASH_2,
    aspect_ratio=AspectRatio.LANDSCAPE,
    count=1,
    resolution=Resolution.P720,
    duration=Duration.FIVE,
    private=False,
)


def shown(value: object) -> str:
    """A value as people read it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultLevel:
    """Defaults with the name of where they come from."""

    origin: str
    values: OptionDefaults


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveDefault:
    """The value that an option has where a command leaves it open."""

    value: object
    origin: str

    @property
    def text(self) -> str:
        """The value with its origin, such as `9:16 · yours`."""
        return f"{shown(self.value)} · {self.origin}"


def effective_defaults(
    levels: Sequence[DefaultLevel], offered: Mapping[str, Collection[str]]
) -> Mapping[str, EffectiveDefault]:
    """By field, the first value that is offered; `offered` has the values of the fields that it narrows."""

    def effective(name: str) -> EffectiveDefault:
        for level in levels:
            value = getattr(level.values, name)
            if value is not None and (name not in offered or value in offered[name]):
                return EffectiveDefault(value=value, origin=level.origin)
        return EffectiveDefault(value=getattr(BUILT_IN_DEFAULTS, name), origin=BUILT_IN)

    return {name: effective(name) for name in LABELS}
