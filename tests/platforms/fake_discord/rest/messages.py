"""Channel messages with the bot token."""

from tests.platforms.fake_discord.rest.access import (
    public_message,
    require,
    require_sending,
    require_unarchived,
    visible_channel,
)
from tests.platforms.fake_discord.rest.routing import Call, Routes
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.message_payloads import message_json, readable_json
from tests.platforms.fake_discord.state.messages import Message, MessageFlags, MessageKind
from tests.platforms.fake_discord.state.payloads import Json
from tests.platforms.fake_discord.state.places import Channel
from tests.platforms.fake_discord.state.writing import delete, edit, post

routes = Routes()

_CHANNEL = "/channels/{channel_id}/messages"
_MESSAGE = _CHANNEL + "/{message_id}"
#: how long a nonce is remembered
_NONCE_LIFE_MS = 3 * 60_000
_PAGE = 50
_LARGEST_PAGE = 100


@routes.on("GET", _CHANNEL)
def list_messages(call: Call) -> list[Json]:
    """Answer a page, the newest first; without the right to read history it is empty."""
    channel = visible_channel(call)
    if Permissions.READ_MESSAGE_HISTORY not in channel.allows(call.world.bot):
        return []
    public = [message for message in channel.messages.values() if message.only_for is None]
    return [readable_json(message, call.world) for message in _page(public, call.query)]


@routes.on("POST", _CHANNEL)
def create_message(call: Call) -> Json:
    world = call.world
    channel = visible_channel(call)
    draft = call.draft
    require_sending(call, channel, draft.needs)
    draft.check(file_limit=channel.file_limit)
    if draft.is_empty:
        raise Refusal(50006)
    replies_to = _replied_to(call, channel)
    nonce = draft.body.get("nonce")
    if nonce is not None and draft.body.get("enforce_nonce"):
        known = world.nonces.get((channel.id, str(nonce)))
        if known is not None and world.clock.now_ms() - known[1] < _NONCE_LIFE_MS:
            return message_json(known[0], world)
    message = post(
        world,
        channel,
        world.bot,
        draft,
        kind=MessageKind.DEFAULT if replies_to is None else MessageKind.REPLY,
        replies_to=replies_to,
    )
    if nonce is not None:
        world.nonces[channel.id, str(nonce)] = (message, world.clock.now_ms())
    return message_json(message, world)


@routes.on("GET", _MESSAGE)
def show_message(call: Call) -> Json:
    channel = visible_channel(call)
    require(call, channel, Permissions.READ_MESSAGE_HISTORY)
    return readable_json(public_message(call, channel), call.world)


@routes.on("PATCH", _MESSAGE)
def edit_message(call: Call) -> Json:
    channel = visible_channel(call)
    message = public_message(call, channel)
    if message.author is not call.world.bot:
        raise Refusal(50005)
    require_unarchived(channel)
    draft = call.draft
    if channel.guild is not None:
        require(call, channel, draft.needs)
    draft.check(file_limit=channel.file_limit, new_layout=MessageFlags.COMPONENTS_V2 in message.flags)
    edit(call.world, message, draft)
    return message_json(message, call.world)


@routes.on("DELETE", _MESSAGE)
def delete_message(call: Call) -> None:
    channel = visible_channel(call)
    message = public_message(call, channel)
    if message.author is not call.world.bot:
        require(call, channel, Permissions.MANAGE_MESSAGES)
    require_unarchived(channel)
    delete(call.world, message)


@routes.on("POST", "/channels/{channel_id}/typing")
def type_in_channel(call: Call) -> None:
    require_sending(call, visible_channel(call), Permissions.NONE)


def _page(messages: list[Message], query: dict[str, str]) -> list[Message]:
    limit = min(_LARGEST_PAGE, max(1, int(query.get("limit", _PAGE))))
    newest_first = sorted(messages, key=lambda message: message.id, reverse=True)
    if "around" in query:
        middle, half = int(query["around"]), limit // 2
        later = [each for each in newest_first if each.id > middle][-half:]
        return [*later, *[each for each in newest_first if each.id <= middle][: limit - half]]
    if "before" in query:
        return [each for each in newest_first if each.id < int(query["before"])][:limit]
    if "after" in query:
        return [each for each in newest_first if each.id > int(query["after"])][-limit:]
    return newest_first[:limit]


def _replied_to(call: Call, channel: Channel) -> Message | None:
    reference = call.draft.body.get("message_reference")
    if not reference:
        return None
    if Permissions.READ_MESSAGE_HISTORY not in channel.allows(call.world.bot):
        raise Refusal(160002)
    message = channel.messages.get(int(reference["message_id"]))
    if message is None and reference.get("fail_if_not_exists", True):
        unknown = {"code": "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "message": "Unknown message"}
        raise Refusal(50035, errors={"message_reference": {"_errors": [unknown]}})
    return message
