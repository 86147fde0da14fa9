"""Creates interactions and sends them to the gateway."""

import secrets
from typing import Any

from tests.platforms.fake_discord.client.invocations import Invocation
from tests.platforms.fake_discord.client.options import CommandInput, NotOffered
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.events import Event
from tests.platforms.fake_discord.state.interactions import Interaction, InteractionType
from tests.platforms.fake_discord.state.message_payloads import message_json, owners_json
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.payloads import (
    Json,
    member_json,
    partial_channel_json,
    user_json,
)
from tests.platforms.fake_discord.state.places import Channel, Kind, User
from tests.platforms.fake_discord.state.world import World

CHAT_INPUT, ON_USER, ON_MESSAGE = 1, 2, 3
_IN_GUILD, _WITH_BOT, _AMONG_PEOPLE = 0, 1, 2
#: what an app may do where only a person has installed it
_UNINSTALLED = (
    Permissions.ATTACH_FILES
    | Permissions.EMBED_LINKS
    | Permissions.MENTION_EVERYONE
    | Permissions.USE_EXTERNAL_EMOJIS
)


def offered_command(world: World, user: User, channel: Channel, name: str, kind: int) -> Json:
    """Find a command that Discord would offer to this person here."""
    guild = channel.guild
    command = world.commands.named(guild.id if guild else None, name, kind)
    if command is None:
        raise NotOffered(f"no command {name} is registered here")
    if guild is not None:
        held = channel.allows(user)
        if Permissions.USE_APPLICATION_COMMANDS not in held:
            raise NotOffered(f"{user.name} may not use commands here")
        needed = Permissions(int(command["default_member_permissions"] or 0))
        forbidden = command["default_member_permissions"] == "0" and Permissions.ADMINISTRATOR not in held
        if needed & ~held or forbidden:
            raise NotOffered(f"{user.name} may not use {name}")
    contexts = command.get("contexts")
    if contexts is not None and context_of(world, channel) not in contexts:
        raise NotOffered(f"{name} is not for this kind of place")
    if _by_user_install(world, user, channel) and 1 not in command.get("integration_types", [0]):
        raise NotOffered(f"{name} is not for people who installed the app for themselves")
    return command


def context_of(world: World, channel: Channel) -> int:
    if channel.guild is not None:
        return _IN_GUILD
    return _WITH_BOT if channel.kind is Kind.DM and world.bot in channel.recipients else _AMONG_PEOPLE


def ask(
    world: World,
    user: User,
    channel: Channel,
    kind: InteractionType,
    data: Json,
    *,
    source: Message | None = None,
    opened_by: Interaction | None = None,
) -> Invocation:
    """Create an interaction and send its event."""
    interaction = Interaction(
        id=world.ids.take(),
        token=secrets.token_urlsafe(96),
        kind=kind,
        user=user,
        channel=channel,
        data=data,
        created_ms=world.clock.now_ms(),
        ack_within_ms=world.ack_within_ms,
        source=source,
        opened_by=opened_by,
        by_user_install=_by_user_install(world, user, channel),
    )
    world.add(interaction)
    guild_id = channel.guild.id if channel.guild else None
    world.announce(Event(name="INTERACTION_CREATE", data=_event(world, interaction), guild_id=guild_id))
    return Invocation(world, interaction)


def command_data(command: Json, channel: Channel, filling: CommandInput, more: Json) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], **more}
    if filling.resolved:
        data["resolved"] = filling.resolved
    if "guild_id" in command and channel.guild is not None:
        data["guild_id"] = command["guild_id"]
    return data


def _event(world: World, interaction: Interaction) -> dict[str, Any]:
    channel, user = interaction.channel, interaction.user
    guild = channel.guild
    event: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application_id),
        "type": int(interaction.kind),
        "data": interaction.data,
        "channel": partial_channel_json(channel, channel.allows(user)),
        "channel_id": str(channel.id),
        "token": interaction.token,
        "version": 1,
        "app_permissions": str(int(_app_permissions(world, interaction))),
        "locale": user.locale,
        "entitlements": [],
        "authorizing_integration_owners": owners_json(interaction),
        "context": context_of(world, channel),
        "attachment_size_limit": interaction.file_limit,
    }
    if guild is None:
        event["user"] = user_json(user)
    else:
        shown = member_json(guild.members[user.id])
        event |= {
            "guild_id": str(guild.id),
            "guild_locale": guild.locale,
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "member": shown | {"permissions": str(int(channel.allows(user)))},
        }
    if interaction.source is not None:
        event["message"] = message_json(interaction.source, world)
    return event


def _by_user_install(world: World, user: User, channel: Channel) -> bool:
    if channel.guild is not None:
        return world.bot.id not in channel.guild.members
    return user.installed and context_of(world, channel) == _AMONG_PEOPLE


def _app_permissions(world: World, interaction: Interaction) -> Permissions:
    if interaction.by_user_install:
        return _UNINSTALLED
    return interaction.channel.allows(world.bot)
