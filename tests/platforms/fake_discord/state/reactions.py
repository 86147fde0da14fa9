"""Adds and removes reactions."""

from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.events import Event
from tests.platforms.fake_discord.state.message_payloads import emoji_json
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.payloads import Json, member_json
from tests.platforms.fake_discord.state.places import User
from tests.platforms.fake_discord.state.world import World

#: different emoji under one message
_MOST = 20


def react(world: World, message: Message, user: User, emoji: str, *, names_member: bool = True) -> None:
    """Add a reaction; the first of its kind needs a right of its own, the same one twice is nothing."""
    if not _is_emoji(emoji):
        raise Refusal(10014)
    channel = message.channel
    held = channel.allows(user)
    needed = Permissions.READ_MESSAGE_HISTORY
    if emoji not in message.reactions:
        needed |= Permissions.ADD_REACTIONS
    if needed & ~held:
        raise Refusal(50013)
    if channel.archived:
        raise Refusal(50083)
    if emoji not in message.reactions and len(message.reactions) >= _MOST:
        raise Refusal(30010)
    people = message.reactions.setdefault(emoji, [])
    if user in people:
        return
    people.append(user)
    data = _data(message, user, emoji) | {"message_author_id": str(message.author.id), "burst_colors": []}
    guild = channel.guild
    if names_member and guild is not None and user.id in guild.members:
        data["member"] = member_json(guild.members[user.id])
    _announce(world, "MESSAGE_REACTION_ADD", message, data)


def unreact(world: World, message: Message, user: User, emoji: str) -> None:
    people = message.reactions.get(emoji, [])
    if user not in people:
        raise Refusal(10014)
    people.remove(user)
    if not people:
        del message.reactions[emoji]
    _announce(world, "MESSAGE_REACTION_REMOVE", message, _data(message, user, emoji))


def _is_emoji(emoji: str) -> bool:
    name, _, number = emoji.partition(":")
    return number.isdigit() if number else bool(name) and not name.isascii()


def _data(message: Message, user: User, emoji: str) -> Json:
    data: Json = {
        "user_id": str(user.id),
        "channel_id": str(message.channel.id),
        "message_id": str(message.id),
        "emoji": emoji_json(emoji),
        "burst": False,
        "type": 0,
    }
    if message.channel.guild is not None:
        data["guild_id"] = str(message.channel.guild.id)
    return data


def _announce(world: World, name: str, message: Message, data: Json) -> None:
    guild = message.channel.guild
    world.announce(Event(name=name, data=data, guild_id=None if guild is None else guild.id))
