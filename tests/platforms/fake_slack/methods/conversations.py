"""Channels: membership and history."""

from tests.platforms.fake_slack.methods.routing import Call, Methods, Tier, page
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.payloads import channel_json, message_json
from tests.platforms.fake_slack.state.places import Channel

methods = Methods()

_PAGE, _LARGEST_PAGE = 100, 999
#: messages a page, for apps in many workspaces outside of the service's own directory
_SMALL_PAGE = 15


@methods.on("conversations.open", Tier.THREE)
def open_direct(call: Call) -> Json:
    call.require("im:write")
    users = call.text("users").split(",")
    if len(users) > 1:
        raise Refusal("missing_scope", needed="mpim:write", provided="")
    user = call.world.user(users[0])
    if not call.installation.covers(user.team):
        raise Refusal("user_not_found")
    if user.deleted:
        raise Refusal("user_disabled")
    if user.is_bot:
        raise Refusal("cannot_dm_bot")
    channel = call.world.direct_channel(user)
    return {"channel": {"id": channel.id}}


@methods.on("conversations.info", Tier.THREE)
def info(call: Call) -> Json:
    channel = _seen(call, "read")
    return {"channel": channel_json(channel, call.bot)}


@methods.on("conversations.members", Tier.FOUR)
def members(call: Call) -> Json:
    channel = _seen(call, "read")
    found: list[Json] = [{"id": user.id} for user in channel.members]
    shown, metadata = page(call, found, default=100, most=1000)
    return {"members": [each["id"] for each in shown], "response_metadata": metadata}


@methods.on("conversations.history", Tier.THREE)
def history(call: Call) -> Json:
    """Answer the newest first; a thread's answers are not among them."""
    channel = _readable(call)
    lines = [each for each in channel.messages.values() if not each.in_thread or each.broadcast]
    return _answer(call, list(reversed(lines)))


@methods.on("conversations.replies", Tier.THREE)
def replies(call: Call) -> Json:
    """Answer the thread's first message and then its answers, the oldest first."""
    channel = _readable(call)
    named = channel.messages.get(call.text("ts"))
    if named is None or named.ephemeral:
        raise Refusal("thread_not_found")
    root = named.thread_ts or named.ts
    lines = [each for each in channel.messages.values() if root in (each.ts, each.thread_ts)]
    return _answer(call, lines)


def _answer(call: Call, lines: list[Message]) -> Json:
    oldest, latest = _stamp(call, "oldest", "0"), _stamp(call, "latest", "inf")
    inclusive = call.flag("inclusive")
    with_metadata = call.flag("include_all_metadata")
    within = [
        message_json(each, call.world, with_metadata=with_metadata)
        for each in lines
        if not each.ephemeral
        and (oldest < float(each.ts) < latest or (inclusive and float(each.ts) in (oldest, latest)))
    ]
    most = _SMALL_PAGE if call.world.app.is_distributed else _LARGEST_PAGE
    default = min(_PAGE, most)
    if call.number("limit", default) > most and call.world.app.is_distributed:
        call.arguments["limit"] = most
    shown, metadata = page(call, within, default=default, most=most)
    return {
        "messages": shown,
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def _stamp(call: Call, name: str, default: str) -> float:
    value = call.option(name)
    try:
        return float(value or default)
    except ValueError:
        raise Refusal(f"invalid_ts_{name}") from None


def _seen(call: Call, scope: str) -> Channel:
    channel = call.channel()
    call.require(f"{channel.kind.scopes}:{scope}")
    return channel


def _readable(call: Call) -> Channel:
    channel = _seen(call, "history")
    if call.bot not in channel.members:
        raise Refusal("not_in_channel")
    return channel
