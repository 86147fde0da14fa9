"""The commands as Discord is to show them, derived from the catalogue. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from discord import Permissions

from adapters.discord.events.menu_entries import Menu
from adapters.discord.messages.option_fields import DiscordField, DiscordKind, discord_fields
from bot.domain.commands import CATALOGUE, Audience, Command

Payload = dict[str, Any]

_COMMAND, _ON_MESSAGE = 1, 3
_SUBCOMMAND = 1
_TYPES: Mapping[DiscordKind, int] = {
    DiscordKind.TEXT: 3,
    DiscordKind.INTEGER: 4,
    DiscordKind.FLAG: 5,
    DiscordKind.MEMBER: 6,
    DiscordKind.ATTACHMENT: 11,
}
_IN_GUILD, _WITH_BOT, _AMONG_PEOPLE = 0, 1, 2
_TO_GUILD, _TO_USER = 0, 1
#: where a command that everybody may use is shown
_EVERYWHERE = {"contexts": [_IN_GUILD, _WITH_BOT, _AMONG_PEOPLE], "integration_types": [_TO_GUILD, _TO_USER]}
#: who sees a command of admins; a server may give it to others, and the core checks again
_ADMINS = str(Permissions(manage_guild=True).value)
_FOR_ADMINS = {
    "contexts": [_IN_GUILD],
    "integration_types": [_TO_GUILD],
    "default_member_permissions": _ADMINS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Localisation:
    """One language: what a name and a description are in it, by what they are in English.

    A name must be lower case without spaces; what is not here stays English.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)


#: by Discord's name of the language, such as `de` or `pt-BR`
Localisations = Mapping[str, Localisation]


def payloads(localisations: Localisations | None = None) -> list[Payload]:
    """Everything that is to be registered: slash commands, and the entries of a message's menu."""
    return _Writer(localisations or {}).all()


class _Writer:
    def __init__(self, localisations: Localisations) -> None:
        self._localisations = localisations

    def all(self) -> list[Payload]:
        groups: dict[str, list[type[Command]]] = {}
        for command in CATALOGUE.values():
            groups.setdefault(command.name.partition(" ")[0], []).append(command)
        return [
            *(self._top(name, members) for name, members in groups.items()),
            *({"type": _ON_MESSAGE} | self._name(menu) | _EVERYWHERE for menu in Menu),
        ]

    def _top(self, name: str, members: Sequence[type[Command]]) -> Payload:
        alone = members[0] if members[0].name == name else None
        about = (
            alone.description if alone else f"{name.capitalize()}: {', '.join(_last(one) for one in members)}"
        )
        options = self._options(alone) if alone else [self._member(one) for one in members]
        for_admins = all(one.audience is Audience.ADMINS for one in members)
        where = _FOR_ADMINS if for_admins else _EVERYWHERE
        return {"type": _COMMAND} | self._words(name, about) | {"options": options} | where

    def _member(self, command: type[Command]) -> Payload:
        words = self._words(_last(command), command.description)
        return {"type": _SUBCOMMAND} | words | {"options": self._options(command)}

    def _options(self, command: type[Command]) -> list[Payload]:
        return [self._option(one) for one in discord_fields(command)]

    def _option(self, one: DiscordField) -> Payload:
        option: Payload = {"type": _TYPES[one.kind]} | self._words(one.name, one.description)
        option["required"] = one.required
        if one.choices:
            option["choices"] = [{"name": choice, "value": choice} for choice in one.choices]
        if one.autocompleted:
            option["autocomplete"] = True
        for limit, value in (
            ("min_value", one.minimum),
            ("max_value", one.maximum),
            ("max_length", one.max_length),
        ):
            if value is not None:
                option[limit] = value
        return option

    def _words(self, name: str, about: str) -> Payload:
        told = {
            language: text
            for language, words in self._localisations.items()
            if (text := words.descriptions.get(about))
        }
        described: Payload = {"description": about}
        return self._name(name) | described | ({"description_localizations": told} if told else {})

    def _name(self, name: str) -> Payload:
        told = {
            language: text
            for language, words in self._localisations.items()
            if (text := words.names.get(name))
        }
        return {"name": str(name)} | ({"name_localizations": told} if told else {})


def _last(command: type[Command]) -> str:
    """A command's name within its group."""
    return command.name.rpartition(" ")[2]
