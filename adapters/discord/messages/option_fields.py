"""Maps a command's options to Discord's, and checks the catalogue against Discord's limits. Pure.

A picture or video is an attachment, or a text with a job or a URL, so one option of the catalogue can be
several of Discord's.
https://discord.com/developers/docs/interactions/application-commands
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from bot.domain.commands import Command
from bot.domain.generations.concepts import CONCEPTS_OPTION, MOTION_OPTION
from bot.domain.generations.media import URL_MAX
from bot.domain.generations.offers import OFFERED_OPTIONS
from bot.domain.options import Kind, Option, options
from bot.domain.workspace.presets import PRESET_OPTION
from bot.domain.workspace.timezones import TIMEZONE_OPTION

#: characters of a text option
DISCORD_TEXT = 6000
DISCORD_OPTIONS = 25
DISCORD_CHOICES = 25
DISCORD_CHOICE = 100
DISCORD_DESCRIPTION = 100
#: names, descriptions and choice values of one top-level command together
DISCORD_COMMAND_SIZE = 8000
DISCORD_SUBCOMMANDS = 25
DISCORD_TOP_LEVEL = 100
DISCORD_NAME = re.compile(r"[-_a-z0-9]{1,32}")
#: the name of the one text option for the weights of all pictures
WEIGHTS = "weights"


class DiscordKind(StrEnum):
    """The kinds of options that are used here."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    MEMBER = "member"
    ROLE = "role"
    CHANNEL = "channel"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordField:
    """One option of a Discord command."""

    name: str
    description: str
    required: bool
    kind: DiscordKind
    choices: tuple[str, ...] = ()
    #: how each choice is shown
    choice_names: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    #: characters of a text option; None for other kinds
    max_length: int | None = None
    #: the bot suggests values while a person types
    autocompleted: bool = False
    #: the catalogue's option that it belongs to, maybe with others; None for the weights of several
    option: Option | None


@cache
def discord_fields(command: type[Command]) -> tuple[DiscordField, ...]:
    """A command's Discord options, the required ones first.

    Media is given by an attachment or by a text, so neither of the two can be required. An attachment has no
    room for a weight, so one text option holds the weights of all.
    """
    spec = options(command)
    found = [field for option in spec for field in _discord_option(option)]
    if any(option.weighted for option in spec):
        about = f"How strong pictures are, from 0 to 1, such as {_example_weights(spec)}"
        found.append(
            DiscordField(
                name=WEIGHTS,
                description=about,
                required=False,
                kind=DiscordKind.TEXT,
                max_length=_WEIGHTS_LONGEST,
                option=None,
            )
        )
    return tuple(sorted(found, key=lambda field: not field.required))


def _discord_option(option: Option) -> Iterator[DiscordField]:
    if option.kind is Kind.MEDIA:
        for number, name in enumerate(attachments(option), 1):
            about = (
                option.description
                if option.max_count == 1
                else f"{option.description} ({number} of {option.max_count})"
            )
            yield DiscordField(
                name=name, description=about, required=False, kind=DiscordKind.ATTACHMENT, option=option
            )
        others = "a job or an address" if option.max_count == 1 else "jobs or addresses"
        yield DiscordField(
            name=f"{option.name}_from",
            description=f"{option.description}: {others}",
            required=False,
            kind=DiscordKind.TEXT,
            max_length=min(option.max_count * (URL_MAX + 1), DISCORD_TEXT),
            autocompleted=True,
            option=option,
        )
        return
    kind = _DISCORD_KINDS.get(option.kind, DiscordKind.TEXT)
    if option.max_count > 1:
        # An option takes one role or channel; several are chosen in the selects of a message.
        return
    # Choices are the same in all servers, and the providers of two servers may differ.
    depends = option.name in OFFERED_OPTIONS
    choices = () if depends else option.choices
    typed = kind is DiscordKind.TEXT and not choices
    yield DiscordField(
        name=option.name,
        description=option.description,
        required=option.required,
        kind=kind,
        choices=choices,
        choice_names=_choice_names(option) if choices else (),
        minimum=option.minimum if kind in _NUMBERS else None,
        maximum=option.maximum if kind in _NUMBERS else None,
        max_length=min(option.max_length, DISCORD_TEXT) if typed else None,
        autocompleted=option.kind is Kind.JOB
        or depends
        or option.name in (CONCEPTS_OPTION, MOTION_OPTION, TIMEZONE_OPTION, PRESET_OPTION),
        option=option,
    )


_DISCORD_KINDS = {
    Kind.INTEGER: DiscordKind.INTEGER,
    Kind.DECIMAL: DiscordKind.NUMBER,
    Kind.FLAG: DiscordKind.FLAG,
    Kind.MEMBER: DiscordKind.MEMBER,
    Kind.ROLE: DiscordKind.ROLE,
    Kind.CHANNEL: DiscordKind.CHANNEL,
}
_NUMBERS = (DiscordKind.INTEGER, DiscordKind.NUMBER)
#: characters of the weights of all pictures, with their names
_WEIGHTS_LONGEST = 200


def _choice_names(option: Option) -> tuple[str, ...]:
    """The choices with their notes, which Discord has no other place for."""
    if not option.choice_notes:
        return option.choices
    return tuple(
        f"{choice} · {note}" for choice, note in zip(option.choices, option.choice_notes, strict=True)
    )


def attachments(option: Option) -> tuple[str, ...]:
    """The names of a media option's attachments: `modify`, or `image1` to `image4`."""
    if option.max_count == 1:
        return (option.name,)
    return tuple(f"{option.name}{number}" for number in range(1, option.max_count + 1))


def _example_weights(spec: Sequence[Option]) -> str:
    names = [attachments(option)[0] for option in spec if option.weighted]
    return ", ".join(f"{name} {weight}" for name, weight in zip(names, ("0.85", "0.5"), strict=False))


def discord_problems(commands: Iterable[type[Command]]) -> Iterator[str]:
    """Everything in the catalogue that exceeds Discord's limits."""
    commands = list(commands)
    groups: dict[str, list[type[Command]]] = {}
    for command in commands:
        groups.setdefault(command.name.partition(" ")[0], []).append(command)
    if len(groups) > DISCORD_TOP_LEVEL:
        yield f"Discord: {len(groups)} commands, {DISCORD_TOP_LEVEL} are allowed"
    for name, members in groups.items():
        if len(members) > DISCORD_SUBCOMMANDS:
            yield f"Discord: /{name} has {len(members)} members, {DISCORD_SUBCOMMANDS} are allowed"
        size = sum(discord_size(member) for member in members)
        if size > DISCORD_COMMAND_SIZE:
            yield f"Discord: /{name} takes {size} characters of {DISCORD_COMMAND_SIZE}"
    for command in commands:
        yield from _discord_command(command)


def _discord_command(command: type[Command]) -> Iterator[str]:
    fields = discord_fields(command)
    if len(fields) > DISCORD_OPTIONS:
        yield f"Discord: /{command.name} has {len(fields)} options, {DISCORD_OPTIONS} are allowed"
    for text in (command.description, *(field.description for field in fields)):
        if not 0 < len(text) <= DISCORD_DESCRIPTION:
            yield f"Discord: a description of /{command.name} has {len(text)} characters: {text!r}"
    for name in (*command.name.split(), *(field.name for field in fields)):
        if not DISCORD_NAME.fullmatch(name):
            yield f"Discord: {name!r} of /{command.name} is not a legal name"
    for name, times in Counter(field.name for field in fields).items():
        if times > 1:
            yield f"Discord: {name} of /{command.name} means {times} options"
    yield from _discord_choices(command, fields)


def _discord_choices(command: type[Command], fields: Sequence[DiscordField]) -> Iterator[str]:
    for field in fields:
        if len(field.choices) > DISCORD_CHOICES:
            yield f"Discord: {field.name} of /{command.name} has {len(field.choices)} choices"
        for choice in (*field.choices, *field.choice_names):
            if len(choice) > DISCORD_CHOICE:
                yield f"Discord: a choice of {field.name} of /{command.name} has {len(choice)} characters"


def discord_size(command: type[Command]) -> int:
    """The characters that Discord counts in a command: names, descriptions and choices."""
    return (
        len(command.name)
        + len(command.description)
        + sum(
            len(field.name) + len(field.description) + sum(map(len, (*field.choices, *field.choice_names)))
            for field in discord_fields(command)
        )
    )
