"""The modal fields of a command's options, and Slack's limits on them.

A picture or video is a file, or a text that names a job or an address, so one option can be two fields.
https://docs.slack.dev/reference/block-kit/blocks
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from bot.domain.commands import Command
from bot.domain.options import Kind, Option, options

#: longest text of a field
SLACK_TEXT = 3000
# fmt: off
#: slash commands that Slack reserves
SLACK_RESERVED = frozenset({
    "archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "feedback", "help", "invite",
    "invite_people", "join", "kick", "leave", "me", "mute", "msg", "open", "part", "prefs", "remind",
    "remove", "rename", "search", "shortcuts", "shrug", "star", "status", "sub", "topic", "who",
})
# fmt: on
SLACK_MODAL_BLOCKS = 100
SLACK_LABEL = 75
SLACK_SELECT_OPTIONS = 100
#: characters of a choice and of the line below it, and of the hint below a field
SLACK_CHOICE, SLACK_HINT = 75, 2000
#: files of a field
SLACK_FILES = 10


def native_on_slack(command: type[Command]) -> bool:
    """Whether the command can be registered itself; others are typed as `/reverie <command>`."""
    return command.name not in SLACK_RESERVED and " " not in command.name


class SlackKind(StrEnum):
    """The type of a modal field."""

    TEXT = "text"
    NUMBER = "number"
    DECIMAL = "decimal"
    CHOICE = "choice"
    FLAG = "flag"
    MEMBER = "member"
    CHANNEL = "channel"
    FILES = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackField:
    """One input block of a command's modal."""

    name: str
    description: str
    required: bool
    kind: SlackKind
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    #: characters of a text; None for other types
    max_length: int | None = None
    #: the most files; 0 for other types
    files: int = 0
    #: the option that it fills, possibly together with another field
    option: Option


@cache
def slack_fields(command: type[Command]) -> tuple[SlackField, ...]:
    """The fields of a command's modal, the required ones first.

    A media option is a field for files, and one for jobs and addresses with optional weights (`@0.85`).
    """
    found = [field for option in options(command) for field in _slack_option(option)]
    return tuple(sorted(found, key=lambda field: not field.required))


def _slack_option(option: Option) -> Iterator[SlackField]:
    if option.kind is Kind.MEDIA:
        yield SlackField(
            name=option.name,
            description=option.counted_description,
            required=False,
            kind=SlackKind.FILES,
            files=option.max_count,
            option=option,
        )
        others = "a job or an address" if option.max_count == 1 else "jobs or addresses, separated by spaces"
        strength = ", each with an optional weight, such as @0.85" if option.weighted else ""
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
        minimum=option.minimum if kind in _NUMBERS else None,
        maximum=option.maximum if kind in _NUMBERS else None,
        max_length=min(option.max_length, SLACK_TEXT) if kind is SlackKind.TEXT else None,
        option=option,
    )


_SLACK_KINDS = {
    Kind.CHOICE: SlackKind.CHOICE,
    Kind.INTEGER: SlackKind.NUMBER,
    Kind.DECIMAL: SlackKind.DECIMAL,
    Kind.FLAG: SlackKind.FLAG,
    Kind.MEMBER: SlackKind.MEMBER,
    Kind.CHANNEL: SlackKind.CHANNEL,
}
_NUMBERS = (SlackKind.NUMBER, SlackKind.DECIMAL)


def slack_problems(commands: Iterable[type[Command]]) -> Iterator[str]:
    """Everything in the commands that Slack would refuse."""
    for command in commands:
        fields = slack_fields(command)
        if len(fields) > SLACK_MODAL_BLOCKS:
            yield f"Slack: the form of /{command.name} has {len(fields)} blocks"
        for name, times in Counter(field.name for field in fields).items():
            if times > 1:
                yield f"Slack: {name} of /{command.name} means {times} fields"
        for field in fields:
            yield from _slack_field(command, field)


def _slack_field(command: type[Command], field: SlackField) -> Iterator[str]:
    if len(field.name) > SLACK_LABEL:
        yield f"Slack: the label {field.name!r} of /{command.name} is too long"
    if len(field.description) > SLACK_HINT:
        yield f"Slack: the hint of {field.name} of /{command.name} has {len(field.description)} characters"
    if len(field.choices) > SLACK_SELECT_OPTIONS:
        yield f"Slack: {field.name} of /{command.name} has {len(field.choices)} choices"
    if any(len(choice) > SLACK_CHOICE for choice in (*field.choices, *field.option.choice_notes)):
        yield f"Slack: a choice of {field.name} of /{command.name} is too long"
    if field.files > SLACK_FILES:
        yield f"Slack: {field.name} of /{command.name} takes {field.files} files"
