"""What each face can show of the catalogue; the catalogue is tested against these limits.

Sources: the platforms' references for application commands and for blocks and modals.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bot.domain.commands import Command
from bot.domain.fields import DiscordField, SlackField, discord_fields, slack_fields
from bot.domain.options import options

#: a group and its member
TEXT_WORDS = 2

DISCORD_OPTIONS = 25
DISCORD_CHOICES = 25
DISCORD_CHOICE = 100
DISCORD_DESCRIPTION = 100
#: names, descriptions and choice values of one top-level command together
DISCORD_COMMAND_SIZE = 8000
DISCORD_SUBCOMMANDS = 25
DISCORD_TOP_LEVEL = 100
DISCORD_NAME = re.compile(r"[-_a-z0-9]{1,32}")

# fmt: off
#: names that Slack keeps for itself
SLACK_RESERVED = frozenset({
    "archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "feedback", "help", "invite",
    "invite_people", "join", "kick", "leave", "me", "mute", "msg", "open", "part", "prefs", "remind",
    "remove", "rename", "search", "shortcuts", "shrug", "star", "status", "sub", "topic", "who",
})
# fmt: on
SLACK_MODAL_BLOCKS = 100
SLACK_LABEL = 75
SLACK_SELECT_OPTIONS = 100
#: characters of a choice, and of what stands below a field
SLACK_CHOICE, SLACK_HINT = 75, 2000
#: files of one field
SLACK_FILES = 10


def native_on_slack(command: type[Command]) -> bool:
    """Whether the command can have a name of its own; all others go through `/reverie <command>`."""
    return command.name not in SLACK_RESERVED and " " not in command.name


def problems(catalogue: Iterable[type[Command]]) -> list[str]:
    """Everything in the catalogue that some face could not show; empty when all is well."""
    commands = list(catalogue)
    return [*_text(commands), *_discord(commands), *_slack(commands)]


def _text(commands: list[type[Command]]) -> Iterator[str]:
    names = [command.name for command in commands]
    for name, times in Counter(names).items():
        if times > 1:
            yield f"Text: /{name} is defined {times} times"
        if len(name.split()) > TEXT_WORDS:
            yield f"Text: /{name} has {len(name.split())} words, {TEXT_WORDS} are understood"
        if any(other.startswith(f"{name} ") for other in names):
            yield f"Text: /{name} is a command and a group"
    for command in commands:
        flags = Counter(flag for option in options(command) for flag in (option.name, *option.aliases))
        for flag, times in flags.items():
            if times > 1:
                yield f"Text: --{flag} of /{command.name} means {times} options"


def _discord(commands: list[type[Command]]) -> Iterator[str]:
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
        for choice in field.choices:
            if len(choice) > DISCORD_CHOICE:
                yield f"Discord: a choice of {field.name} of /{command.name} has {len(choice)} characters"


def discord_size(command: type[Command]) -> int:
    """Characters that Discord counts of a command: names, descriptions and choices."""
    return (
        len(command.name)
        + len(command.description)
        + sum(
            len(field.name) + len(field.description) + 2 * sum(map(len, field.choices))
            for field in discord_fields(command)
        )
    )


def _slack(commands: list[type[Command]]) -> Iterator[str]:
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
    if any(len(choice) > SLACK_CHOICE for choice in field.choices):
        yield f"Slack: a choice of {field.name} of /{command.name} is too long"
    if field.files > SLACK_FILES:
        yield f"Slack: {field.name} of /{command.name} takes {field.files} files"
