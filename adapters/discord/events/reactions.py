"""Reactions under our cards: who reacts pays, and a refusal comes by direct message or not at all."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from discord import RawReactionActionEvent
from discord.http import Route

from adapters.chat.notices import NoticeLimiter
from adapters.discord.delivery.routes import name_message
from adapters.discord.events.context import ADAPTER, DIRECT, Seat, is_person, seat_of_reaction
from adapters.discord.messages.buttons import jobs_of
from adapters.discord.messages.cards import Payload
from adapters.discord.messages.notes import refused, render_note
from adapters.discord.rest.channel_lookups import Places
from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Refusal
from adapters.discord.rest.permissions import lacking, look_up
from adapters.discord.rest.responses import Unexpected, expecting, id_of, object_of, objects_of
from bot.domain.actions import GENERATING, Action
from bot.domain.errors import Delayed, InvalidRequest, NotAllowed, NotYours, Refused, TooManyRequests
from bot.domain.reactions import keycap_number, normalized
from bot.service.facade import BotService
from bot.service.replies import PrivateReply

_log = structlog.get_logger(__name__)

#: the same event, heard again by another process, is the same request in this time
_HEARD_AGAIN_MS = 60_000
_NONCE = 25
#: how often a refusal is sent, and how long the wait between is: first, and at most
_TELLS, _TELL_MS, _TELL_MAX_MS = 4, 500, 10_000
#: usual reactions and those that somebody pays for; Discord lists them apart
_KINDS = ("0", "1")
_UNREAD = (
    "I could not read which result you have chosen, so nothing was started or charged. Use the list and the "
    "buttons under the card instead, or try again in a moment; if it stays so, an admin can allow me Read "
    "Message History in that channel."
)
_UNKNOWN = "Discord does not say who has reacted, so nothing was started or charged. Try again in a moment."


class Reacting:
    """Does what the reaction of a person says, by the map of their workspace."""

    def __init__(self, *, service: BotService, rest: Rest, clock: Callable[[], int]) -> None:
        self._service = service
        self._rest = rest
        self._clock = clock
        self._places = Places(rest, clock)
        self._notices = NoticeLimiter()

    async def reacted(self, payload: RawReactionActionEvent) -> None:
        if await self._means_nothing(payload):
            return
        seat = seat_of_reaction(payload)
        action = self._service.reactions(seat.caller).get(normalized(payload.emoji.name or ""))
        if action is None:
            return
        # A star is the same however often it is given, and may be given, taken and given within a minute.
        now = self._clock() if action is Action.GALLERY else self._clock() // _HEARD_AGAIN_MS
        seat = replace(seat, key=f"{_name(payload)}/{now}")
        try:
            jobs = await self._jobs(payload, seat)
            person = await self._person(payload, seat) if jobs else None
            if person is not None:
                await self._act(person, payload, action, jobs)
        except Refused as refusal:
            if self._notices.allows(seat.user, refusal, self._clock()):
                await self._tell(seat, payload, refused(refusal))

    async def unreacted(self, payload: RawReactionActionEvent) -> None:
        """Only a star can be taken back; who takes away anything else has been served already."""
        if await self._means_nothing(payload):
            return
        seat = seat_of_reaction(payload)
        emoji = payload.emoji.name or ""
        if self._service.reactions(seat.caller).get(normalized(emoji)) is not Action.GALLERY:
            return
        seat = replace(seat, key=f"back/{_name(payload)}/{self._clock()}")
        try:
            if jobs := await self._jobs(payload, seat):
                job = await self._chosen(seat, payload, jobs)
                await self._service.unreact(emoji, job, seat.caller, seat.place(), key=seat.key)
        except Refused as refusal:
            _log.info("unreaction_refused", message=payload.message_id, reason=type(refusal).__name__)

    async def _means_nothing(self, payload: RawReactionActionEvent) -> bool:
        """Reactions of bots, our own above all, and those under what others have written."""
        me = await self._rest.me()
        by_bot = payload.member is not None and not is_person(payload.member)
        foreign = payload.message_author_id is not None and str(payload.message_author_id) != me
        return str(payload.user_id) == me or by_bot or foreign

    async def _jobs(self, payload: RawReactionActionEvent, seat: Seat) -> Sequence[str]:
        """The jobs that the message shows; none where it is no card.

        Raises TooManyRequests before Discord is asked anything.
        """
        ours = payload.message_author_id is not None
        if ours:
            self._service.admit(seat.caller, seat.key)
        elif not self._may_ask(seat):
            return ()
        channel, message = str(payload.channel_id), str(payload.message_id)
        shown = await self._service.card_by_message(ADAPTER, message, name_message(channel, message))
        if shown is not None:
            if not ours:
                self._service.admit(seat.caller, seat.key)
            return shown.jobs
        if not ours:
            return ()
        # It is ours, but nobody has noted yet what it shows: its buttons say so.
        try:
            found = await self._read(payload)
            with expecting("components"):
                return [one.job for one in jobs_of(found.get("components") or ())]
        except (Refusal, Delayed) as error:
            _log.info("message_not_read", message=message, error=str(error))
            raise InvalidRequest(_UNREAD) from error

    def _may_ask(self, seat: Seat) -> bool:
        """Whether the store may be asked if a message is ours; a reaction to another's is no command."""
        try:
            self._service.admit_query(seat.caller)
        except TooManyRequests:
            return False
        return True

    async def _person(self, payload: RawReactionActionEvent, seat: Seat) -> Seat | None:
        """The seat of whoever reacted; None for what is no person. Raises NotAllowed where nobody knows."""
        if payload.member is not None and payload.member.id == payload.user_id:
            return seat
        try:
            user = object_of(
                await self._rest.request(Route("GET", "/users/{user_id}", user_id=seat.user)), "user"
            )
            if id_of(user, "user") != seat.user:
                raise Unexpected("Discord has named somebody else")
            name = user.get("global_name") or user["username"]
        except (Refusal, Delayed, KeyError) as error:
            _log.info("person_not_known", user=seat.user, error=str(error))
            raise NotAllowed(_UNKNOWN) from error
        if user.get("bot", False) is not False or user.get("system", False) is not False:
            return None
        return replace(seat, caller=replace(seat.caller, name=str(name)))

    async def _act(
        self, seat: Seat, payload: RawReactionActionEvent, action: Action, jobs: Sequence[str]
    ) -> None:
        job = await self._chosen(seat, payload, jobs)
        if action in GENERATING and seat.is_guild:
            await self._require_place(seat)
        caller = seat.caller
        if action is Action.DELETE:
            # It is confirmed in direct messages, where nobody manages a server or is a member of it.
            caller = replace(caller, is_admin=False, member=f"{DIRECT}:{seat.user}")
        try:
            answer = await self._service.react(
                payload.emoji.name or "", job, caller, seat.place(), key=seat.key
            )
        except NotYours as refusal:
            if not seat.caller.is_admin:
                raise
            raise NotYours(f"{refusal}; who manages the server presses Delete under its card") from refusal
        if isinstance(answer, PrivateReply) and answer.choices:
            # A reaction has no private answer; where this one cannot be told, nothing is done.
            await self._tell(seat, payload, render_note(answer))

    async def _chosen(self, seat: Seat, payload: RawReactionActionEvent, jobs: Sequence[str]) -> str:
        """The job whose number the person has put under the card, else the first.

        Raises InvalidRequest where that cannot be told: nobody pays for a guess.
        """
        if len(jobs) == 1:
            return jobs[0]
        try:
            numbers = await self._numbers(seat, payload)
        except (Refusal, Delayed) as error:
            _log.info("numbers_not_read", message=payload.message_id, error=str(error))
            raise InvalidRequest(_UNREAD) from error
        if len(numbers) > 1:
            raise InvalidRequest(
                "You have put several numbers under this card, so nothing was started or charged. "
                "Keep one of them, then take your reaction away and give it again."
            )
        if numbers and numbers[0] > len(jobs):
            raise InvalidRequest(
                f"This card shows {len(jobs)} results, so {numbers[0]} chooses none of them; "
                "nothing was started or charged."
            )
        return jobs[numbers[0] - 1] if numbers else jobs[0]

    async def _numbers(self, seat: Seat, payload: RawReactionActionEvent) -> list[int]:
        """The numbers that the person has put under the message. Raises Refusal, Delayed."""
        found = await self._read(payload)
        numbers = []
        for one in objects_of(found.get("reactions") or [], "reaction"):
            emoji = object_of(one.get("emoji"), "emoji")
            name = str(emoji.get("name") or "")
            number = keycap_number(name) if emoji.get("id") is None else None
            if number is not None and await self._has_put(seat, name, payload):
                numbers.append(number)
        return numbers

    async def _read(self, payload: RawReactionActionEvent) -> Mapping[str, Any]:
        """The message itself. Raises Refusal, Delayed."""
        found = object_of(await self._rest.request(_message(payload)), "message")
        if id_of(found, "message") != str(payload.message_id):
            raise Unexpected("Discord has answered with another message")
        return found

    async def _has_put(self, seat: Seat, emoji: str, payload: RawReactionActionEvent) -> bool:
        route = _message(payload, "/reactions/{emoji}", emoji=emoji)
        before = str(int(seat.user) - 1)
        for kind in _KINDS:
            params = {"after": before, "limit": "1", "type": kind}
            users = objects_of(await self._rest.request(route, params=params), "user")
            if any(id_of(one, "user") == seat.user for one in users):
                return True
        return False

    async def _require_place(self, seat: Seat) -> None:
        """Refuse what could not be shown; where Discord is too busy to say, the card finds its way."""
        guild = seat.caller.workspace.rpartition(":")[2]
        try:
            missing = await look_up(self._rest, guild, seat.spot)
        except Refusal:
            missing = ("View Channel",)
        except Delayed as error:
            _log.info("permissions_not_read", channel=seat.spot, error=str(error))
            return
        if missing:
            raise lacking(missing, channel=seat.spot)

    async def _tell(self, seat: Seat, payload: RawReactionActionEvent, told: Payload) -> None:
        """Tell something by direct message, once; where those are closed nobody learns of it."""
        # Discord merges what carries the same nonce: the same event may be heard twice.
        nonce = hashlib.sha256(_name(payload).encode()).hexdigest()[:_NONCE]
        body = told | {"nonce": nonce, "enforce_nonce": True}
        for tries in range(1, _TELLS + 1):
            try:
                channel = await self._places.direct(seat.user)
                await self._rest.request(
                    Route("POST", "/channels/{channel_id}/messages", channel_id=channel), body
                )
            except Delayed as error:
                _log.info("reaction_answer_put_off", tries=tries, error=str(error))
                await asyncio.sleep(min((error.retry_after_ms or _TELL_MS) * tries, _TELL_MAX_MS) / 1000)
            except Refusal as error:
                _log.info("reaction_not_answered", message=payload.message_id, error=str(error))
                return
            else:
                return


def _message(payload: RawReactionActionEvent, further: str = "", **more: str) -> Route:
    """Where to read the message, or something of it."""
    return Route(
        "GET",
        "/channels/{channel_id}/messages/{message_id}" + further,
        channel_id=str(payload.channel_id),
        message_id=str(payload.message_id),
        **more,
    )


def _name(payload: RawReactionActionEvent) -> str:
    """Names who put which emoji under which message."""
    return f"{payload.message_id}/{payload.user_id}/{normalized(payload.emoji.name or '')}"
