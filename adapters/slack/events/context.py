"""Who does something and where, as Slack's own event says; nothing in a button or a text can change it.

A modal has no channel: where it was opened is stored in it as an `EventLocation` that only the app can read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.delivery.response_url import RESPONSE_URL_MS, ReplyToken
from adapters.slack.delivery.routes import is_direct
from adapters.slack.events.payloads import ARRIVED
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Place

ADAPTER = "slack"

Body = Mapping[str, Any]

#: what ids are made of; nothing else may get into the ids that the core keeps
_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What Slack has sent, and whom bolt has read it to be about."""

    body: Body
    team: str
    enterprise: str | None
    user: str
    #: the bot's own user in that workspace
    me: str

    #: when it came in, by the event loop's clock; what answers it counts from then
    arrived: float | None = None

    @classmethod
    def of(cls, body: Body, context: AsyncBoltContext) -> "Event":
        """Raises InvalidRequest for what nobody has done in a workspace."""
        team, user = _home(context) or context.team_id, _user(body)
        if not (_is_id(team) and _is_id(user)):
            raise InvalidRequest("This does not work in a place of this kind")
        return cls(
            body=body,
            team=str(team),
            enterprise=context.enterprise_id,
            user=str(user),
            me=context.bot_user_id or "",
            arrived=context.get(ARRIVED),
        )


class EventLocation(BaseModel):
    """Where a form was opened, and how whoever fills it in can be answered."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: empty where the form itself asks for a conversation
    channel: str = ""
    thread: str | None = None
    response_url: str | None = Field(default=None, repr=False)
    #: when the response_url ends, in milliseconds UTC
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """Somebody at a place, with what the event brought for answering them."""

    caller: Caller
    #: the event's own id: the same one again makes nothing twice
    key: str
    enterprise: str | None
    spot: EventLocation
    #: opens one form within 3 s; empty where none can be opened
    trigger: str = ""
    #: the acknowledgement itself may carry an answer that the caller alone sees
    carries: bool = False
    #: the event's message is seen by the caller alone
    hidden: bool = False
    #: as the event's
    arrived: float | None = None

    @property
    def team(self) -> str:
        return self.caller.person.split(":")[1]

    @property
    def user(self) -> str:
        """The caller's id at Slack."""
        return self.caller.person.rpartition(":")[2]

    @property
    def reach(self) -> ReplyToken:
        return ReplyToken(
            enterprise=self.enterprise, response_url=self.spot.response_url, until=self.spot.until
        )

    def place(self, *, private: bool = False) -> Place:
        """Where a card goes that is asked for from here."""
        channel = self.spot.channel or f"@{self.caller.person}"
        direct = channel.startswith("@") or is_direct(channel)
        return Place(
            adapter=ADAPTER,
            workspace=self.caller.workspace,
            channel=channel,
            thread=self.spot.thread,
            # Everybody in a team shares its workspace, but not what is asked for in direct messages.
            private=private or direct,
            direct=direct,
            reply_token=self.reach.write(),
        )

    def direct(self) -> "EventContext":
        """The same person in their direct messages with the bot."""
        return replace(
            self, spot=self.spot.model_copy(update={"channel": f"@{self.caller.person}", "thread": None})
        )


def seat_of(event: Event, now: int, spot: EventLocation | None = None) -> EventContext:
    """Read the seat of whoever has done this; with `spot`, of somebody who uses a form.

    Whether they are an admin nothing says here, so nobody is.
    """
    body = event.body
    workspace = f"{ADAPTER}:{event.team}"
    member = f"{workspace}:{event.user}"
    return EventContext(
        caller=Caller(workspace=workspace, person=member, member=member, name=_name(body) or event.user),
        key=_key(body),
        enterprise=event.enterprise,
        spot=spot or _spot(body, now),
        trigger=str(body.get("trigger_id") or ""),
        carries="command" in body,
        hidden=bool((body.get("container") or {}).get("is_ephemeral")),
        arrived=event.arrived,
    )


def is_written_by_person(told: Body) -> bool:
    """Whether an event about a message is the first of one that a person has written themselves.

    Slack tells of a message again when it is edited, with an id of its own, and of what apps write.
    """
    apps = told.get("bot_id") or told.get("bot_profile") or told.get("subtype") not in _WRITTEN
    return bool(told.get("user")) and not (apps or told.get("edited") or told.get("hidden"))


#: subtypes of messages that people write
_WRITTEN = (None, "", "file_share", "thread_broadcast")


def _home(context: AsyncBoltContext) -> str | None:
    """The workspace whose token is used; in a channel that organisations share, events may name another."""
    known = context.authorize_result
    if known is None or context.is_enterprise_install or not str(known.team_id or "").startswith("T"):
        return None
    return known.team_id


def _user(body: Body) -> Any:
    """Who has done it; never whoever has written the message that it was done to."""
    if "event" in body:
        return body["event"].get("user")
    user = body.get("user")
    return user.get("id") if isinstance(user, Mapping) else user or body.get("user_id")


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _key(body: Body) -> str:
    told = body.get("event") or {}
    if told.get("type") == "app_mention":
        # Slack may tell of one message several times, each time as another event.
        named = told.get("channel"), told.get("ts")
        return "/".join(map(str, named)) if all(named) else ""
    if body.get("type") == "view_submission":
        return str((body.get("view") or {}).get("id") or "")
    return str(body.get("event_id") or body.get("trigger_id") or "")


def _name(body: Body) -> str:
    user = body.get("user")
    told = user if isinstance(user, Mapping) else {}
    return str(body.get("user_name") or told.get("name") or told.get("username") or "")


def _spot(body: Body, now: int) -> EventLocation:
    inner = body.get("event") or {}
    item = inner.get("item") or {}
    channel = body.get("channel_id") or _id(
        body.get("channel") or inner.get("channel") or item.get("channel")
    )
    url = body.get("response_url")
    return EventLocation(
        channel=str(channel or ""),
        thread=_thread(body),
        response_url=url,
        until=now + RESPONSE_URL_MS if url else 0,
    )


def _id(channel: Any) -> Any:
    return channel.get("id") if isinstance(channel, Mapping) else channel


def _thread(body: Body) -> str | None:
    """The thread in which it happened; a message that only begins one stands in its channel."""
    container, message = body.get("container") or {}, body.get("message") or body.get("event") or {}
    ts = container.get("message_ts") or message.get("ts")
    thread = container.get("thread_ts") or message.get("thread_ts")
    return str(thread) if thread and thread != ts else None
