"""Completion of a command that is typed as text."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.domain.command_text.parsing import FLAG, fits
from bot.domain.commands import CATALOGUE, Audience, Command, GenerateCommand, Settings
from bot.domain.generations.concepts import CONCEPTS, CONCEPTS_MAX, CONCEPTS_OPTION, MOTION_OPTION
from bot.domain.options import Kind, Option, options
from bot.domain.text import list_completions
from bot.domain.workspace.defaults import BUILT_IN, EffectiveDefault, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One way to continue a text."""

    #: the whole text with the suggestion
    text: str
    #: as shown in the list
    label: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutocompleteChoice:
    """One value for an option."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The suggestions for a text, and the option whose values are in the store."""

    suggestions: tuple[Suggestion, ...] = ()
    #: the option whose jobs or members are to be suggested too, and its command
    option: Option | None = None
    command: type[Command] | None = None
    #: the text before the option's value, and what is typed of the value
    stem: str = ""
    typed: str = ""


#: a camera motion that is being typed: words in quotes that are still open, or the first word
_MOTION = re.compile(r"(?:--|—|–)(?P<flag>[A-Za-z][\w-]{0,40})(?:\s+|=)(?P<typed>\"[^\"]*|[^\s\"]*)\Z")


def complete(
    text: str,
    *,
    admin: bool,
    concepts: Sequence[str] = CONCEPTS,
    camera_motions: Sequence[str] = (),
    offered: Mapping[str, Collection[str]] = MappingProxyType({}),
    defaults: Mapping[str, EffectiveDefault] = MappingProxyType({}),
) -> Completion:
    """Suggest how to continue `text`, at whose end the cursor is.

    `concepts` and `camera_motions` are those that the provider knows, `offered` has the choices of options
    that it narrows, `defaults` what counts where an option is left open.
    """
    typed = text.lstrip()
    if not typed.startswith("/"):
        return Completion()
    name = next(
        (
            name
            for name in sorted(CATALOGUE, key=len, reverse=True)
            if typed[1:].lower().startswith(f"{name} ")
        ),
        None,
    )
    if name is None:
        return Completion(suggestions=_complete_name(typed, admin=admin))
    if not _is_shown(CATALOGUE[name], admin=admin):
        return Completion()
    spec = options(CATALOGUE[name])
    if (motion := _MOTION.search(typed)) and _is_motion_flag(motion["flag"], spec):
        return _complete_motion(motion, camera_motions)
    here = [defaulted_option(offered_option(one, offered), CATALOGUE[name], defaults) for one in spec]
    found = _complete_options(typed, name, here, concepts)
    return replace(found, command=CATALOGUE[name])


def offered_option(option: Option, offered: Mapping[str, Collection[str]]) -> Option:
    """An option with those of its choices that providers offer."""
    values = offered.get(option.name)
    if not values:
        return option
    return replace(option, choices=tuple(choice for choice in option.choices if choice in values))


def defaulted_option(
    option: Option, command: type[Command], defaults: Mapping[str, EffectiveDefault]
) -> Option:
    """An option with the default that members and admins have set for it, and where that comes from."""
    if command is Settings:
        found = defaults.get(option.name)
    else:
        names = command.defaults if issubclass(command, GenerateCommand) else {}
        found = defaults.get(names.get(option.name, ""))
        # The option itself says what is built in.
        found = None if found is not None and found.origin == BUILT_IN else found
    if found is None:
        return option
    return replace(option, default=shown(found.value), default_origin=found.origin)


def _complete_options(typed: str, name: str, spec: Sequence[Option], concepts: Sequence[str]) -> Completion:
    stem, _, last = typed.rpartition(" ")
    before = stem.split()[len(name.split()) :]
    if before and (flag := _option_needing_value(before[-1], spec)):
        return _complete_value(flag, stem, last, concepts)
    given, before_text = _count_given(before, spec)
    if last.startswith("--"):
        start = last[2:].lower().replace("-", "_")
        return Completion(
            suggestions=tuple(
                Suggestion(
                    text=f"{stem} --{option.name} ",
                    label=f"--{option.name}",
                    description=_description(option),
                )
                for option in spec
                if _can_be_given(option, given) and option.name.startswith(start)
            )
        )
    positional = next(
        (one for one in spec if one.positional and one.kind is not Kind.TEXT and _can_be_given(one, given)),
        None,
    )
    if (
        positional is not None
        and positional.kind is Kind.JOB
        and not any(one.kind is Kind.TEXT for one in spec)
    ):
        # Nothing else is typed here without a flag, so all words are meant for the job.
        return Completion(option=positional, stem=f"/{name}", typed=typed[len(name) + 1 :].strip())
    return (
        _complete_value(positional, stem, last, concepts)
        if positional is not None and before_text
        else Completion()
    )


def _is_motion_flag(flag: str, spec: Sequence[Option]) -> bool:
    option = _option_of_flag(f"--{flag}", spec)
    return option is not None and option.name == MOTION_OPTION


def _complete_motion(typing: re.Match[str], known: Sequence[str]) -> Completion:
    begun = typing["typed"].removeprefix('"').lower()
    before = typing.string[: typing.start("typed")]
    return Completion(
        suggestions=tuple(
            Suggestion(text=f'{before}"{motion}" ', label=motion, description="Camera motion")
            for motion in known
            if motion.startswith(begun)
        )
    )


def _complete_name(typed: str, *, admin: bool) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(text=f"/{command.name} ", label=f"/{command.name}", description=command.description)
        for command in CATALOGUE.values()
        if command.name.startswith(typed[1:].lower()) and _is_shown(command, admin=admin)
    )


def _is_shown(command: type[Command], *, admin: bool) -> bool:
    return admin or command.audience is Audience.EVERYONE


def _can_be_given(option: Option, given: Mapping[str, int]) -> bool:
    """Whether an option can be given, or given again."""
    return given.get(option.name, 0) < option.max_count


def _count_given(words: Sequence[str], spec: Sequence[Option]) -> tuple[Counter[str], bool]:
    """How often these words set each option, and whether no text without a flag has begun."""
    given: Counter[str] = Counter()
    before_text = True
    value = False
    for word in words:
        flag = _option_of_flag(word, spec)
        if value:
            value = False
        elif flag is not None:
            given[flag.name] += 1
            value = _option_needing_value(word, spec) is not None
        elif fitting := next(
            (
                one
                for one in spec
                if before_text and one.positional and _can_be_given(one, given) and fits(one, word)
            ),
            None,
        ):
            given[fitting.name] += 1
        else:
            before_text = False
            given.update(one.name for one in spec if one.positional and one.kind in (Kind.TEXT, Kind.MEMBER))
    return given, before_text


def _complete_value(option: Option, stem: str, last: str, concepts: Sequence[str]) -> Completion:
    if option.name == CONCEPTS_OPTION:
        return Completion(
            suggestions=tuple(
                Suggestion(text=f"{stem} {listed} ", label=listed, description=option.description)
                for listed in list_completions(last, concepts, most=CONCEPTS_MAX)
            )
        )
    found = tuple(
        Suggestion(text=f"{stem} {choice} ", label=choice, description=option.description)
        for choice in option.choices
        if choice.startswith(last.lower())
    )
    wanted = option if option.kind in (Kind.JOB, Kind.MEDIA, Kind.MEMBER, Kind.PRESET) else None
    return Completion(suggestions=found, option=wanted, stem=stem, typed=last)


def _option_of_flag(word: str, spec: Sequence[Option]) -> Option | None:
    found = FLAG.fullmatch(word)
    name = found["name"].lower().replace("-", "_") if found else None
    return next((option for option in spec if name in (option.name, *option.aliases)), None)


def _option_needing_value(word: str, spec: Sequence[Option]) -> Option | None:
    """The option whose value must follow this word."""
    option = _option_of_flag(word, spec)
    if option is None or option.kind is Kind.FLAG or "=" in word.removesuffix("="):
        return None
    return option


def _description(option: Option) -> str:
    default = option.default_text
    return f"{option.description} (default {default})" if default else option.description
