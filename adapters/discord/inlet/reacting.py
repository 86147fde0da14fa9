"""Reactions under our cards: who reacts pays, and a refusal comes by direct message or not at all."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from discord import RawReactionActionEvent
from discord.http import Route

from adapters.discord.api.permissions import lacking, look_up
from adapters.discord.api.places import Places
from adapters.discord.api.refusals import Refusal
from adapters.discord.api.rest import Rest
from adapters.discord.cards.buttons import jobs_of
from adapters.discord.cards.notes import refused
from adapters.discord.inlet.seat import ADAPTER, Seat, seat_of_reaction
from adapters.discord.outlet.ways import name_message
from bot.domain.actions import GENERATING, Action
from bot.domain.errors import Delayed, DeliveryError, Refused
from bot.domain.reactions import normal, number_of
from bot.engine.studio import Studio

_log = structlog.get_logger(__name__)

#: the same event, heard again by another process, is the same request in this time
_HEARD_AGAIN_MS = 60_000
_NONCE = 25


class Reacting:
    """Does what the reaction of a person says, by the map of their workspace."""

    def __init__(self, *, studio: Studio, rest: Rest, clock: Callable[[], int]) -> None:
        self._studio = studio
        self._rest = rest
        self._clock = clock
        self._places = Places(rest, clock)

    async def reacted(self, payload: RawReactionActionEvent) -> None:
        if await self._means_nothing(payload):
            return
        seat = seat_of_reaction(payload)
        action = self._studio.reactions(seat.caller).get(normal(payload.emoji.name or ""))
        if action is None or not (jobs := await self._jobs(payload)):
            return
        if payload.member is None:
            user = await self._user(seat)
            if user.get("bot"):
                return
            seat = seat_of_reaction(payload, name=user.get("global_name") or user["username"])
        try:
            await self._act(seat, payload, action, jobs)
        except Refused as refusal:
            await self._refuse(seat, payload, refusal)

    async def unreacted(self, payload: RawReactionActionEvent) -> None:
        """Only a star can be taken back; who takes away anything else has been served already."""
        if await self._means_nothing(payload):
            return
        seat = seat_of_reaction(payload)
        emoji = payload.emoji.name or ""
        if self._studio.reactions(seat.caller).get(normal(emoji)) is not Action.GALLERY:
            return
        jobs = await self._jobs(payload)
        if not jobs:
            return
        job = await self._chosen(seat, payload, jobs)
        key = f"back/{_name(payload)}/{self._clock()}"
        try:
            await self._studio.unreact(emoji, job, seat.caller, seat.place(), key=key)
        except Refused as refusal:
            _log.info("unreaction_refused", job_id=job, reason=type(refusal).__name__)

    async def _means_nothing(self, payload: RawReactionActionEvent) -> bool:
        """Reactions of bots, our own above all, and those under what others have written."""
        me = await self._rest.me()
        by_bot = payload.member is not None and payload.member.bot
        foreign = payload.message_author_id is not None and str(payload.message_author_id) != me
        return str(payload.user_id) == me or by_bot or foreign

    async def _jobs(self, payload: RawReactionActionEvent) -> Sequence[str]:
        """The jobs that the message shows; none where it is no card."""
        channel, message = str(payload.channel_id), str(payload.message_id)
        shown = await self._studio.find(ADAPTER, message, name_message(channel, message))
        if shown is not None:
            return shown.jobs
        if payload.message_author_id is None:
            return ()
        # It is ours, but nobody has noted yet what it shows: its buttons say so.
        try:
            found = await self._rest.request(_message(payload))
        except Refusal as refusal:
            _log.info("message_not_read", message=message, code=refusal.code)
            return ()
        return [one.job for one in jobs_of(found.get("components") or ())]

    async def _act(
        self, seat: Seat, payload: RawReactionActionEvent, action: Action, jobs: Sequence[str]
    ) -> None:
        job = await self._chosen(seat, payload, jobs)
        if action in GENERATING and seat.is_guild:
            await self._require_place(seat)
        # A star is the same however often it is given, and may be given, taken and given within a minute.
        now = self._clock() if action is Action.GALLERY else self._clock() // _HEARD_AGAIN_MS
        await self._studio.react(
            payload.emoji.name or "", job, seat.caller, seat.place(), key=f"{_name(payload)}/{now}"
        )

    async def _chosen(self, seat: Seat, payload: RawReactionActionEvent, jobs: Sequence[str]) -> str:
        """The job whose number the person has put under the card, else the first."""
        if len(jobs) == 1:
            return jobs[0]
        try:
            found = await self._rest.request(_message(payload))
            for one in found.get("reactions") or ():
                emoji = str(one["emoji"]["name"])
                number = number_of(emoji)
                if number is not None and number <= len(jobs) and await self._has_put(seat, emoji, payload):
                    return jobs[number - 1]
        except (Refusal, Delayed) as error:
            _log.info("numbers_not_read", message=payload.message_id, error=str(error))
        return jobs[0]

    async def _has_put(self, seat: Seat, emoji: str, payload: RawReactionActionEvent) -> bool:
        route = _message(payload, "/reactions/{emoji}", emoji=emoji)
        before = str(int(seat.user) - 1)
        users = await self._rest.request(route, params={"after": before, "limit": "1"})
        return any(str(one["id"]) == seat.user for one in users)

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

    async def _user(self, seat: Seat) -> dict[str, Any]:
        user: dict[str, Any] = await self._rest.request(Route("GET", "/users/{user_id}", user_id=seat.user))
        return user

    async def _refuse(self, seat: Seat, payload: RawReactionActionEvent, refusal: Refused) -> None:
        """Tell it by direct message, once; where those are closed nobody learns of it."""
        # Discord merges what carries the same nonce: the same event may be heard twice.
        nonce = hashlib.sha256(_name(payload).encode()).hexdigest()[:_NONCE]
        body = refused(refusal) | {"nonce": nonce, "enforce_nonce": True}
        try:
            channel = await self._places.direct(seat.user)
            await self._rest.request(
                Route("POST", "/channels/{channel_id}/messages", channel_id=channel), body
            )
        except (Refusal, DeliveryError) as error:
            _log.info("refusal_not_told", reason=type(refusal).__name__, error=str(error))


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
    return f"{payload.message_id}/{payload.user_id}/{normal(payload.emoji.name or '')}"
