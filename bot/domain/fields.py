"""What each face makes of a command's options: the fields in which a person gives them.

A picture or video may come as a file, or as a text that names a job or an address, so one option of the
catalogue can be several fields.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from bot.domain.commands import Command
from bot.domain.concepts import CONCEPTS_OPTION, MOTION_OPTION
from bot.domain.media import URL_MAX
from bot.domain.options import Kind, Option, options

#: characters that each platform takes in one text
DISCORD_TEXT, SLACK_TEXT = 6000, 3000
#: the one option on Discord that says how strong each weighted picture is
WEIGHTS = "weights"


class DiscordKind(StrEnum):
    """What Discord lets a person give for one option of a command."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    MEMBER = "member"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordField:
    """One option of a command as Discord shows it."""

    name: str
    description: str
    required: bool
    kind: DiscordKind
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    #: characters of a text; None where none is typed
    max_length: int | None = None
    #: asks the bot while a person types
    autocompleted: bool = False
    #: the catalogue's option that it fills, maybe together with others; None for the weights of several
    option: Option | None


@cache
def discord_fields(command: type[Command]) -> tuple[DiscordField, ...]:
    """A command's options as Discord shows them, the required ones first.

    A picture or video comes as an attachment or as a text that names a job or an address, so neither can be
    required; how strong it is cannot be said beside an attachment, so one text says it for all.
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
    typed = kind is DiscordKind.TEXT and not option.choices
    yield DiscordField(
        name=option.name,
        description=option.description,
        required=option.required,
        kind=kind,
        choices=option.choices,
        minimum=option.minimum if kind is DiscordKind.INTEGER else None,
        maximum=option.maximum if kind is DiscordKind.INTEGER else None,
        max_length=min(option.max_length, DISCORD_TEXT) if typed else None,
        autocompleted=option.kind is Kind.JOB or option.name in (CONCEPTS_OPTION, MOTION_OPTION),
        option=option,
    )


_DISCORD_KINDS = {
    Kind.INTEGER: DiscordKind.INTEGER,
    Kind.FLAG: DiscordKind.FLAG,
    Kind.MEMBER: DiscordKind.MEMBER,
}
#: characters that the weights of all pictures take at most, with their names
_WEIGHTS_LONGEST = 200


def attachments(option: Option) -> tuple[str, ...]:
    """The names of the attachments that a media option is given by: `style`, or `image1` to `image4`."""
    if option.max_count == 1:
        return (option.name,)
    return tuple(f"{option.name}{number}" for number in range(1, option.max_count + 1))


def _example_weights(spec: Sequence[Option]) -> str:
    names = [attachments(option)[0] for option in spec if option.weighted]
    return ", ".join(f"{name} {weight}" for name, weight in zip(names, ("0.85", "0.5"), strict=False))


class SlackKind(StrEnum):
    """What Slack lets a person give in one field of a form."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    FLAG = "flag"
    MEMBER = "member"
    FILES = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackField:
    """One field of a command's form as Slack shows it: one block."""

    name: str
    description: str
    required: bool
    kind: SlackKind
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    #: characters of a text; None where none is typed
    max_length: int | None = None
    #: files at most; 0 where it takes none
    files: int = 0
    #: the catalogue's option that it fills, maybe together with another
    option: Option


@cache
def slack_fields(command: type[Command]) -> tuple[SlackField, ...]:
    """A command's form as Slack shows it, the required fields first.

    A picture or video is a field for files, and one for jobs and addresses where `@0.85` says how strong.
    """
    found = [field for option in options(command) for field in _slack_option(option)]
    return tuple(sorted(found, key=lambda field: not field.required))


def _slack_option(option: Option) -> Iterator[SlackField]:
    if option.kind is Kind.MEDIA:
        yield SlackField(
            name=option.name,
            description=option.description,
            required=False,
            kind=SlackKind.FILES,
            files=option.max_count,
            option=option,
        )
        others = "a job or an address" if option.max_count == 1 else "jobs or addresses, parted by spaces"
        strength = ", each maybe with its strength, such as @0.85" if option.weighted else ""
        yield SlackField(
            name=f"{option.name}_from",
            description=f"{option.description}: {others}{strength}",
            required=False,
            kind=SlackKind.TEXT,
            max_length=SLACK_TEXT,
            option=option,
        )
        return
    kind = _SLACK_KINDS.get(option.kind, SlackKind.TEXT)
    yield SlackField(
        name=option.name,
        description=option.description,
        required=option.required,
        kind=kind,
        choices=option.choices,
        minimum=option.minimum if kind is SlackKind.NUMBER else None,
        maximum=option.maximum if kind is SlackKind.NUMBER else None,
        max_length=min(option.max_length, SLACK_TEXT) if kind is SlackKind.TEXT else None,
        option=option,
    )


_SLACK_KINDS = {
    Kind.CHOICE: SlackKind.CHOICE,
    Kind.INTEGER: SlackKind.NUMBER,
    Kind.FLAG: SlackKind.FLAG,
    Kind.MEMBER: SlackKind.MEMBER,
}
