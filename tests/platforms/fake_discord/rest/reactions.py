"""Reactions with the bot token."""

from urllib.parse import unquote

from tests.platforms.fake_discord.rest.access import public_message, require, visible_channel
from tests.platforms.fake_discord.rest.routing import Call, Routes
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.payloads import Json, user_json
from tests.platforms.fake_discord.state.reactions import react, unreact

routes = Routes()

_EMOJI = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}"


@routes.on("PUT", _EMOJI + "/@me")
def add_reaction(call: Call) -> None:
    react(call.world, _message(call), call.world.bot, _emoji(call))


@routes.on("DELETE", _EMOJI + "/@me")
def take_own_reaction(call: Call) -> None:
    unreact(call.world, _message(call), call.world.bot, _emoji(call))


@routes.on("DELETE", _EMOJI + "/{user_id}")
def take_reaction(call: Call) -> None:
    message = _message(call)
    require(call, message.channel, Permissions.MANAGE_MESSAGES)
    unreact(call.world, message, call.world.user(call.path["user_id"]), _emoji(call))


@routes.on("GET", _EMOJI)
def list_reactions(call: Call) -> list[Json]:
    message = _message(call)
    require(call, message.channel, Permissions.READ_MESSAGE_HISTORY)
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 25))
    people = sorted(message.reactions.get(_emoji(call), []), key=lambda user: user.id)
    return [user_json(user) for user in people if user.id > after][:limit]


def _message(call: Call) -> Message:
    return public_message(call, visible_channel(call))


def _emoji(call: Call) -> str:
    return unquote(call.path["emoji_name"])
