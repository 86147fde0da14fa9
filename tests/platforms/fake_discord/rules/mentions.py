"""Determines whom a message mentions."""

import re
from typing import Any

from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.places import User
from tests.platforms.fake_discord.state.world import World

_PERSON = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_ALL = re.compile(r"@(everyone|here)\b")
_KINDS = ("users", "roles", "everyone")


def named(content: str, world: World) -> list[User]:
    """Return the people whose names are shown in the text, notified or not."""
    found = dict.fromkeys(int(number) for number in _PERSON.findall(content))
    return [world.users[number] for number in found if number in world.users]


def notified(message: Message, allowed: dict[str, Any] | None, world: World) -> frozenset[int | str]:
    """Return who hears a sound: people, roles, or everyone, as far as the sender allows and may."""
    kinds = _KINDS if allowed is None else tuple(allowed.get("parse") or ())
    allowed = allowed or {}
    held = message.channel.allows(message.author)
    pings: set[int | str] = set()
    for user in named(message.content, world):
        if "users" in kinds or str(user.id) in map(str, allowed.get("users") or ()):
            pings.add(user.id)
    for number in map(int, _ROLE.findall(message.content)):
        guild = message.channel.guild
        role = guild.roles.get(number) if guild else None
        if role is None or not (role.mentionable or Permissions.MENTION_EVERYONE in held):
            continue
        if "roles" in kinds or str(number) in map(str, allowed.get("roles") or ()):
            pings.add(number)
    if _ALL.search(message.content) and "everyone" in kinds and Permissions.MENTION_EVERYONE in held:
        pings.add("everyone")
    if message.replies_to is not None and allowed.get("replied_user", not allowed):
        pings.add(message.replies_to.author.id)
    return frozenset(pings - {message.author.id})
