"""`/studio preset`: named styles, characters and prompts of a workspace."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from bot.domain.commands.base import Audience
from bot.domain.commands.generate import MediaCommand
from bot.domain.generations.media import MediaKind
from bot.domain.generations.requests import CHARACTER_REFS_MAX
from bot.domain.jobs.job import State
from bot.domain.options import Kind, OptionSpec, WeightedRef
from bot.domain.workspace.presets import NAME_MAX, TEXT_MAX, PresetKind

#: around a whole text
_QUOTES = "\"'“”„«»"


class PresetAction(StrEnum):
    SAVE = "save"
    LIST = "list"
    REMOVE = "remove"


class StudioPreset(MediaCommand):
    """Save, list or remove the presets of a workspace."""

    name = "studio preset"
    description = "Save, list or remove named styles, characters and prompts"
    example = "/studio preset save style noir high contrast black and white film"
    audience = Audience.ADMINS
    states = frozenset({State.COMPLETED})
    attachment_options = ("picture",)
    words_option = "text"

    action: Annotated[PresetAction, OptionSpec(description="Save, list or remove", positional=True)]
    kind: Annotated[PresetKind | None, OptionSpec(description="What is saved", positional=True)] = None
    preset: Annotated[
        str,
        OptionSpec(description="Its name, such as film_noir", positional=True, max_length=NAME_MAX),
    ] = ""
    text: Annotated[
        str,
        OptionSpec(
            description="Words for the prompt; in a prompt {subject} is a placeholder", max_length=TEXT_MAX
        ),
    ] = ""
    picture: Annotated[
        tuple[WeightedRef, ...],
        Field(max_length=CHARACTER_REFS_MAX),
        OptionSpec(
            description="A picture of the style or of the character",
            kind=Kind.MEDIA,
            aliases=("i",),
            weighted=True,
            result=MediaKind.PICTURE,
        ),
    ] = ()
    page: Annotated[
        int, Field(ge=1, le=100), OptionSpec(description="Which page of the list, where there are many")
    ] = 1

    @classmethod
    def arranged(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Accept the text after the name, too."""
        name, _, text = str(values.get("preset", "")).strip().partition(" ")
        if not text or "text" in values:
            return values
        whole = text.strip()
        quoted = len(whole) > 1 and whole[0] in _QUOTES and whole[-1] in _QUOTES
        return {**values, "preset": name, "text": whole[1:-1] if quoted else whole}
