"""Reading: from what an event of Discord holds to a command of the catalogue. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord import Interaction

from adapters.discord.events.context import ADAPTER, DIRECT
from adapters.discord.events.message_media import kind_of_attachment, through_discord
from adapters.discord.events.weights import read_weights
from adapters.discord.gateway.payloads import ODD, understood
from adapters.discord.messages.option_fields import (
    WEIGHTS,
    DiscordField,
    DiscordKind,
    attachments,
    discord_fields,
)
from bot.domain.commands import CATALOGUE, Command, build
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller
from bot.domain.media import Reference
from bot.domain.options import Kind, Option, is_weighted, shorten
from bot.domain.requests import TAKEN_MAX_BYTES
from bot.media.sniff import NOT_MEDIA

_SUBCOMMAND = 1
_STALE = (
    "This is of another version of the bot, so nothing was started or charged; "
    "restart Discord to see today's commands"
)
#: what Discord sends for an option of each kind
_VALUES: Mapping[DiscordKind, tuple[type, ...]] = {
    DiscordKind.TEXT: (str,),
    DiscordKind.INTEGER: (int,),
    DiscordKind.FLAG: (bool,),
    DiscordKind.MEMBER: (str,),
    DiscordKind.ATTACHMENT: (str,),
}

#: what a media option was given, under the names by which weights are said
_Found = dict[str, Reference | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A command as somebody gave it."""

    command: Command
    #: files that came along without an option of their own
    files: tuple[Reference, ...] = ()
    #: members whom it names
    named: tuple[Caller, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """An option that somebody is typing into."""

    command: type[Command]
    option: str
    text: str


def read(interaction: Interaction[Any]) -> Wanted:
    """Read a slash command; raises InvalidRequest that says what to mend."""
    with understood():
        data: Any = interaction.data
        command, given = _command(data)
        return _Reader(command, given, data.get("resolved") or {}, interaction.guild_id).wanted()


def read_typing(interaction: Interaction[Any]) -> Typing | None:
    """Read what is being typed; None where nothing can be offered for it."""
    with understood():
        command, given = _command(interaction.data)
        focused = next((one for one in given if one.get("focused")), None)
        fields = {field.name: field for field in discord_fields(command)}
        field = fields.get(focused["name"]) if focused else None
        if focused is None or field is None or field.option is None:
            return None
        return Typing(command=command, option=field.option.name, text=str(focused["value"]))


def _command(data: Any) -> tuple[type[Command], Sequence[Mapping[str, Any]]]:
    name, given = data["name"], data.get("options") or []
    if given and given[0]["type"] == _SUBCOMMAND:
        name, given = f"{name} {given[0]['name']}", given[0].get("options") or []
    command = CATALOGUE.get(name)
    if command is None:
        raise InvalidRequest(_STALE)
    return command, given


class _Reader:
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
        self._workspace = DIRECT if guild is None else f"{ADAPTER}:{guild}"

    def _check(self, given: Sequence[Mapping[str, Any]]) -> None:
        """Refuse what would be passed over: a default in its place might cost what nobody asked for."""
        if len(self._given) < len(given):
            raise InvalidRequest(ODD)
        for name, value in self._given.items():
            field = self._fields.get(name)
            if field is None:
                raise InvalidRequest(f"{shorten(str(name))}: {_STALE}")
            if type(value) not in _VALUES[field.kind]:
                raise InvalidRequest(f"{name}: {ODD}")

    def wanted(self) -> Wanted:
        values: dict[str, Any] = {}
        named: list[Caller] = []
        media: dict[str, tuple[Option, _Found]] = {}
        for field in self._fields.values():
            value, option = self._given.get(field.name), field.option
            if value is None or option is None:
                continue
            if option.kind is Kind.MEDIA:
                self._collect(field, option, value, media.setdefault(option.name, (option, {}))[1])
            elif field.kind is DiscordKind.MEMBER:
                member = self._member(str(value))
                named.append(member)
                values[option.name] = member.member
            else:
                values[option.name] = value
        self._weigh(media)
        for name, (option, found) in media.items():
            several = tuple(found.values())
            if option.max_count == 1 and len(several) > 1:
                raise InvalidRequest(f"{name} takes one: a file, or a job or an address in {name}_from")
            if several:
                values[name] = several if option.max_count > 1 else several[0]
        return Wanted(command=through_discord(build(self._command, values)), named=tuple(named))

    def _collect(self, field: DiscordField, option: Option, value: object, found: _Found) -> None:
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
        kind = kind_of_attachment(file)
        if kind is None:
            raise InvalidRequest(f"{name}: {NOT_MEDIA}")
        if size > (most := TAKEN_MAX_BYTES[kind]):
            raise InvalidRequest(f"{name}: this {kind} is too big: at most {most / 1e6:g} MB are accepted")
        return Reference(url=url, via=ADAPTER, kind=kind)

    def _weigh(self, media: Mapping[str, tuple[Option, _Found]]) -> None:
        text = self._given.get(WEIGHTS)
        if not text:
            return
        weighted = {name: found for option, found in media.values() if option.weighted for name in found}
        for name, weight in read_weights(str(text), weighted).items():
            value = weighted[name][name]
            if isinstance(value, Reference):
                weighted[name][name] = value.model_copy(update={"weight": weight})
            elif is_weighted(value):
                raise InvalidRequest(f"weights: {name} has one already, behind its @; keep one of both")
            else:
                weighted[name][name] = f"{value}@{weight:g}"

    def _member(self, user: str) -> Caller:
        shown = self._resolved["users"][user]
        nick = (self._resolved.get("members") or {}).get(user, {}).get("nick")
        return Caller(
            workspace=self._workspace,
            person=f"{ADAPTER}:{user}",
            member=f"{self._workspace}:{user}",
            name=nick or shown.get("global_name") or shown["username"],
        )


def _free_names(option: Option, found: Mapping[str, object]) -> Iterator[str]:
    """Names that no attachment has taken, and then some for what is too much."""
    yield from (name for name in attachments(option) if name not in found)
    number = option.max_count
    while True:
        number += 1
        yield f"{option.name}{number}"
