"""Threads and forum posts."""

from tests.platforms.fake_discord.rest.access import public_message, require, visible_channel
from tests.platforms.fake_discord.rest.routing import Call, Created, Routes
from tests.platforms.fake_discord.rules.drafts import Draft
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.rules.refusals import FormErrors, Refusal
from tests.platforms.fake_discord.state.message_payloads import message_json
from tests.platforms.fake_discord.state.payloads import Json, channel_json
from tests.platforms.fake_discord.state.places import Channel, Kind
from tests.platforms.fake_discord.state.threads import change_thread, open_thread
from tests.platforms.fake_discord.state.writing import post

routes = Routes()


@routes.on("POST", "/channels/{channel_id}/threads")
def create_thread(call: Call) -> Created:
    """Open a thread; in a forum it begins with its first message."""
    channel = visible_channel(call)
    if channel.kind is Kind.FORUM:
        return _open_post(call, channel)
    kind = Kind(call.body.get("type") or Kind.PRIVATE_THREAD)
    private = kind is Kind.PRIVATE_THREAD
    require(
        call,
        channel,
        Permissions.CREATE_PRIVATE_THREADS if private else Permissions.CREATE_PUBLIC_THREADS,
    )
    _check_name(call)
    return Created(body=channel_json(open_thread(call.world, channel, call.body["name"], kind=kind)))


@routes.on("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def create_thread_from_message(call: Call) -> Created:
    channel = visible_channel(call)
    require(call, channel, Permissions.CREATE_PUBLIC_THREADS)
    message = public_message(call, channel)
    _check_name(call)
    thread = open_thread(call.world, channel, call.body["name"], thread_id=message.id)
    return Created(body=channel_json(thread))


@routes.on("PATCH", "/channels/{channel_id}")
def change_channel(call: Call) -> Json:
    """Archive, lock or rename a thread; other channels are the people's to change."""
    channel = visible_channel(call)
    if not channel.is_thread:
        require(call, channel, Permissions.MANAGE_CHANNELS)
        raise Refusal(50024)
    if channel.owner is not call.world.bot or "locked" in call.body:
        require(call, channel, Permissions.MANAGE_THREADS)
    change_thread(call.world, channel, **_wanted(call))
    return channel_json(channel)


@routes.on("PUT", "/channels/{channel_id}/thread-members/@me")
def join_thread(call: Call) -> None:
    visible_channel(call).joined.add(call.world.bot.id)


@routes.on("DELETE", "/channels/{channel_id}/thread-members/@me")
def leave_thread(call: Call) -> None:
    visible_channel(call).joined.discard(call.world.bot.id)


def _open_post(call: Call, forum: Channel) -> Created:
    draft = Draft(body=call.body.get("message") or {}, uploads=call.uploads)
    require(call, forum, Permissions.SEND_MESSAGES | draft.needs)
    _check_name(call)
    draft.check(file_limit=forum.file_limit)
    if draft.is_empty:
        raise Refusal(50006)
    thread = open_thread(call.world, forum, call.body["name"])
    first = post(call.world, thread, call.world.bot, draft)
    return Created(body=channel_json(thread) | {"message": message_json(first, call.world)})


def _check_name(call: Call) -> None:
    errors = FormErrors()
    errors.length(("name",), str(call.body.get("name") or ""), least=1, most=100)
    errors.settle()


def _wanted(call: Call) -> dict[str, bool]:
    return {key: bool(call.body[key]) for key in ("archived", "locked") if key in call.body}
