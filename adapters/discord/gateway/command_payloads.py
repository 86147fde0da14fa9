"""Discord's payloads for our commands, derived from the catalogue. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from discord import AppCommandOptionType, AppCommandType, Permissions

from adapters.discord.events.message_menu import MenuEntry
from adapters.discord.messages.admin_forms import CHANNEL_TYPES, POSTED_TYPES
from adapters.discord.messages.option_fields import (
    DISCORD_DESCRIPTION,
    DiscordField,
    DiscordKind,
    discord_fields,
)
from bot.domain.commands import CATALOGUE, Audience, Command

Payload = dict[str, Any]

_OPTION_TYPES: Mapping[DiscordKind, AppCommandOptionType] = {
    DiscordKind.TEXT: AppCommandOptionType.string,
    DiscordKind.INTEGER: AppCommandOptionType.integer,
    DiscordKind.NUMBER: AppCommandOptionType.number,
    DiscordKind.FLAG: AppCommandOptionType.boolean,
    DiscordKind.MEMBER: AppCommandOptionType.user,
    DiscordKind.ROLE: AppCommandOptionType.role,
    DiscordKind.CHANNEL: AppCommandOptionType.channel,
    DiscordKind.ATTACHMENT: AppCommandOptionType.attachment,
}
#: contexts: guilds, direct messages with the bot, other private channels; installations: guild, user
_EVERYWHERE = {"contexts": [0, 1, 2], "integration_types": [0, 1]}
#: who sees an admin command; a server may allow it to others, and the core checks again
_FOR_ADMINS = {
    "contexts": [0],
    "integration_types": [0],
    "default_member_permissions": str(Permissions(manage_guild=True).value),
}


def command_payloads() -> list[Payload]:
    """All commands to register: slash commands, and the entries of a message's context menu."""
    groups: dict[str, list[type[Command]]] = {}
    for command in CATALOGUE.values():
        groups.setdefault(command.name.partition(" ")[0], []).append(command)
    entry = {"type": AppCommandType.message.value} | _EVERYWHERE
    return [
        *(_slash_command(name, members) for name, members in groups.items()),
        *({"name": str(name)} | entry for name in MenuEntry),
    ]


def _slash_command(name: str, members: Sequence[type[Command]]) -> Payload:
    single = members[0] if members[0].name == name else None
    if single is not None:
        description, options = single.description, _options(single)
    else:
        description = _group_description(name, members)
        options = [
            {
                "type": AppCommandOptionType.subcommand.value,
                "name": _subcommand_name(one),
                "description": one.description,
                "options": _options(one),
            }
            for one in members
        ]
    for_admins = all(one.audience is Audience.ADMINS for one in members)
    command = {
        "type": AppCommandType.chat_input.value,
        "name": name,
        "description": description,
        "options": options,
    }
    return command | (_FOR_ADMINS if for_admins else _EVERYWHERE)


def _group_description(name: str, members: Sequence[type[Command]]) -> str:
    """What a group has, as far as Discord's limit allows."""
    text = f"{name.capitalize()}: {', '.join(map(_subcommand_name, members))}"
    if len(text) <= DISCORD_DESCRIPTION:
        return text
    return f"{text[: DISCORD_DESCRIPTION - 3].rpartition(', ')[0]}, …"


def _options(command: type[Command]) -> list[Payload]:
    return [_option(one) for one in discord_fields(command)]


def _option(field: DiscordField) -> Payload:
    option: Payload = {
        "type": _OPTION_TYPES[field.kind].value,
        "name": field.name,
        "description": field.description,
        "required": field.required,
    }
    if field.choices:
        named = zip(field.choice_names, field.choices, strict=True)
        option["choices"] = [{"name": name, "value": choice} for name, choice in named]
    if field.kind is DiscordKind.CHANNEL:
        posts = field.option is not None and field.option.posts
        option["channel_types"] = list(POSTED_TYPES if posts else CHANNEL_TYPES)
    if field.autocompleted:
        option["autocomplete"] = True
    limits = {"min_value": field.minimum, "max_value": field.maximum, "max_length": field.max_length}
    return option | {name: value for name, value in limits.items() if value is not None}


def _subcommand_name(command: type[Command]) -> str:
    return command.name.rpartition(" ")[2]
