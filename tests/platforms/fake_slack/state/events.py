"""Sends events to the apps that are installed and subscribed."""

import secrets

from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.apps import Installation
from tests.platforms.fake_slack.state.deliveries import Delivery, DeliveryKind
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.payloads import message_json
from tests.platforms.fake_slack.state.places import Channel, Kind, Team, User
from tests.platforms.fake_slack.state.world import World

#: channels of this kind → the event's name in a manifest
_MESSAGES = {Kind.PUBLIC: "message.channels", Kind.PRIVATE: "message.groups", Kind.DIRECT: "message.im"}


def announce(
    world: World, team: Team, event: Json, *, subscribed: str | None = None, shared: Channel | None = None
) -> Delivery | None:
    """Send an event where the app has subscribed to it; nothing comes of it elsewhere."""
    installation = team.installation
    name = subscribed or event["type"]
    if installation is None or name not in world.app.manifest.events:
        world.changes.notify()
        return None
    return world.deliver(
        Delivery(
            kind=DeliveryKind.EVENT,
            name=name,
            payload=_wrapped(world, team, installation, event)
            | {"is_ext_shared_channel": shared is not None and shared.is_shared},
            created_ms=world.clock.now_ms(),
            url=world.app.manifest.events_url,
            settle=lambda _: None,
        )
    )


def announce_message(world: World, message: Message) -> None:
    """Tell the app of what was written where it listens, and of its own name in it."""
    channel, author = message.channel, message.author
    if not _listens(world, message):
        return
    event = {**message_json(message, world), "channel": channel.id, "event_ts": message.ts}
    event.pop("upload", None)
    if message.files and not author.is_bot:
        event["subtype"] = "file_share"
    announce_mention(world, message)
    announce(
        world,
        channel.team,
        {**event, "channel_type": channel.kind.value},
        subscribed=_MESSAGES[channel.kind],
    )
    for file in message.files:
        shared: Json = {"file_id": file.id, "file": {"id": file.id}, "user_id": author.id}
        where = {"channel_id": channel.id, "event_ts": message.ts}
        announce(world, channel.team, {"type": "file_shared", **shared, **where})


def announce_mention(world: World, message: Message) -> None:
    """Tell the app of its name in a message, new or edited; it is told of what other apps write too."""
    channel, author = message.channel, message.author
    mentioned = channel.team.installation is not None and f"<@{channel.team.bot.id}>" in message.text
    if not (mentioned and _listens(world, message)) or channel.kind is Kind.DIRECT or author.is_bot:
        return
    told = message_json(message, world)
    left_out = ("parent_user_id", "upload", "reactions", *(() if author.is_webhook else ("subtype",)))
    event = {key: value for key, value in told.items() if key not in left_out}
    stamp = message.edited_ts or message.ts
    mention = {**event, "channel": channel.id, "event_ts": stamp, "type": "app_mention"}
    announce(world, channel.team, mention, shared=channel)


def announce_changed(world: World, message: Message, previous: Json) -> None:
    changed = {"message": _inner(message_json(message, world), message.channel)}
    _announce_hidden(world, message, "message_changed", changed, previous)


def announce_deleted(world: World, message: Message) -> None:
    _announce_hidden(
        world, message, "message_deleted", {"deleted_ts": message.ts}, message_json(message, world)
    )


def _announce_hidden(world: World, message: Message, subtype: str, told: Json, previous: Json) -> None:
    """Tell what became of a message that is there already."""
    channel = message.channel
    if not _listens(world, message):
        return
    ts = world.stamps.take()
    event = {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.kind.value,
        "ts": ts,
        "event_ts": ts,
        **told,
        "previous_message": _inner(previous, channel),
    }
    announce(world, channel.team, event, subscribed=_MESSAGES[channel.kind])


def announce_reaction(world: World, message: Message, user: User, name: str, *, added: bool) -> None:
    channel = message.channel
    if not _listens(world, message):
        return
    event = {
        "type": "reaction_added" if added else "reaction_removed",
        "user": user.id,
        "reaction": name,
        "item_user": message.author.id,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "event_ts": world.stamps.take(),
    }
    announce(world, channel.team, event, shared=channel)


def announce_archived(world: World, channel: Channel, user: User) -> None:
    if channel.team.installation is None or channel.team.bot not in channel.members:
        return
    name = "channel_archive" if channel.kind is Kind.PUBLIC else "group_archive"
    event = {"type": name, "channel": channel.id, "user": user.id, "event_ts": world.stamps.take()}
    announce(world, channel.team, event)


def _listens(world: World, message: Message) -> bool:
    """Whether the app hears of this message: everybody sees it, and the bot is there."""
    channel = message.channel
    installed = channel.team.installation is not None
    heard = installed and not message.ephemeral and channel.team.bot in channel.members
    if not heard:
        world.changes.notify()
    return heard


def _inner(told: Json, channel: Channel) -> Json:
    """Return a message as it stands inside of an event about it."""
    return {**told, "channel": channel.id, "channel_type": channel.kind.value, "event_ts": told["ts"]}


def _wrapped(world: World, team: Team, installation: Installation, event: Json) -> Json:
    organisation = team.enterprise
    enterprise_id = None if organisation is None else organisation.id
    whole = installation.team is None
    return {
        "token": world.app.verification_token,
        "team_id": team.id,
        "enterprise_id": enterprise_id,
        "context_team_id": None if whole else team.id,
        "context_enterprise_id": enterprise_id,
        "api_app_id": world.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": world.clock.now_ms() // 1000,
        "authorizations": [
            {
                "enterprise_id": enterprise_id,
                # An organisation's app is not told in which of its workspaces it was.
                "team_id": None if whole else team.id,
                "user_id": installation.bot.id,
                "is_bot": True,
                "is_enterprise_install": whole,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": secrets.token_urlsafe(24),
    }
