"""Creates, edits and deletes messages, with their events."""

import io
import mimetypes
from typing import Any

from PIL import Image

from tests.platforms.fake_discord.rules.components import SELECTS
from tests.platforms.fake_discord.rules.drafts import Draft, Upload
from tests.platforms.fake_discord.rules.mentions import named, notified
from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.events import Event
from tests.platforms.fake_discord.state.interactions import Interaction
from tests.platforms.fake_discord.state.message_payloads import message_event
from tests.platforms.fake_discord.state.messages import Attachment, Message, MessageFlags, MessageKind
from tests.platforms.fake_discord.state.places import Channel, User
from tests.platforms.fake_discord.state.threads import change_thread
from tests.platforms.fake_discord.state.world import World

#: what a sender may set and an edit may change
_SETTABLE = MessageFlags.SUPPRESS_EMBEDS | MessageFlags.SUPPRESS_NOTIFICATIONS | MessageFlags.COMPONENTS_V2


def post(
    world: World,
    channel: Channel,
    author: User,
    draft: Draft,
    *,
    kind: MessageKind = MessageKind.DEFAULT,
    interaction: Interaction | None = None,
    replies_to: Message | None = None,
    only_for: User | None = None,
    loading: bool = False,
) -> Message:
    """Post a checked draft and tell the bot of it unless one person alone sees it."""
    message = Message(
        id=world.ids.take(),
        channel=channel,
        author=author,
        created_ms=world.clock.now_ms(),
        kind=kind,
        flags=draft.flags & _SETTABLE,
        nonce=draft.body.get("nonce"),
        interaction=interaction,
        replies_to=replies_to,
        only_for=only_for,
    )
    if only_for is not None:
        message.flags |= MessageFlags.EPHEMERAL
    if loading:
        message.flags |= MessageFlags.LOADING
    _write(world, message, draft)
    message.pings = notified(message, draft.body.get("allowed_mentions"), world)
    channel.messages[message.id] = message
    if channel.archived:
        change_thread(world, channel, archived=False)
    _announce(world, "MESSAGE_CREATE", message)
    return message


def edit(world: World, message: Message, draft: Draft) -> None:
    """Change what the draft names and leave the rest; nobody is notified anew, but for a first answer."""
    first_answer = message.loading
    if not first_answer:
        message.keep_revision(world.clock.now_ms())
        message.edited_ms = world.clock.now_ms()
    _write(world, message, draft)
    if first_answer:
        message.pings = notified(message, draft.body.get("allowed_mentions"), world)
    if "flags" in draft.body:
        message.flags = message.flags & ~MessageFlags.SUPPRESS_EMBEDS | draft.flags & _SETTABLE
    message.flags &= ~MessageFlags.LOADING
    _announce(world, "MESSAGE_UPDATE", message)


def delete(world: World, message: Message) -> None:
    message.deleted = True
    message.channel.messages.pop(message.id, None)
    for attachment in message.attachments:
        world.files.drop(attachment)
    if message.only_for is not None:
        world.changes.notify()
        return
    guild = message.channel.guild
    data = {"id": str(message.id), "channel_id": str(message.channel.id)}
    if guild is not None:
        data["guild_id"] = str(guild.id)
    world.announce(Event(name="MESSAGE_DELETE", data=data, guild_id=None if guild is None else guild.id))


def attach(
    world: World,
    channel_id: int,
    upload: Upload,
    *,
    filename: str | None = None,
    description: str | None = None,
    ephemeral: bool = False,
) -> Attachment:
    """Store a file and look at it as the service does."""
    name = filename or upload.filename
    size = _picture_size(upload.content)
    attachment = Attachment(
        id=world.ids.take(),
        channel_id=channel_id,
        filename=name,
        content=upload.content,
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        description=description,
        width=size[0] if size else None,
        height=size[1] if size else None,
        ephemeral=ephemeral,
    )
    world.files.keep(attachment)
    return attachment


def _write(world: World, message: Message, draft: Draft) -> None:
    body = draft.body
    if "content" in body:
        message.content = body["content"] or ""
        message.mentioned = named(message.content, world)
    if "components" in body:
        message.components = _numbered(body["components"] or [])
    files = _files_after(world, message, draft)
    if "embeds" in body:
        message.embeds = body["embeds"] or []
        wanted = {name for embed in message.embeds for name in _attachments_of(embed)}
        known = {**message.embedded, **{each.filename: each for each in [*message.attachments, *files]}}
        message.embedded = {name: known[name] for name in wanted if name in known}
    message.attachments = [each for each in files if each not in message.embedded.values()]


def _files_after(world: World, message: Message, draft: Draft) -> list[Attachment]:
    """Return the files in the order of the list; without a list the new ones follow the old ones."""
    listed = draft.body.get("attachments")
    before = {str(each.id): each for each in [*message.attachments, *message.embedded.values()]}
    place = message.channel.id
    ephemeral = message.ephemeral
    if listed is None:
        new = [attach(world, place, upload, ephemeral=ephemeral) for upload in draft.uploads.values()]
        return [*message.attachments, *new]
    after: list[Attachment] = []
    for entry in listed:
        upload = draft.uploads.get(int(entry["id"]))
        if upload is not None:
            more = {"filename": entry.get("filename"), "description": entry.get("description")}
            after.append(attach(world, place, upload, ephemeral=ephemeral, **more))
        elif str(entry["id"]) in before:
            after.append(before[str(entry["id"])])
        else:
            raise Refusal(50035, errors={"attachments": {"_errors": [_NOT_THERE]}})
    return after


_NOT_THERE = {"code": "ATTACHMENT_NOT_FOUND", "message": "Attachment not found"}


def _attachments_of(embed: dict[str, Any]) -> list[str]:
    urls = [str((embed.get(slot) or {}).get("url") or "") for slot in ("image", "thumbnail", "video")]
    return [url.removeprefix("attachment://") for url in urls if url.startswith("attachment://")]


def _numbered(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each component the number that the service gives where the sender gave none."""
    count = 0

    def number(component: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        count += 1
        own = {"id": component.get("id") or count, **_said(component)}
        if component.get("type") in SELECTS:
            own = {"min_values": 1, "max_values": 1, **own}
        if "components" in component:
            own["components"] = [number(inner) for inner in component["components"]]
        for slot in ("accessory", "component"):
            if isinstance(component.get(slot), dict):
                own[slot] = number(component[slot])
        return own

    return [number(component) for component in components]


def _said(component: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _said(value) if isinstance(value, dict) else value
        for key, value in component.items()
        if value is not None
    }


def _announce(world: World, name: str, message: Message) -> None:
    if message.only_for is None:
        world.announce(message_event(name, message, world))
    else:
        world.changes.notify()


def _picture_size(content: bytes) -> tuple[int, int] | None:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.size
    except (OSError, ValueError, Warning, Image.DecompressionBombError):
        return None
