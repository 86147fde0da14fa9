"""Who did something and where, as Slack's event says; a button or a text cannot change it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.events.payloads import ARRIVED_AT
from adapters.slack.places import (
    ADAPTER,
    RESPONSE_URL_MS,
    EventLocation,
    ReplyToken,
    is_direct,
    member_caller,
)
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Invocation, Place

Body = Mapping[str, Any]

#: other characters could change the meaning of the ids that the core stores
_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
#: in place of the names of private channels and direct messages
_UNNAMED = frozenset({"privategroup", "directmessage"})
#: subtypes of messages that people write
_PEOPLES_SUBTYPES = (None, "", "file_share", "thread_broadcast")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """An event with its caller, and what it brought to answer them."""

    body: Body
    caller: Caller
    #: Slack's ids of the caller
    team: str
    user: str
    #: the event's own id: the same event again does nothing twice
    key: str
    enterprise: str | None
    #: the bot's user in this workspace
    bot_user: str
    location: EventLocation
    #: the message of the event is visible to the caller only
    is_ephemeral: bool = False
    #: by the event loop's clock; the time to acknowledge counts from then
    arrived_at: float | None = None

    @classmethod
    def read(cls, body: Body, context: AsyncBoltContext, now: int) -> "EventContext":
        """Read an event; raises InvalidRequest where no person in a workspace caused it."""
        team, user = _own_team(context) or context.team_id, _user(body)
        if not (_is_id(team) and _is_id(user)):
            raise InvalidRequest("This does not work in this type of conversation")
        team, user = str(team), str(user)
        return cls(
            body=body,
            caller=member_caller(team, user, _name(body) or user),
            team=team,
            user=user,
            key=_key(body),
            enterprise=context.enterprise_id,
            bot_user=context.bot_user_id or "",
            location=_location(body, now),
            is_ephemeral=bool((body.get("container") or {}).get("is_ephemeral")),
            arrived_at=context.get(ARRIVED_AT),
        )

    @property
    def event(self) -> Body:
        """The inner event of an Events API payload."""
        return self.body.get("event") or {}

    @property
    def trigger_id(self) -> str:
        """Opens one modal within 3 s; empty where none can be opened."""
        return str(self.body.get("trigger_id") or "")

    @property
    def answers_in_ack(self) -> bool:
        """Whether the acknowledgement itself can carry an ephemeral answer."""
        return "command" in self.body

    @property
    def submitted_view(self) -> Body | None:
        """The modal that was submitted; None for all other events."""
        view: Body | None = self.body.get("view") if self.body.get("type") == "view_submission" else None
        return view

    @property
    def reply_token(self) -> ReplyToken:
        location = self.location
        return ReplyToken(
            enterprise=self.enterprise, response_url=location.response_url, until=location.until
        )

    def place(self) -> Place:
        """Where a card is posted that is asked for here."""
        channel = self.location.channel or f"@{self.caller.person}"
        direct = channel.startswith("@") or is_direct(channel)
        return Place(
            adapter=ADAPTER,
            workspace=self.caller.workspace,
            channel=channel,
            channel_name="" if direct else self.location.channel_name,
            thread=self.location.thread,
            # A workspace is shared by its members, direct messages are not.
            private=direct,
            direct=direct,
            reply_token=self.reply_token.dump(),
            channel_token=ReplyToken(enterprise=self.enterprise).dump(),
        )

    def invocation(self) -> Invocation:
        """What the core is told about this event."""
        return Invocation(caller=self.caller, place=self.place(), key=self.key)

    def at(self, location: EventLocation) -> "EventContext":
        """The same event at the place where its modal was opened."""
        return replace(self, location=location)

    def in_thread(self, thread: str) -> "EventContext":
        return self.at(self.location.model_copy(update={"thread": thread}))

    def in_direct_messages(self) -> "EventContext":
        """The same event in the caller's direct messages with the bot."""
        return self.at(self.location.model_copy(update={"channel": f"@{self.caller.person}", "thread": None}))


def is_written_by_person(message: Body) -> bool:
    """Whether a message event is the first of a message that a person wrote.

    Slack sends another event, with another id, when a message is edited, and events of messages by apps.
    """
    by_app = message.get("bot_id") or message.get("bot_profile")
    own = message.get("subtype") in _PEOPLES_SUBTYPES and not by_app
    return bool(message.get("user")) and own and not (message.get("edited") or message.get("hidden"))


def _own_team(context: AsyncBoltContext) -> str | None:
    """The workspace whose token is used; events of a channel shared by organisations may name another."""
    authorized = context.authorize_result
    if authorized is None or context.is_enterprise_install:
        return None
    return authorized.team_id if str(authorized.team_id or "").startswith("T") else None


def _user(body: Body) -> Any:
    """The user who did it; never the author of the message that it was done to."""
    if "event" in body:
        return body["event"].get("user")
    user = body.get("user")
    return user.get("id") if isinstance(user, Mapping) else user or body.get("user_id")


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _key(body: Body) -> str:
    event = body.get("event") or {}
    if event.get("type") == "app_mention":
        # Slack may send several events, with different ids, for one message.
        message = event.get("channel"), event.get("ts")
        return "/".join(map(str, message)) if all(message) else ""
    if body.get("type") == "view_submission":
        return str((body.get("view") or {}).get("id") or "")
    return str(body.get("event_id") or body.get("trigger_id") or "")


def _name(body: Body) -> str:
    user = body.get("user")
    known = user if isinstance(user, Mapping) else {}
    return str(body.get("user_name") or known.get("name") or known.get("username") or "")


def _location(body: Body, now: int) -> EventLocation:
    event = body.get("event") or {}
    item = event.get("item") or {}
    channel = body.get("channel") or event.get("channel") or item.get("channel")
    channel_id = channel.get("id") if isinstance(channel, Mapping) else channel
    url = body.get("response_url")
    return EventLocation(
        channel=str(body.get("channel_id") or channel_id or ""),
        channel_name=_channel_name(body, channel),
        thread=_thread(body),
        response_url=url,
        until=now + RESPONSE_URL_MS if url else 0,
    )


def _channel_name(body: Body, channel: Any) -> str:
    """The channel's name; empty where the event has none, or what Slack writes in its place."""
    name = body.get("channel_name") or (channel.get("name") if isinstance(channel, Mapping) else None)
    return name if isinstance(name, str) and name not in _UNNAMED else ""


def _thread(body: Body) -> str | None:
    """The thread of the event; a message that only starts a thread is in its channel."""
    container, message = body.get("container") or {}, body.get("message") or body.get("event") or {}
    ts = container.get("message_ts") or message.get("ts")
    thread = container.get("thread_ts") or message.get("thread_ts")
    return str(thread) if thread and thread != ts else None
