"""Parses the options of a slash command into a command of the catalogue. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord import Interaction

from adapters.discord.events.context import ADAPTER, DIRECT_WORKSPACE, MALFORMED, reading_event
from adapters.discord.events.message_media import attachment_kind
from adapters.discord.messages.admin_forms import named
from adapters.discord.messages.option_fields import (
    WEIGHTS,
    DiscordField,
    DiscordKind,
    attachments,
    discord_fields,
)
from adapters.discord.rest.attachment_urls import is_attachment_url
from bot.domain.commands import CATALOGUE, Command, RulesReactions, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.generations.requests import TAKEN_MAX_BYTES
from bot.domain.identity import Caller
from bot.domain.named_options import dump_named
from bot.domain.options import Kind, Option, is_weighted, shorten
from bot.media.sniff import NOT_MEDIA

_SUBCOMMAND = 1
_OUTDATED = (
    "This belongs to another version of the bot, so nothing was started or charged; "
    "restart Discord to see the current commands"
)
#: the JSON types that Discord sends for each kind of option
_VALUE_TYPES: Mapping[DiscordKind, tuple[type, ...]] = {
    DiscordKind.TEXT: (str,),
    DiscordKind.INTEGER: (int,),
    DiscordKind.NUMBER: (int, float),
    DiscordKind.FLAG: (bool,),
    DiscordKind.MEMBER: (str,),
    DiscordKind.ROLE: (str,),
    DiscordKind.CHANNEL: (str,),
    DiscordKind.ATTACHMENT: (str,),
}
#: a custom emoji as it is typed where Discord has none of this name
_WITHOUT_ID = re.compile(r":[^\s:<>]+:")
#: one item of `image1 0.85, style 0.5`
_WEIGHT = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*+)\s*[=:@]?\s*(?P<number>\d+(?:[.,]\d+)?|\.\d+)(?![\w.%])\s*[,;]?\s*", re.ASCII
)

#: the media of one option, by the names that the `weights` option uses
_NamedMedia = dict[str, Reference | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCommand:
    """A command, and the members that its options mention."""

    command: Command
    mentioned: tuple[Caller, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusedOption:
    """The option that somebody is typing into."""

    command: type[Command]
    option: str
    text: str


def parse_command(interaction: Interaction[Any]) -> ParsedCommand:
    """Parse a slash command; raises InvalidRequest that says what to correct."""
    with reading_event():
        data: Any = interaction.data
        command, given = _command(data)
        parser = _OptionParser(command, given, data.get("resolved") or {}, interaction.guild_id)
        return parser.parse()


def parse_focused_option(interaction: Interaction[Any]) -> FocusedOption | None:
    """Parse an autocomplete interaction; None where nothing can be suggested."""
    with reading_event():
        command, given = _command(interaction.data)
        focused = next((one for one in given if one.get("focused")), None)
        fields = {field.name: field for field in discord_fields(command)}
        field = fields.get(focused["name"]) if focused else None
        if focused is None or field is None or field.option is None:
            return None
        return FocusedOption(command=command, option=field.option.name, text=str(focused["value"]))


def parse_weights(text: str, names: Collection[str]) -> Mapping[str, float]:
    """Parse weights such as `image1 0.85, style1 0.5`; raises InvalidRequest."""
    found: dict[str, float] = {}
    at = 0
    while at < len(text.rstrip()):
        item = _WEIGHT.match(text, at)
        if item is None:
            raise InvalidRequest(
                f"weights: {shorten(text[at:].strip())!r} is not a weight; write them like image1 0.85"
            )
        name, weight = item["name"].lower(), float(item["number"].replace(",", "."))
        if name not in names:
            given = ", ".join(names) or "no picture"
            raise InvalidRequest(f"weights: {shorten(name)} was not given, only {given}")
        if name in found:
            raise InvalidRequest(f"weights: {name} is given twice; keep one")
        if weight > 1:
            raise InvalidRequest(
                f"weights: {name} must be between 0 and 1, such as 0.85, not {item['number']}"
            )
        found[name] = weight
        at = item.end()
    return found


def _command(data: Any) -> tuple[type[Command], Sequence[Mapping[str, Any]]]:
    name, given = data["name"], data.get("options") or []
    if given and given[0]["type"] == _SUBCOMMAND:
        name, given = f"{name} {given[0]['name']}", given[0].get("options") or []
    command = CATALOGUE.get(name)
    if command is None:
        raise InvalidRequest(_OUTDATED)
    return command, given


class _OptionParser:
    """Parses the options of one interaction."""

    def __init__(
        self,
        command: type[Command],
        given: Sequence[Mapping[str, Any]],
        resolved: Mapping[str, Any],
        guild: int | None,
    ) -> None:
        self._command = command
        self._fields = {field.name: field for field in discord_fields(command)}
        self._given = {one["name"]: one["value"] for one in given}
        self._check(given)
        self._resolved = resolved
        self._workspace = DIRECT_WORKSPACE if guild is None else f"{ADAPTER}:{guild}"

    def _check(self, given: Sequence[Mapping[str, Any]]) -> None:
        """Refuse unknown options instead of ignoring them: a default might cost what nobody asked for."""
        if len(self._given) < len(given):
            raise InvalidRequest(MALFORMED)
        for name, value in self._given.items():
            field = self._fields.get(name)
            if field is None:
                raise InvalidRequest(f"{shorten(str(name))}: {_OUTDATED}")
            if type(value) not in _VALUE_TYPES[field.kind]:
                raise InvalidRequest(f"{name}: {MALFORMED}")

    def parse(self) -> ParsedCommand:
        values: dict[str, Any] = {}
        mentioned: list[Caller] = []
        media: dict[str, tuple[Option, _NamedMedia]] = {}
        for field in self._fields.values():
            value, option = self._given.get(field.name), field.option
            if value is None or option is None:
                continue
            if option.kind is Kind.MEDIA:
                self._add_media(field, option, value, media.setdefault(option.name, (option, {}))[1])
            elif field.kind is DiscordKind.MEMBER:
                member = self._member(str(value))
                mentioned.append(member)
                values[option.name] = member.member
            elif field.kind is DiscordKind.ROLE:
                values[option.name] = _picked(value, self._resolved["roles"], "")
            elif field.kind is DiscordKind.CHANNEL:
                values[option.name] = _picked(value, self._resolved["channels"], "#")
            else:
                values[option.name] = value
        self._apply_weights(media)
        for name, (option, found) in media.items():
            several = tuple(found.values())
            if option.max_count == 1 and len(several) > 1:
                raise InvalidRequest(f"{name} takes one file, or one job or URL in {name}_from")
            if several:
                values[name] = several if option.max_count > 1 else several[0]
        command = _through_resolver(_checked(build(self._command, values)))
        return ParsedCommand(command=command, mentioned=tuple(mentioned))

    def _add_media(self, field: DiscordField, option: Option, value: object, found: _NamedMedia) -> None:
        if field.kind is DiscordKind.ATTACHMENT:
            found[field.name] = self._attachment(field.name, str(value))
            return
        free = _free_names(option, found)
        for text in str(value).split():
            if bare := text.strip(",;"):
                found[next(free)] = bare

    def _attachment(self, name: str, identifier: str) -> Reference:
        file = self._resolved["attachments"][identifier]
        url, size = str(file["url"]), int(file["size"])
        kind = attachment_kind(file)
        if kind is None:
            raise InvalidRequest(f"{name}: {NOT_MEDIA}")
        if size > (most := TAKEN_MAX_BYTES[kind]):
            raise InvalidRequest(f"{name}: this {kind} is too large; at most {most / 1e6:g} MB are accepted")
        return Reference(url=url, via=ADAPTER, kind=kind)

    def _apply_weights(self, media: Mapping[str, tuple[Option, _NamedMedia]]) -> None:
        text = self._given.get(WEIGHTS)
        if not text:
            return
        weighted = {name: found for option, found in media.values() if option.weighted for name in found}
        for name, weight in parse_weights(str(text), weighted).items():
            value = weighted[name][name]
            if isinstance(value, Reference):
                weighted[name][name] = value.model_copy(update={"weight": weight})
            elif is_weighted(value):
                raise InvalidRequest(f"weights: {name} has a weight already, after its @; keep one of both")
            else:
                weighted[name][name] = f"{value}@{weight:g}"

    def _member(self, user: str) -> Caller:
        resolved = self._resolved["users"][user]
        member = (self._resolved.get("members") or {}).get(user) or {}
        guild = self._workspace.rpartition(":")[2]
        return Caller(
            workspace=self._workspace,
            person=f"{ADAPTER}:{user}",
            member=f"{self._workspace}:{user}",
            name=member.get("nick") or resolved.get("global_name") or resolved["username"],
            roles=frozenset(map(str, (*member["roles"], guild))) if "roles" in member else None,
        )


def _checked(command: Command) -> Command:
    """Refuse a custom emoji without its id: reactions have one, so it would never match."""
    if not isinstance(command, RulesReactions) or command.action in (None, "default"):
        return command
    if _WITHOUT_ID.fullmatch(emoji := command.emoji.strip()):
        raise InvalidRequest(f"Discord has no emoji {emoji} here; choose one with its picker", option="emoji")
    return command


def _free_names(option: Option, found: Mapping[str, object]) -> Iterator[str]:
    """Names that no attachment uses, and further ones for media beyond the limit."""
    yield from (name for name in attachments(option) if name not in found)
    number = option.max_count
    while True:
        number += 1
        yield f"{option.name}{number}"


def _through_resolver(command: Command) -> Command:
    """Have the attachment resolver renew the Discord URLs that somebody typed or pasted."""
    changes: dict[str, Any] = {}
    for name in type(command).model_fields:
        value = getattr(command, name)
        if isinstance(value, Reference):
            changed: Any = _reference_through_resolver(value)
        elif isinstance(value, tuple) and any(isinstance(one, Reference) for one in value):
            changed = tuple(
                _reference_through_resolver(one) if isinstance(one, Reference) else one for one in value
            )
        else:
            continue
        if changed != value:
            changes[name] = changed
    return command.model_copy(update=changes) if changes else command


def _reference_through_resolver(reference: Reference) -> Reference:
    if reference.url is None or reference.via or not is_attachment_url(reference.url):
        return reference
    return reference.model_copy(update={"via": ADAPTER})


def _picked(identifier: object, resolved: Mapping[str, Any], mark: str) -> str:
    """A role or channel that somebody chose, as the text that an option takes."""
    one = named(str(identifier), resolved, mark)
    return dump_named(one.id, one.name)
