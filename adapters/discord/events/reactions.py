"""Handles reactions under our cards: whoever reacts pays, and refusals are sent by direct message."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from discord import RawReactionActionEvent
from discord.http import Route

from adapters.chat.notices import NoticeLimiter
from adapters.discord.delivery.routes import message_name
from adapters.discord.events.context import (
    ADAPTER,
    DIRECT_WORKSPACE,
    EventContext,
    reaction_context,
)
from adapters.discord.messages.buttons import jobs_in
from adapters.discord.messages.cards import Payload
from adapters.discord.messages.private_replies import render_refusal, render_reply
from adapters.discord.rest.channel_lookups import ChannelLookups
from adapters.discord.rest.client import (
    RestClient,
    UnexpectedResponse,
    id_of,
    object_of,
    objects_of,
    reading_response,
)
from adapters.discord.rest.errors import ApiError
from adapters.discord.rest.permissions import fetch_missing_permissions, permissions_error
from bot.domain.errors import Delayed, InvalidRequest, NotAllowed, NotYours, Refused, TooManyRequests
from bot.domain.jobs.actions import GENERATING, Action, keycap_number, normalized
from bot.service.facade import BotService
from bot.service.replies import PrivateReply

_log = structlog.get_logger(__name__)

#: the same event received by another process within this time is the same request
_DUPLICATE_MS = 60_000
_NONCE_LENGTH = 25
#: tries to send a direct message, and the first and the longest wait between them
_MAX_TRIES, _RETRY_MS, _MAX_RETRY_MS = 4, 500, 10_000
#: normal and burst reactions, which Discord lists separately
_REACTION_TYPES = ("0", "1")
_UNREADABLE = (
    "I could not read which result you chose, so nothing was started or charged. Use the list and the "
    "buttons under the card instead, or try again in a moment. If it happens again, an admin can allow me "
    "Read Message History in that channel."
)
_UNKNOWN_PERSON = (
    "Discord does not say who reacted, so nothing was started or charged. Try again in a moment."
)


class ReactionHandler:
    """Does what a reaction means in its workspace."""

    def __init__(
        self,
        *,
        service: BotService,
        rest: RestClient,
        lookups: ChannelLookups,
        clock: Callable[[], int],
    ) -> None:
        self._service = service
        self._rest = rest
        self._lookups = lookups
        self._clock = clock
        self._notices = NoticeLimiter()

    async def added(self, payload: RawReactionActionEvent) -> None:
        if await self._is_ignored(payload):
            return
        context = reaction_context(payload)
        rule = await self._service.reaction(str(payload.emoji), context.caller)
        if rule is None or rule.action is None:
            return
        action = rule.action
        # A star or a vote may be given, removed and given again within a minute; others count once.
        can_be_undone = action is Action.GALLERY or rule.votes > 1
        now = self._clock() if can_be_undone else self._clock() // _DUPLICATE_MS
        context = replace(context, key=f"{_reaction_key(payload)}/{now}")
        try:
            jobs = await self._jobs(payload, context)
            person = await self._person(payload, context) if jobs else None
            if person is not None:
                await self._act(person, payload, action, jobs)
        except Refused as refusal:
            if self._notices.allows(context.user, refusal, self._clock()):
                await self._send_directly(context, payload, render_refusal(refusal))

    async def removed(self, payload: RawReactionActionEvent) -> None:
        """Undo a star or a vote; nothing else can be undone by removing its reaction."""
        if await self._is_ignored(payload):
            return
        context = reaction_context(payload)
        emoji = str(payload.emoji)
        rule = await self._service.reaction(emoji, context.caller)
        if rule is None or (rule.action is not Action.GALLERY and rule.votes == 1):
            return
        context = replace(context, key=f"back/{_reaction_key(payload)}/{self._clock()}")
        try:
            if jobs := await self._jobs(payload, context):
                job = await self._chosen_job(context, payload, jobs)
                await self._service.unreact(emoji, job, context.invocation())
        except Refused as refusal:
            _log.info("reaction_removal_refused", message=payload.message_id, reason=type(refusal).__name__)

    async def _is_ignored(self, payload: RawReactionActionEvent) -> bool:
        """Whether the reaction is our own, or under another author's message."""
        bot = await self._rest.bot_id()
        foreign = payload.message_author_id is not None and str(payload.message_author_id) != bot
        return str(payload.user_id) == bot or foreign

    async def _jobs(self, payload: RawReactionActionEvent, context: EventContext) -> Sequence[str]:
        """The jobs that the message shows; none where it is not a card.

        Raises TooManyRequests before Discord is asked anything.
        """
        ours = payload.message_author_id is not None
        if ours:
            self._service.admit(context.caller, context.key)
        elif not self._may_query(context):
            return ()
        channel, message = str(payload.channel_id), str(payload.message_id)
        shown = await self._service.card_by_message(ADAPTER, message, message_name(channel, message))
        if shown is not None:
            if not ours:
                self._service.admit(context.caller, context.key)
            return shown.jobs
        if not ours:
            return ()
        # It is ours, but what it shows is not recorded yet: read it from its buttons.
        try:
            found = await self._message(payload)
            with reading_response("components"):
                return [one.job for one in jobs_in(found.get("components") or ())]
        except (ApiError, Delayed) as error:
            _log.info("message_unreadable", message=message, error=str(error))
            raise InvalidRequest(_UNREADABLE) from error

    def _may_query(self, context: EventContext) -> bool:
        """Whether to ask the store if a message is ours; a reaction to another's is no command."""
        try:
            self._service.admit_query(context.caller)
        except TooManyRequests:
            return False
        return True

    async def _person(self, payload: RawReactionActionEvent, context: EventContext) -> EventContext | None:
        """The context with the person's name; None for a bot. Raises NotAllowed where it is unknown."""
        if payload.member is not None and payload.member.id == payload.user_id:
            return context
        try:
            answer = await self._rest.request(Route("GET", "/users/{user_id}", user_id=context.user))
            user = object_of(answer, "user")
            if id_of(user, "user") != context.user:
                raise UnexpectedResponse("Discord's answer is another user")
            name = user.get("global_name") or user["username"]
        except (ApiError, Delayed, KeyError) as error:
            _log.info("user_unknown", user=context.user, error=str(error))
            raise NotAllowed(_UNKNOWN_PERSON) from error
        if user.get("bot", False) is not False or user.get("system", False) is not False:
            return None
        return replace(context, caller=replace(context.caller, name=str(name)))

    async def _act(
        self,
        context: EventContext,
        payload: RawReactionActionEvent,
        action: Action,
        jobs: Sequence[str],
    ) -> None:
        job = await self._chosen_job(context, payload, jobs)
        if action in GENERATING and context.is_guild:
            await self._require_postable(context)
        caller = context.caller
        if action is Action.DELETE:
            # It is confirmed in direct messages, where nobody is an admin or a member of the server.
            caller = replace(caller, is_admin=False, member=f"{DIRECT_WORKSPACE}:{context.user}")
        try:
            reply = await self._service.react(
                str(payload.emoji), job, replace(context.invocation(), caller=caller)
            )
        except NotYours as refusal:
            if not context.caller.is_admin:
                raise
            text = f"{refusal}; as an admin of the server, press Delete under its card"
            raise NotYours(text) from refusal
        if isinstance(reply, PrivateReply) and reply.choices:
            # A reaction has no private response; where this cannot be sent, nothing is done.
            await self._send_directly(context, payload, render_reply(reply))

    async def _chosen_job(
        self, context: EventContext, payload: RawReactionActionEvent, jobs: Sequence[str]
    ) -> str:
        """The job whose number the person also put under the card, else the first.

        Raises InvalidRequest where that cannot be read: nobody pays for a guess.
        """
        if len(jobs) == 1:
            return jobs[0]
        try:
            numbers = await self._numbers(context, payload)
        except (ApiError, Delayed) as error:
            _log.info("numbers_unreadable", message=payload.message_id, error=str(error))
            raise InvalidRequest(_UNREADABLE) from error
        if len(numbers) > 1:
            raise InvalidRequest(
                "You have put several numbers under this card, so nothing was started or charged. "
                "Keep one of them, then remove your reaction and add it again."
            )
        if numbers and numbers[0] > len(jobs):
            raise InvalidRequest(
                f"This card shows {len(jobs)} results, so there is no number {numbers[0]}; "
                "nothing was started or charged."
            )
        return jobs[numbers[0] - 1] if numbers else jobs[0]

    async def _numbers(self, context: EventContext, payload: RawReactionActionEvent) -> list[int]:
        """The numbers that the person put under the message. Raises ApiError, Delayed."""
        found = await self._message(payload)
        numbers = []
        for one in objects_of(found.get("reactions") or [], "reaction"):
            emoji = object_of(one.get("emoji"), "emoji")
            name = str(emoji.get("name") or "")
            number = keycap_number(name) if emoji.get("id") is None else None
            if number is not None and await self._has_reacted(context, name, payload):
                numbers.append(number)
        return numbers

    async def _message(self, payload: RawReactionActionEvent) -> Mapping[str, Any]:
        """Fetch the message. Raises ApiError, Delayed."""
        found = object_of(await self._rest.request(_message_route(payload)), "message")
        if id_of(found, "message") != str(payload.message_id):
            raise UnexpectedResponse("Discord's answer is another message")
        return found

    async def _has_reacted(self, context: EventContext, emoji: str, payload: RawReactionActionEvent) -> bool:
        route = _message_route(payload, "/reactions/{emoji}", emoji=emoji)
        after = str(int(context.user) - 1)
        for kind in _REACTION_TYPES:
            params = {"after": after, "limit": "1", "type": kind}
            users = objects_of(await self._rest.request(route, params=params), "user")
            if any(id_of(one, "user") == context.user for one in users):
                return True
        return False

    async def _require_postable(self, context: EventContext) -> None:
        """Refuse what could not be posted; where Discord is too busy to answer, the delivery handles it."""
        guild = context.caller.workspace.rpartition(":")[2]
        channel = context.channel_or_thread
        try:
            missing = await fetch_missing_permissions(self._rest, guild, channel)
        except ApiError:
            missing = ("View Channel",)
        except Delayed as error:
            _log.info("permissions_unreadable", channel=channel, error=str(error))
            return
        if missing:
            raise permissions_error(missing, channel=channel)

    async def _send_directly(
        self, context: EventContext, payload: RawReactionActionEvent, message: Payload
    ) -> None:
        """Send one direct message; where those are closed, nobody is told."""
        # Discord merges messages with the same nonce: several processes may receive the event.
        nonce = hashlib.sha256(_reaction_key(payload).encode()).hexdigest()[:_NONCE_LENGTH]
        body = message | {"nonce": nonce, "enforce_nonce": True}
        for tries in range(1, _MAX_TRIES + 1):
            try:
                channel = await self._lookups.dm_channel(context.user)
                route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
                await self._rest.request(route, body)
            except Delayed as error:
                _log.info("reaction_reply_delayed", tries=tries, error=str(error))
                await asyncio.sleep(min((error.retry_after_ms or _RETRY_MS) * tries, _MAX_RETRY_MS) / 1000)
            except ApiError as error:
                _log.info("reaction_reply_refused", message=payload.message_id, error=str(error))
                return
            else:
                return


def _message_route(payload: RawReactionActionEvent, further: str = "", **more: str) -> Route:
    """The endpoint of the message, or of something below it."""
    return Route(
        "GET",
        "/channels/{channel_id}/messages/{message_id}" + further,
        channel_id=str(payload.channel_id),
        message_id=str(payload.message_id),
        **more,
    )


def _reaction_key(payload: RawReactionActionEvent) -> str:
    """Identifies who put which emoji under which message."""
    return f"{payload.message_id}/{payload.user_id}/{normalized(str(payload.emoji))}"
