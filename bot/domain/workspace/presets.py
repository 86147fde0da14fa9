"""Presets: named styles, characters and prompts of a workspace, which a command takes by their names."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.generations.requests import CHARACTER_REFS_MAX
from bot.domain.text import either, list_items

#: the option that names presets
PRESET_OPTION = "preset"
#: presets of a workspace, of one command, and characters of a name and of a text
PRESETS_MAX, NAMED_MAX, NAME_MAX, TEXT_MAX = 50, 4, 32, 1_000
_NAME = re.compile(rf"[a-z0-9][a-z0-9_]{{0,{NAME_MAX - 1}}}", re.ASCII)
_BRACES = re.compile(r"\{(?P<name>[^{}]*)\}|[{}]")
_PLACEHOLDER = re.compile(rf"[a-z][a-z0-9_]{{0,{NAME_MAX - 1}}}", re.ASCII)
#: what stands behind `name=`: words in quotes, which phones replace, or one word
_VALUE = r"=(?:[\"“”„«](?P<quoted>[^\"“”»]*)[\"“”»]|(?P<word>[^\s,;]+))"
#: spaces and commas that a removed value leaves
_GAP = re.compile(r"\s+(?=[,.;:!?\s])|,\s*(?=,)")


class PresetKind(StrEnum):
    """What a preset adds to a command."""

    #: words after the prompt, and a picture whose style is used
    STYLE = "style"
    #: pictures of one person or thing, and words after the prompt
    CHARACTER = "character"
    #: a prompt with placeholders such as `{subject}`
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One preset of a workspace."""

    name: str
    kind: PresetKind
    text: str
    #: stored files
    pictures: tuple[Reference, ...]
    #: persons whose results its pictures are
    makers: tuple[str, ...] = ()
    #: name of the admin who has saved it, and when
    set_by: str = ""
    set_at: int = 0

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What a prompt leaves open, in the order in which it appears."""
        if self.kind is not PresetKind.PROMPT:
            return ()
        return tuple(dict.fromkeys(found["name"].lower() for found in _BRACES.finditer(self.text)))

    @property
    def description(self) -> str:
        """The preset in one line."""
        count = len(self.pictures)
        pictures = f"{count} picture{'s' if count > 1 else ''}" if count else ""
        return " · ".join(filter(None, (self.kind, self.text, pictures)))


def read_name(text: str) -> str:
    """Read the name of a preset; raises InvalidRequest that says how names are written."""
    name = text.strip().lower().replace("-", "_")
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"preset: a name has up to {NAME_MAX} letters from a to z, digits and _, such as film_noir"
        )
    if name in set(PresetKind):
        # A command in one line could mean either.
        raise InvalidRequest(f"preset: {name} is a kind of preset; choose another name")
    return name


def read_names(text: str) -> tuple[str, ...]:
    """Read the names of the presets of a command; raises InvalidRequest for too many."""
    names = tuple(dict.fromkeys(list_items(text)))
    if len(names) > NAMED_MAX:
        raise InvalidRequest(f"preset: a command takes up to {NAMED_MAX} presets")
    return tuple(map(read_name, names))


def check_preset(preset: Preset) -> Preset:
    """Refuse a preset that lacks something or has too much; raises InvalidRequest."""
    weighted = any(picture.weight is not None for picture in preset.pictures)
    if len(preset.text) > TEXT_MAX:
        raise InvalidRequest(f"text has up to {TEXT_MAX} characters")
    match preset.kind:
        case PresetKind.STYLE:
            if len(preset.pictures) > 1:
                raise InvalidRequest("picture: a style takes one picture")
            if not preset.text and not preset.pictures:
                raise InvalidRequest("text: a style needs words, a picture or both")
        case PresetKind.CHARACTER:
            if not preset.pictures:
                raise InvalidRequest(f"picture: a character needs 1 to {CHARACTER_REFS_MAX} pictures")
            if weighted:
                raise InvalidRequest("picture: a character takes no influence; leave out what follows the @")
        case PresetKind.PROMPT:
            _check_prompt(preset)
    if preset.kind is not PresetKind.PROMPT and _BRACES.search(preset.text):
        raise InvalidRequest(f"text: only a prompt has placeholders, and this is a {preset.kind}")
    return preset


def _check_prompt(preset: Preset) -> None:
    if preset.pictures:
        raise InvalidRequest("picture: a prompt takes no pictures; save them as a style or a character")
    if not preset.text:
        raise InvalidRequest("text: a prompt needs words, such as a poster of {subject}")
    for found in _BRACES.finditer(preset.text):
        if not _PLACEHOLDER.fullmatch((found["name"] or "").lower()):
            raise InvalidRequest(
                f"text: {found[0][:NAME_MAX]} is no placeholder; write a name in braces, such as {{subject}}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPresets:
    """What presets make of a prompt, and the pictures that they add."""

    prompt: str
    style: tuple[Reference, ...]
    character: tuple[Reference, ...]


def apply_presets(presets: Sequence[Preset], prompt: str) -> AppliedPresets:
    """Put presets around what was typed.

    The words of a prompt come first, then those of styles and characters in their order. Raises
    InvalidRequest where a placeholder has no value, or where two of them add what a request has once.
    """
    prompts = [one for one in presets if one.kind is PresetKind.PROMPT]
    styles = [one for one in presets if one.kind is PresetKind.STYLE and one.pictures]
    characters = [one for one in presets if one.kind is PresetKind.CHARACTER]
    _require_one(prompts, "prompts")
    _require_one(styles, "styles with a picture")
    _require_one(characters, "characters")
    words = _filled(prompts[0], prompt) if prompts else prompt.strip()
    added = (one.text for one in presets if one.kind is not PresetKind.PROMPT)
    return AppliedPresets(
        prompt=", ".join(filter(None, (words, *added))),
        style=styles[0].pictures if styles else (),
        character=characters[0].pictures if characters else (),
    )


def _require_one(presets: Sequence[Preset], what: str) -> None:
    if len(presets) > 1:
        raise InvalidRequest(
            f"preset: {' and '.join(one.name for one in presets)} are both {what}; keep one of them"
        )


def _filled(preset: Preset, typed: str) -> str:
    """A prompt with the typed values: `name=value`, and the rest for the first placeholder without one."""
    values, rest = _values(preset.placeholders, typed)
    missing = [name for name in preset.placeholders if name not in values]
    if missing and rest:
        values[missing.pop(0)] = rest
        rest = ""
    if missing:
        raise InvalidRequest(
            f"preset: {preset.name} needs a value for {' and '.join(missing)}. Write it in the prompt, such "
            f'as {missing[0]}=word or {missing[0]}="several words"'
        )
    words = _BRACES.sub(lambda found: values[found["name"].lower()], preset.text)
    return ", ".join(filter(None, (words, rest)))


def _values(names: Iterable[str], typed: str) -> tuple[dict[str, str], str]:
    """The values in a text by the names of their placeholders, and the rest of the text."""
    values: dict[str, str] = {}
    possible = "|".join(map(re.escape, names))
    if not possible:
        return values, typed.strip()

    def take(found: re.Match[str]) -> str:
        name, value = found["name"].lower(), (found["quoted"] or found["word"] or "").strip()
        if name in values:
            raise InvalidRequest(f"prompt: {name} is given twice; keep one")
        if value:
            values[name] = value
        return ""

    rest = re.sub(rf"(?<![\w-])(?P<name>{possible}){_VALUE}", take, typed, flags=re.IGNORECASE)
    return values, _GAP.sub("", rest).strip(" ,;\n\t") if values else typed.strip()


def unknown_preset(name: str, near: str | None, known: Sequence[str]) -> InvalidRequest:
    """What to say about a preset that does not exist."""
    if not known:
        return InvalidRequest(
            f"preset: there is no preset {name}, and none in this workspace; an admin saves them with "
            "/studio preset"
        )
    hint = f"did you mean {near}?" if near else f"choose {either(known[:10])}"
    return InvalidRequest(f"preset: there is no preset {name} in this workspace; {hint}")
