"""Posts, edits and deletes messages, adds reactions and processes files."""

import secrets

from tests.platforms.fake_slack.rules.drafts import Draft
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.events import (
    announce,
    announce_changed,
    announce_deleted,
    announce_mention,
    announce_message,
    announce_reaction,
)
from tests.platforms.fake_slack.state.files import File, Stage
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.payloads import message_json
from tests.platforms.fake_slack.state.places import Channel, User
from tests.platforms.fake_slack.state.world import World

#: different reactions to one message
_REACTIONS = 23


def post(
    world: World,
    channel: Channel,
    author: User,
    draft: Draft,
    *,
    thread_ts: str | None = None,
    broadcast: bool = False,
    only_for: User | None = None,
    files: list[File] | None = None,
    attachments: list[Json] | None = None,
) -> Message:
    """Post a checked draft; a thread begins with the first answer to a message."""
    message = Message(
        ts=world.stamps.take(),
        channel=channel,
        author=author,
        text=draft.text or "",
        blocks=numbered(draft.blocks or []),
        metadata=draft.metadata or None,
        thread_ts=thread_ts,
        broadcast=broadcast,
        files=files or [],
        attachments=attachments or [],
        unfurl=draft.unfurl,
        only_for=only_for,
    )
    first = channel.messages.get(thread_ts) if thread_ts is not None else None
    if first is not None and only_for is None:
        # An answer to an answer joins the thread that this is in.
        message.thread_ts = first.thread_ts = first.thread_ts or first.ts
    channel.messages[message.ts] = message
    announce_message(world, message)
    return message


def edit(world: World, message: Message, draft: Draft) -> None:
    """Change what the draft names and leave the rest."""
    message.keep_revision()
    previous = message_json(message, world)
    if draft.text is not None:
        message.text = draft.text
    if draft.blocks is not None:
        message.blocks = numbered(draft.blocks)
    if draft.metadata is not None:
        message.metadata = draft.metadata or None
    message.edited_ts = world.stamps.take()
    announce_changed(world, message, previous)
    announce_mention(world, message)


def delete(world: World, message: Message) -> None:
    message.deleted = True
    message.channel.messages.pop(message.ts, None)
    for file in message.files:
        file.shares = [share for share in file.shares if share is not message]
    announce_deleted(world, message)


def react(world: World, message: Message, user: User, name: str) -> None:
    users = message.reactions.setdefault(name, [])
    if user in users:
        raise Refusal("already_reacted")
    if len(message.reactions) > _REACTIONS:
        del message.reactions[name]
        raise Refusal("too_many_emoji")
    users.append(user)
    announce_reaction(world, message, user, name, added=True)


def unreact(world: World, message: Message, user: User, name: str) -> None:
    users = message.reactions.get(name, [])
    if user not in users:
        raise Refusal("no_reaction")
    users.remove(user)
    if not users:
        del message.reactions[name]
    announce_reaction(world, message, user, name, added=False)


def share(
    world: World, file: File, channel: Channel, *, thread_ts: str | None = None, comment: str = ""
) -> None:
    """Post a file that the service has looked at."""
    message = post(world, channel, file.owner, Draft(text=comment), thread_ts=thread_ts, files=[file])
    file.shares.append(message)
    world.changes.notify()


def process(
    world: World, file: File, then_share: Channel | None, thread_ts: str | None, comment: str
) -> None:
    """Look at a completed file in the service's own time, and share it after that."""
    file.stage = Stage.PROCESSING
    if then_share is not None and world.never_shared:
        world.never_shared -= 1
        then_share = None

    def look() -> None:
        if file.stage is not Stage.PROCESSING:
            return
        file.stage = Stage.READY
        if then_share is not None and file.alt_text is None:
            share(world, file, then_share, thread_ts=thread_ts, comment=comment)
        world.changes.notify()

    if world.processing_s is not None:
        world.later(world.processing_s, look)


def drop(world: World, file: File) -> None:
    file.stage = Stage.DELETED
    file.content = b""
    announce(world, file.team, {"type": "file_deleted", "file_id": file.id, "event_ts": world.stamps.take()})


def numbered(blocks: list[Json]) -> list[Json]:
    """Give each block the name that the service gives where the sender gave none."""
    return [{"block_id": secrets.token_urlsafe(4), **block} for block in blocks]
