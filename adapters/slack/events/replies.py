"""Answering: first the core commits, then Slack hears that its event was taken, then the person is told.

Cards are the outlet's to post; here people are told what concerns them alone. A slash command's answer goes
with its acknowledgement, everything else by the event's own address, else into the place, else directly.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog

from adapters.chat.notices import NoticeLimiter
from adapters.slack.delivery.publisher import CardPublisher
from adapters.slack.delivery.routes import is_direct
from adapters.slack.events.channel_membership import BotNotInChannel
from adapters.slack.events.command_form import field_errors
from adapters.slack.events.command_names import refusal_in_slack_wording, reply_in_slack_wording
from adapters.slack.events.context import EventContext
from adapters.slack.events.event_tasks import EventTasks
from adapters.slack.events.requests import NotAPerson
from adapters.slack.messages.cards import Payload
from adapters.slack.messages.mrkdwn import plain_text
from adapters.slack.messages.notes import render_refusal, render_reply
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.errors import DeliveryError, Refused, ServiceUnavailable, StoreError, TooManyRequests
from bot.service.replies import PrivateReply, Reply

_log = structlog.get_logger(__name__)

#: Slack waits 3 s for an acknowledgement; what has not committed by then is told afterwards
ACK_TIMEOUT_S = 2.0
#: the two ways out where the bot is absent
RETRY_HERE, SEND_DIRECTLY = "rw:here", "rw:directly"

Ask = Callable[[], Awaitable[Reply | None]]
#: what is wrong with a form, by its block
Faults = Callable[[Refused], Mapping[str, str]]
Outcome = Reply | Refused | None

_T = TypeVar("_T")


class Ack(Protocol):
    """bolt's way to acknowledge."""

    async def __call__(self, text: Any = "", *, response_action: Any = None, errors: Any = None) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    payload: Payload
    #: without the pictures in it, should Slack not show one of them
    bare: Payload | None = None


class Replies:
    """Acknowledges in time, and tells people what came of what they did."""

    def __init__(
        self,
        *,
        slack: WebApi,
        publisher: CardPublisher,
        hands: EventTasks,
        clock: Callable[[], int],
        patience_s: float = ACK_TIMEOUT_S,
    ) -> None:
        self._slack = slack
        self._publisher = publisher
        self.hands = hands
        self._clock = clock
        self._patience_s = patience_s
        self._notices = NoticeLimiter()

    async def answer(self, seat: EventContext, ask: Ask, ack: Ack, *, faults: Faults | None = None) -> None:
        """Ask the core, acknowledge, and tell; with `faults`, a form shows what is wrong with it."""
        asked = self.hands.start(outcome(ask, seat), f"ask {seat.key}")
        if not await self.hands.within(asked, self._left(seat)) or self._left(seat) <= 0:
            # What an acknowledgement says that comes too late nobody reads.
            await ack()
            self.hands.start(self._tell_late(seat, asked), f"tell {seat.key}")
            return
        came = asked.result()
        if faults is not None and isinstance(came, Refused) and not isinstance(came, BotNotInChannel):
            errors = faults(came)
            if errors:
                await ack(response_action="errors", errors=errors)
                return
        reply = await self._reply(came, seat)
        if reply is not None and seat.carries and reply.bare is None:
            await ack(_privately(reply.payload))
            return
        await ack()
        if reply is not None and not _is_repeated(came):
            self.hands.start(self._tell(seat, reply), f"tell {seat.key}")

    async def take(self, seat: EventContext, ask: Ask, *, silently: bool = False) -> None:
        """Ask for an event, which is acknowledged when this returns; `silently` only a refusal is told.

        Raises StoreError while nothing can be made durable: then Slack sends the event again.
        """
        asked = self.hands.start(_durably(ask, seat), f"ask {seat.key}")
        if await self.hands.within(asked, self._left(seat)):
            came = asked.result()
            if isinstance(came, StoreError):
                raise came
            self.hands.start(self._tell_came(seat, came, silently=silently), f"tell {seat.key}")
            return
        self.hands.start(self._tell_late(seat, asked, silently=silently), f"tell {seat.key}")

    async def refuse_form(
        self, seat: EventContext, refusal: Refused, ack: Ack, view: Mapping[str, Any]
    ) -> None:
        """Say in a form that was sent why it is not taken; where it has no field for that, privately."""

        async def ask() -> None:
            raise refusal

        await self.answer(seat, ask, ack, faults=partial(field_errors, view))

    async def refuse(self, seat: EventContext, refusal: Refused) -> None:
        await self._tell_came(seat, refusal)

    async def tell(self, seat: EventContext, payload: Payload, bare: Payload | None = None) -> None:
        """Tell somebody something that nobody else sees."""
        await self._tell(seat, _Reply(payload=payload, bare=bare))

    async def withdraw(self, seat: EventContext) -> None:
        """Take away the private message whose button was used; that it stays would not matter."""
        url = seat.reach.answers(self._clock())
        if url is None:
            return
        try:
            await self._slack.respond(url, {"delete_original": True})
        except (ApiError, DeliveryError) as error:
            _log.info("offer_not_withdrawn", key=seat.key, error=str(error))

    def _left(self, seat: EventContext) -> float:
        """Seconds in which Slack still waits; what came in while much was to do has waited already."""
        if seat.arrived is None:
            return self._patience_s
        return max(0.0, seat.arrived + self._patience_s - asyncio.get_running_loop().time())

    async def _tell_late(
        self, seat: EventContext, asked: Awaitable[Outcome | StoreError], *, silently: bool = False
    ) -> None:
        came = await asked
        await self._tell_came(
            seat, ServiceUnavailable() if isinstance(came, StoreError) else came, silently=silently
        )

    async def _tell_came(self, seat: EventContext, came: Outcome, *, silently: bool = False) -> None:
        asks = isinstance(came, PrivateReply) and bool(came.choices)
        if silently and not asks and not isinstance(came, Refused):
            return
        if isinstance(came, Refused) and not self._is_told(seat, came):
            return
        reply = await self._reply(came, seat)
        if reply is not None:
            await self._tell(seat, reply)

    def _is_told(self, seat: EventContext, refusal: Refused) -> bool:
        """Whether a refusal is told; where there is no address for answers it takes a message of its own."""
        if isinstance(refusal, BotNotInChannel) or seat.spot.response_url is not None:
            return not _is_repeated(refusal)
        return self._notices.allows(f"{seat.team}:{seat.user}", refusal, self._clock())

    async def _reply(self, came: Outcome, seat: EventContext) -> _Reply | None:
        match came:
            case NotAPerson():
                # Two bots that answer each other would never end.
                _log.info("bot_not_answered", key=seat.key, user=seat.user)
            case BotNotInChannel() as refusal:
                return _Reply(payload=_ways_out(refusal, seat.key))
            case Refused() as refusal:
                return _Reply(payload=render_refusal(refusal_in_slack_wording(refusal)))
            case PrivateReply() as note if len(note.views) == 1:
                bare = render_reply(note)
                shown = await self._publisher.results(note.views[0])
                if not (shown.pictures or shown.films):
                    return _Reply(payload=bare)
                return _Reply(payload=render_reply(note, shown=shown), bare=bare)
            case PrivateReply() as note:
                return _Reply(payload=render_reply(reply_in_slack_wording(note)))
        return None

    async def _tell(self, seat: EventContext, reply: _Reply) -> None:
        try:
            try:
                await self._send(seat, reply.payload)
            except (ApiError, DeliveryError):
                if reply.bare is None:
                    raise
                await self._send(seat, reply.bare)
        except (ApiError, DeliveryError) as error:
            _log.warning("answer_not_told", key=seat.key, error=str(error))

    async def _send(self, seat: EventContext, payload: Payload) -> None:
        url, spot = seat.reach.answers(self._clock()), seat.spot
        if url is not None:
            thread = {"thread_ts": spot.thread} if spot.thread else {}
            await self._slack.respond(url, _privately(payload) | {"replace_original": False} | thread)
            return
        if spot.channel and not spot.channel.startswith("@") and not is_direct(spot.channel):
            try:
                await self._call(
                    seat,
                    "chat.postEphemeral",
                    payload,
                    channel=spot.channel,
                    thread_ts=spot.thread,
                    user=seat.user,
                )
            except ApiError as refusal:
                _log.info("answer_comes_directly", key=seat.key, code=refusal.code)
            else:
                return
        said = await self._slack.call(
            "conversations.open", seat.team, enterprise=seat.enterprise, users=seat.user
        )
        await self._call(seat, "chat.postMessage", payload, channel=said["channel"]["id"])

    async def _call(self, seat: EventContext, method: str, payload: Payload, **where: Any) -> None:
        await self._slack.call(
            method, seat.team, enterprise=seat.enterprise, text=payload.text, blocks=payload.blocks, **where
        )


async def outcome(ask: Callable[[], Awaitable[_T]], seat: EventContext) -> _T | Refused:
    """What came of asking, whatever has gone wrong."""
    try:
        return await ask()
    except Refused as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001 - the person is told, and the bot goes on
        _log.warning("question_failed", key=seat.key, error=repr(error))
        return ServiceUnavailable()


async def _durably(ask: Ask, seat: EventContext) -> Outcome | StoreError:
    """The same, where trouble of the store is worth another try by Slack."""

    async def asked() -> Reply | StoreError | None:
        try:
            return await ask()
        except StoreError as error:
            return error

    return await outcome(asked, seat)


def _is_repeated(came: Outcome) -> bool:
    """Whether it says again what the person was told a moment ago."""
    return isinstance(came, TooManyRequests) and came.repeated


def _privately(payload: Payload) -> dict[str, Any]:
    return {"response_type": "ephemeral", **payload.posted}


def _ways_out(refusal: BotNotInChannel, draft: str) -> Payload:
    buttons = [
        {
            "type": "button",
            "action_id": action,
            "value": draft,
            "text": plain_text(label, 75, emoji=True),
        }
        for action, label in ((RETRY_HERE, "🔄 I have invited it"), (SEND_DIRECTLY, "✉️ Send it to me"))
    ]
    said = render_refusal(refusal)
    return Payload(text=said.text, blocks=[*said.blocks, {"type": "actions", "elements": buttons}])
