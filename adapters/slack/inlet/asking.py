"""Asking the core for whoever has done something, with the rights that they have now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.slack.api.people import People
from adapters.slack.inlet.attending import Absent, Attendance
from adapters.slack.inlet.home import Home, Visitor
from adapters.slack.inlet.seat import Seat
from adapters.slack.inlet.wishes import Drafts, Wish
from bot.domain.people import Caller
from bot.engine.answers import Answer
from bot.engine.studio import Studio

#: names that are looked up for one command
_STRANGERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Knows who somebody is, whether they can be answered where they are, and then asks."""

    studio: Studio
    people: People
    attendance: Attendance
    drafts: Drafts
    home: Home

    async def recognised(self, seat: Seat) -> Seat:
        """The same seat, with the caller's name and rights as Slack says them now."""
        someone = await self.people.look(seat.team, seat.user, enterprise=seat.enterprise)
        name = someone.name or seat.caller.name
        return replace(seat, caller=replace(seat.caller, name=name, is_admin=someone.is_admin))

    async def names(self, seat: Seat, users: Sequence[str]) -> Mapping[str, str]:
        """What people are called whom an event names by their id alone."""
        found = {
            user: (await self.people.look(seat.team, user, enterprise=seat.enterprise)).name
            for user in users[:_STRANGERS]
        }
        return {user: name for user, name in found.items() if name}

    async def ask(self, seat: Seat, wish: Wish, *, named: Sequence[Caller] = ()) -> Answer:
        """Do it, and answer what came of it; raises Refused.

        What could not be shown at its place is kept for another one, and refused as Absent.
        """
        seat = await self.recognised(seat)
        if wish.is_public and not await self._goes_to_caller(seat, wish):
            try:
                await self.attendance.require(seat)
            except Absent:
                await self.drafts.keep_wish(seat.caller, seat.key, wish)
                raise
        for one in named:
            await self.studio.introduce(one)
        answer = await self._do(seat, wish)
        self.touch(seat)
        return answer

    def touch(self, seat: Seat) -> None:
        """Keep the Home tab of a recognised caller true, who may be looking at it."""
        self.home.touch(visitor_at(seat))

    async def _do(self, seat: Seat, wish: Wish) -> Answer:
        if wish.action is not None:
            return await self.studio.act(
                wish.action, wish.job, seat.caller, seat.place(), key=seat.key, wording=wish.wording
            )
        return await self.studio.handle(
            wish.command,
            seat.caller,
            seat.place(),
            key=seat.key,
            files=wish.files,
            replied=wish.replied,
        )

    async def _goes_to_caller(self, seat: Seat, wish: Wish) -> bool:
        """Whether it goes on from what is private, and so is shown to nobody else anyway."""
        if not (seat.hidden and wish.card):
            return False
        seen = await self.studio.look(wish.card, seat.caller)
        return seen is not None and seen.private


def visitor_at(seat: Seat) -> Visitor:
    return Visitor(caller=seat.caller, team=seat.team, enterprise=seat.enterprise, user=seat.user)
