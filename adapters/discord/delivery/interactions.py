"""Interaction tokens, and the responses sent with them: one within 3 s, then edits and follow-ups."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Self

import structlog
from discord.http import Route
from pydantic import BaseModel, ConfigDict, Field

from adapters.discord.messages.cards import EPHEMERAL, Payload
from adapters.discord.messages.strings import STRINGS
from adapters.discord.rest.client import (
    RestClient,
    UnexpectedResponse,
    Upload,
    id_of,
    object_of,
    snowflake_ms,
)
from adapters.discord.rest.errors import ApiError, ErrorAction
from bot.domain.cards.card import CardView
from bot.domain.errors import Delayed
from bot.domain.identity import Place

_log = structlog.get_logger(__name__)

TOKEN_LIFETIME_MS = 15 * 60_000
#: a request that is sent shortly before the token expires may arrive after it
_EXPIRY_MARGIN_MS = 5_000
#: how long before that the card says where its result will be sent
_EXPIRES_SOON_MS = 2 * 60_000
#: Discord takes a first response within 3 s; one sent later than this would hardly arrive in time
_RESPOND_WITHIN_MS = 2_700
#: a deferred response is sent before this, however long the interaction has waited for a slot
_DEFER_WITHIN_MS = 2_300
_ALREADY_ACKNOWLEDGED = 40060
_RETRY_MS = 150
#: edits and follow-ups are retried this often
_MAX_TRIES = 5
_EDIT_RETRY_MS = 500


class InteractionCallbackType(IntEnum):
    """The kinds of first responses; the values are Discord's."""

    MESSAGE = 4
    DEFERRED = 5
    #: the message whose button was pressed stays as it is until it is edited
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


class InteractionToken(BaseModel):
    """How to respond to an interaction, and what it says about its channel.

    Kept with the place of a card, encrypted by the core. The aliases are the names in stored JSON.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    #: the interaction's id; not stored, because a stored token is never used for a first response
    id: str = Field(default="", exclude=True)
    #: the application's id, which the token's routes begin with
    application: str
    token: str = Field(repr=False)
    #: milliseconds UTC
    expires_at: int = Field(alias="until")
    #: only the caller sees the response, so the bot token never reaches it
    ephemeral: bool = False
    #: the bot token has access to the channel: not with user installs, in foreign guilds and group DMs
    bot_has_access: bool = Field(default=True, alias="lasting")
    #: bytes of one file, as the interaction says
    upload_limit: int | None = Field(default=None, alias="limit")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse what `write` wrote; None where a place has no interaction."""
        return cls.model_validate_json(text) if text else None

    def write(self) -> str:
        return self.model_dump_json(by_alias=True)

    def is_valid(self, now: int) -> bool:
        return now < self.expires_at - _EXPIRY_MARGIN_MS

    def expires_soon(self, now: int) -> bool:
        return now >= self.expires_at - _EXPIRES_SOON_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class UnparsedInteraction:
    """As much of an interaction as is needed to reject it."""

    id: str
    token: str = field(repr=False)
    is_autocomplete: bool


def is_public(place: Place, token: InteractionToken | None) -> bool:
    """Whether everybody at the place may see the card, and the bot token can edit it there."""
    private = place.private or place.channel.startswith("@")
    return not private and (token is None or (token.bot_has_access and not token.ephemeral))


def expiry_notes(view: CardView, place: Place, token: InteractionToken | None, now: int) -> list[str]:
    """What an unfinished card says where it can be edited only until its token expires."""
    if token is None or view.settled or is_public(place, token):
        return []
    text = STRINGS.expires_soon if token.expires_soon(now) else STRINGS.expires
    return [text.format(time=f"<t:{token.expires_at // 1000}:t>", job=view.jobs[0].id)]


def follow_up_route(token: InteractionToken) -> Route:
    return Route(
        "POST",
        "/webhooks/{webhook_id}/{webhook_token}",
        webhook_id=token.application,
        webhook_token=token.token,
    )


def response_route(method: str, token: InteractionToken, message: str | None = None) -> Route:
    """The endpoint of a message that was sent with the token; None: the original response."""
    # `@original` is part of the path: as a parameter it would be quoted.
    return Route(
        method,
        "/webhooks/{webhook_id}/{webhook_token}/messages/" + ("{message_id}" if message else "@original"),
        webhook_id=token.application,
        webhook_token=token.token,
        message_id=message,
    )


class InteractionResponder:
    """Responds to interactions. A response that Discord does not take is logged, never raised."""

    def __init__(self, rest: RestClient, clock: Callable[[], int]) -> None:
        self._rest = rest
        self._clock = clock

    async def respond(
        self,
        token: InteractionToken,
        kind: InteractionCallbackType,
        data: Payload | None = None,
        *,
        ephemeral: bool = False,
        files: Sequence[Upload] = (),
    ) -> str | None:
        """Send the first response; returns its message's id, empty where it has none.

        None where Discord does not take it: too late, or already acknowledged.
        """
        body = {"type": int(kind), "data": _with_flags(data or {}, ephemeral=ephemeral)}
        deadline = token.expires_at - TOKEN_LIFETIME_MS + _RESPOND_WITHIN_MS
        message, taken_before = await self._respond(token.id, token.token, body, deadline, files)
        if taken_before:
            # An earlier try arrived, but its answer was lost.
            return await self._send(token.id, lambda: self._rest.request(response_route("GET", token)))
        return message

    async def reject(self, interaction: UnparsedInteraction, data: Payload) -> None:
        """Respond to an interaction that is not handled: privately, or with no choices."""
        if interaction.is_autocomplete:
            kind, data = InteractionCallbackType.AUTOCOMPLETE, {"choices": []}
        else:
            kind, data = InteractionCallbackType.MESSAGE, _with_flags(data, ephemeral=True)
        deadline = min(snowflake_ms(interaction.id), self._clock()) + _RESPOND_WITHIN_MS
        await self._respond(interaction.id, interaction.token, {"type": int(kind), "data": data}, deadline)

    def defer_after_s(self, token: InteractionToken, max_s: float) -> float:
        """How long the core may take before a deferred response must be sent to arrive in time."""
        left_ms = token.expires_at - TOKEN_LIFETIME_MS + _DEFER_WITHIN_MS - self._clock()
        return max(0, min(max_s, left_ms / 1000))

    async def edit(
        self, token: InteractionToken, data: Payload, *, files: Sequence[Upload] = ()
    ) -> str | None:
        """Edit the first response; returns its id, None where that fails."""
        return await self._send(
            token.id, lambda: self._rest.request(response_route("PATCH", token), data, files=files)
        )

    async def delete(self, token: InteractionToken, message: str | None = None) -> None:
        """Delete the first response, or the message whose button was pressed."""
        await self._send(token.id, lambda: self._rest.request(response_route("DELETE", token, message)))

    async def follow_up(
        self, token: InteractionToken, data: Payload, *, ephemeral: bool, files: Sequence[Upload] = ()
    ) -> str | None:
        """Send another message; returns its id, None where that fails."""
        body = _with_flags(data, ephemeral=ephemeral)
        return await self._send(
            token.id,
            lambda: self._rest.request(follow_up_route(token), body, params={"wait": "true"}, files=files),
        )

    async def _respond(
        self,
        interaction: str,
        token: str,
        body: Payload,
        deadline: int,
        files: Sequence[Upload] = (),
    ) -> tuple[str | None, bool]:
        """The result of `respond`, and whether Discord took an earlier try whose answer was lost."""
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=interaction,
            webhook_token=token,
        )
        outcome_unknown = False
        while True:
            try:
                answer = await self._rest.request(route, body, params={"with_response": "true"}, files=files)
            except Delayed as error:
                wait_ms = error.retry_after_ms or _RETRY_MS
                if self._clock() + wait_ms > deadline:
                    _log.warning("response_not_sent", interaction=interaction, error=str(error))
                    return None, False
                outcome_unknown = True
                await asyncio.sleep(wait_ms / 1000)
            except ApiError as error:
                if error.code == _ALREADY_ACKNOWLEDGED and outcome_unknown:
                    return None, True
                _log.info("response_refused", interaction=interaction, code=error.code, reason=error.reason)
                return None, False
            else:
                return _response_message_id(answer), False

    async def _send(self, interaction: str, request: Callable[[], Awaitable[Any]]) -> str | None:
        for tries in range(1, _MAX_TRIES + 1):
            try:
                answer = await request()
            except Delayed as error:
                _log.info("response_delayed", interaction=interaction, tries=tries, error=str(error))
                await asyncio.sleep((error.retry_after_ms or _EDIT_RETRY_MS * tries) / 1000)
            except ApiError as error:
                log = _log.info if error.action is ErrorAction.GONE else _log.warning
                log("response_refused", interaction=interaction, code=error.code, reason=error.reason)
                return None
            else:
                return _message_id(answer)
        return None


def _response_message_id(answer: Any) -> str:
    """The response's message; empty where Discord took it without naming one, so that it is searched for."""
    try:
        interaction = object_of(object_of(answer, "response").get("interaction"), "interaction")
        return id_of(interaction, "interaction", "response_message_id")
    except UnexpectedResponse:
        return ""


def _message_id(answer: Any) -> str:
    try:
        return id_of(answer, "message")
    except UnexpectedResponse:
        return ""


def _with_flags(data: Mapping[str, Any], *, ephemeral: bool) -> Payload:
    return {**data, "flags": EPHEMERAL} if ephemeral else {**data}
