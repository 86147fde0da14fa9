"""The routes by which one interaction is answered: once within 3 s, and then by edits and follow-ups."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import IntEnum
from typing import Any

import structlog
from discord.http import Route

from adapters.discord.delivery.history_search import sent_at
from adapters.discord.delivery.interaction_token import TOKEN_MS, Reach
from adapters.discord.delivery.routes import ORIGINAL, ByToken
from adapters.discord.delivery.writer import EPHEMERAL, message_route
from adapters.discord.events.context import Seat
from adapters.discord.gateway.payloads import Ticket
from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Meaning, Refusal
from adapters.discord.rest.responses import Unexpected, id_of, object_of
from bot.domain.errors import Delayed

_log = structlog.get_logger(__name__)

#: Discord takes a first response for 3 s; one sent later than this would hardly arrive in time
_IN_TIME_MS = 2_700
#: and a deferred response leaves before this, however long the interaction has waited for its turn
_DEFER_MS = 2_300
_ANSWERED_ALREADY = 40060
_PAUSE_MS = 150
#: what has been deferred has time, but nobody looks at it for ever
_EDITS = 5
_EDIT_PAUSE_MS = 500


class Callback(IntEnum):
    """Kinds of a first response."""

    MESSAGE = 4
    DEFERRED = 5
    #: the message whose button was used stays as it is until it is edited
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    FORM = 9


class Responder:
    """Answers interactions; what cannot be said any more is logged, and never raised."""

    def __init__(self, rest: Rest, clock: Callable[[], int]) -> None:
        self._rest = rest
        self._clock = clock

    async def respond(
        self, seat: Seat, kind: Callback, data: Mapping[str, Any] | None = None, *, ephemeral: bool = False
    ) -> str | None:
        """Give the first response; answers its message's id, empty for what is no message.

        None where Discord does not take it: it is too late, or there is one already.
        """
        reach = _reach(seat)
        body = {"type": int(kind), "data": _flagged(data or {}, ephemeral=ephemeral)}
        until = reach.until - TOKEN_MS + _IN_TIME_MS
        given, doubtful = await self._respond(seat.key, reach.token, body, until)
        # The line broke after Discord had taken it.
        return await self._original(seat) if doubtful else given

    async def turn_away(self, ticket: Ticket, data: Mapping[str, Any]) -> None:
        """Answer what is not handled: privately, or with no choices."""
        said: tuple[Callback, Mapping[str, Any]] = (Callback.MESSAGE, {**data, "flags": EPHEMERAL})
        kind, body = (Callback.CHOICES, {"choices": []}) if ticket.completes else said
        until = min(sent_at(ticket.id), self._clock()) + _IN_TIME_MS
        await self._respond(ticket.id, ticket.token, {"type": int(kind), "data": body}, until)

    async def _respond(
        self, key: str, token: str, body: Mapping[str, Any], until: int
    ) -> tuple[str | None, bool]:
        """What `respond` answers, and whether Discord has taken an answer of ours without telling."""
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=key,
            webhook_token=token,
        )
        doubtful = False
        while True:
            try:
                answer = await self._rest.request(route, body, params={"with_response": "true"})
            except Delayed as error:
                wait_ms = error.retry_after_ms or _PAUSE_MS
                if self._clock() + wait_ms > until:
                    _log.warning("response_not_given", interaction=key, error=str(error))
                    return None, False
                doubtful = True
                await asyncio.sleep(wait_ms / 1000)
            except Refusal as refusal:
                if refusal.code == _ANSWERED_ALREADY and doubtful:
                    return None, True
                _log.info("response_refused", interaction=key, code=refusal.code, told=refusal.told)
                return None, False
            else:
                return _response_id(answer), False

    def patience_s(self, seat: Seat, most_s: float) -> float:
        """How long the core may take before a deferred response must leave to arrive in time."""
        left_ms = _reach(seat).until - TOKEN_MS + _DEFER_MS - self._clock()
        return max(0, min(most_s, left_ms / 1000))

    async def edit(self, seat: Seat, data: Mapping[str, Any]) -> str | None:
        """Edit the first response; answers its id, None where that cannot be done."""
        return await self._say(seat, lambda: self._rest.request(_route("PATCH", seat), data))

    async def remove(self, seat: Seat) -> None:
        await self._say(seat, lambda: self._rest.request(_route("DELETE", seat)))

    async def follow_up(self, seat: Seat, data: Mapping[str, Any], *, ephemeral: bool) -> str | None:
        """Say something more; answers its id, None where that cannot be done."""
        reach = _reach(seat)
        route = Route(
            "POST",
            "/webhooks/{webhook_id}/{webhook_token}",
            webhook_id=reach.application,
            webhook_token=reach.token,
        )
        body = _flagged(data, ephemeral=ephemeral)
        return await self._say(seat, lambda: self._rest.request(route, body, params={"wait": "true"}))

    async def _original(self, seat: Seat) -> str | None:
        return await self._say(seat, lambda: self._rest.request(_route("GET", seat)))

    async def _say(self, seat: Seat, request: Callable[[], Awaitable[Any]]) -> str | None:
        for tries in range(1, _EDITS + 1):
            try:
                answer = await request()
            except Delayed as error:
                _log.info("answer_put_off", interaction=seat.key, tries=tries, error=str(error))
                await asyncio.sleep((error.retry_after_ms or _EDIT_PAUSE_MS * tries) / 1000)
            except Refusal as refusal:
                level = _log.info if refusal.meaning is Meaning.GONE else _log.warning
                level("answer_refused", interaction=seat.key, code=refusal.code, told=refusal.told)
                return None
            else:
                return _id_or_nothing(answer)
        return None


def _response_id(answer: Any) -> str:
    """The response's message; empty where Discord has taken it and does not say, so that it is looked for."""
    try:
        interaction = object_of(object_of(answer, "response").get("interaction"), "interaction")
        return id_of(interaction, "interaction", "response_message_id")
    except Unexpected:
        return ""


def _id_or_nothing(answer: Any) -> str:
    try:
        return id_of(answer, "message")
    except Unexpected:
        return ""


def _flagged(data: Mapping[str, Any], *, ephemeral: bool) -> dict[str, Any]:
    return {**data, "flags": EPHEMERAL} if ephemeral else {**data}


def _route(method: str, seat: Seat) -> Route:
    reach = _reach(seat)
    way = ByToken(application=reach.application, token=reach.token, message=ORIGINAL, limit=None)
    return message_route(method, way)


def _reach(seat: Seat) -> Reach:
    assert seat.reach is not None  # noqa: S101 - a reaction is never answered
    return seat.reach
