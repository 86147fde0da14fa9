"""Messages with the bot token."""

from tests.platforms.fake_slack.methods.routing import Call, Methods, Tier
from tests.platforms.fake_slack.rules.blocks import FileCheck
from tests.platforms.fake_slack.rules.drafts import Draft
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.files import File, Stage
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.payloads import message_json
from tests.platforms.fake_slack.state.places import Channel, Kind, User
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.state.writing import delete, edit, post

methods = Methods()


@methods.on("chat.postMessage", Tier.SPECIAL, scope="chat:write")
def post_message(call: Call) -> Json:
    channel = _place(call)
    if call.bot not in channel.members:
        assert call.token is not None
        if "chat:write.public" not in call.token.scopes:
            raise Refusal("not_in_channel")
    _must_take_messages(call, channel)
    draft = _draft(call)
    draft.check(shows=shows(call.world, call.bot))
    message = post(
        call.world,
        channel,
        call.bot,
        draft,
        thread_ts=_thread(call, channel),
        broadcast=call.flag("reply_broadcast"),
    )
    return _told(call.world, message)


@methods.on("chat.postEphemeral", Tier.FOUR, scope="chat:write")
def post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    if channel.archived:
        raise Refusal("is_archived")
    if call.bot not in channel.members:
        raise Refusal("not_in_channel")
    user = call.world.users.get(call.text("user"))
    if user is None or user not in channel.members:
        raise Refusal("user_not_in_channel")
    draft = _draft(call)
    draft.check(shows=shows(call.world, call.bot))
    message = post(call.world, channel, call.bot, draft, thread_ts=_thread(call, channel), only_for=user)
    return {"message_ts": message.ts}


@methods.on("chat.update", Tier.THREE, scope="chat:write")
def update(call: Call) -> Json:
    message = _own(call, "cant_update_message")
    if message.channel.archived:
        raise Refusal("is_inactive")
    draft = _draft(call)
    draft.check(shows=shows(call.world, call.bot))
    edit(call.world, message, draft)
    return {**_told(call.world, message), "text": message.text}


@methods.on("chat.delete", Tier.THREE, scope="chat:write")
def delete_message(call: Call) -> Json:
    message = _own(call, "cant_delete_message")
    delete(call.world, message)
    return {"channel": message.channel.id, "ts": message.ts}


def shows(world: World, viewer: User) -> FileCheck:
    """Make the check of pictures in blocks: whose they are, what they are, and whether that is known yet."""

    def check(named: Json) -> str | None:
        if ("id" in named) == ("url" in named):
            return "provide either id or url"
        file = _file(world, named)
        if file is None or not file.visible_to(viewer) or not file.can_be_shown:
            return "invalid slack file"
        return None

    return check


def draft_of(body: Json) -> Draft:
    """Read a message from a body whose structures have been read already."""
    blocks = body.get("blocks")
    if blocks is not None and not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    unfurl = {str(key): bool(body[key]) for key in ("unfurl_links", "unfurl_media") if key in body}
    return Draft(
        text=body.get("text"),
        blocks=blocks,
        metadata=body.get("metadata"),
        attachments=body.get("attachments"),
        unfurl=unfurl,
    )


def _draft(call: Call) -> Draft:
    body: Json = {"text": call.option("text")} if "text" in call.arguments else {}
    wrong = {
        "blocks": "invalid_blocks_format",
        "metadata": "invalid_metadata_format",
        "attachments": "invalid_attachments",
    }
    for name, error in wrong.items():
        if name in call.arguments:
            body[name] = call.structure(name, error)
    for name in ("unfurl_links", "unfurl_media"):
        if name in call.arguments:
            body[name] = call.flag(name)
    return draft_of(body)


def _place(call: Call) -> Channel:
    """Find the channel, or the direct messages with the person who is named in its place."""
    named = call.text("channel")
    user = call.world.users.get(named)
    if user is not None and call.installation.covers(user.team) and not user.is_bot:
        return call.world.direct_channel(user)
    channel = call.channel()
    if channel.archived:
        raise Refusal("is_archived")
    return channel


def _must_take_messages(call: Call, channel: Channel) -> None:
    if channel.kind is Kind.DIRECT:
        if channel.other.deleted:
            raise Refusal("is_inactive")
        if not call.world.app.manifest.takes_messages:
            raise Refusal("messages_tab_disabled")


def _thread(call: Call, channel: Channel) -> str | None:
    """Return the thread's stamp; where nothing stands at it any more the service posts all the same."""
    thread_ts = call.option("thread_ts")
    first = channel.messages.get(thread_ts or "")
    return thread_ts if first is None else first.thread_ts or first.ts


def _own(call: Call, refused: str) -> Message:
    message = call.channel().messages.get(call.text("ts"))
    if message is None or message.ephemeral:
        raise Refusal("message_not_found")
    if message.author is not call.bot:
        raise Refusal(refused)
    return message


def _told(world: World, message: Message) -> Json:
    shown = message_json(message, world, with_metadata=True)
    return {"channel": message.channel.id, "ts": message.ts, "message": shown}


def _file(world: World, named: Json) -> File | None:
    if "id" in named:
        found = world.files.get(named["id"])
    else:
        found = next((file for file in world.files.values() if file.id in str(named["url"])), None)
    return None if found is None or found.stage is Stage.DELETED else found
