"""Reading: from one line, as Slack hands it on, to a command of the catalogue. Pure.

Slack escapes three characters, and puts people, channels and links into angle brackets with their ids. What
somebody has typed like that comes escaped, and is text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from adapters.slack.events.context import ADAPTER
from bot.domain.commands import Command, GenerateCommand
from bot.domain.identity import Caller
from bot.domain.options import Kind, options
from bot.domain.parsing import parse_options, split_command

_MARKED = re.compile(r"<(?P<what>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_PERSON = re.compile(r"@(?P<user>[UW][A-Z0-9]+)")
_NAMED = re.compile(r"<@(?P<user>[UW][A-Z0-9]+)(?:\|(?P<label>[^<>]*))?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command's name is known, what follows is still as Slack wrote it."""

    command: type[Command]
    rest: str

    @property
    def wants_form(self) -> bool:
        """Nothing was given where something is needed or can be chosen."""
        return not self.rest and has_modal(self.command)

    @property
    def strangers(self) -> tuple[str, ...]:
        """People who are named by their id alone."""
        found = (one["user"] for one in _NAMED.finditer(self.rest) if not one["label"])
        return tuple(dict.fromkeys(found))

    def read(self, team: str, names: Mapping[str, str]) -> Command:
        """Read the options; raises InvalidRequest. `names` are those of strangers, by id."""
        by_id = any(option.kind is Kind.MEMBER for option in options(self.command))

        def plain(found: re.Match[str]) -> str:
            return _plain(found["what"], found["label"], team if by_id else None, names)

        return parse_options(self.command, unescape(_MARKED.sub(plain, self.rest)))

    def named(self, team: str, names: Mapping[str, str]) -> tuple[Caller, ...]:
        """The members whom it names, where its command takes any."""
        if not any(option.kind is Kind.MEMBER for option in options(self.command)):
            return ()
        labels = {
            one["user"]: one["label"] or names.get(one["user"], "") for one in _NAMED.finditer(self.rest)
        }
        return tuple(member(team, user, label or user) for user, label in labels.items())


def parse_line(text: str) -> CommandLine:
    """Find the command; raises InvalidRequest where there is none of that name."""
    command, rest = split_command(text)
    return CommandLine(command=command, rest=rest.strip())


def has_modal(command: type[Command]) -> bool:
    """Whether there is something to fill in; a mere question is answered at once."""
    return issubclass(command, GenerateCommand) or any(option.required for option in options(command))


def text_after_mention(text: str, user: str) -> str:
    """What follows the first mention of somebody, the bot itself."""
    found = re.search(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", text)
    return (text[found.end() :] if found else text).strip().lstrip(":,").strip()


def member(team: str, user: str, name: str) -> Caller:
    """A member of a workspace as the core knows them."""
    workspace = f"{ADAPTER}:{team}"
    identity = f"{workspace}:{user}"
    return Caller(workspace=workspace, person=identity, member=identity, name=name)


def _plain(what: str, label: str | None, team: str | None, names: Mapping[str, str]) -> str:
    person = _PERSON.fullmatch(what)
    if person is not None:
        user = person["user"]
        return f"{ADAPTER}:{team}:{user}" if team is not None else f"@{label or names.get(user) or user}"
    if what.startswith("#"):
        return f"#{label or what[1:]}"
    if what.startswith("!"):
        kind, _, group = what[1:].partition("^")
        return label or f"@{group if kind == 'subteam' else kind}"
    for scheme in ("mailto:", "tel:"):
        if what.startswith(scheme):
            return label or what.removeprefix(scheme)
    by_itself = label and what.rstrip("/").lower() == f"http://{label}".rstrip("/").lower()
    if label and by_itself and "/" not in label.rstrip("/") and not label.lower().startswith("www."):
        # Slack has made a link of a name such as node.js by itself; one with a path is an address.
        return label
    # Any other label is the same address, shortened.
    return what
