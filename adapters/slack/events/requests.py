"""Asking the core for whoever has done something, with the rights that they have now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import structlog

from adapters.slack.events.channel_membership import BotNotInChannel, ChannelMembership
from adapters.slack.events.context import EventContext
from adapters.slack.events.home_tab import HomeTab, Viewer
from adapters.slack.events.message_files import File, is_bare
from adapters.slack.events.pending_requests import PendingRequest, PendingStore
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from adapters.slack.web_api.users import UserDirectory, UserKind, UserUnknown
from bot.domain.errors import Delayed, InvalidRequest, NotAllowed
from bot.domain.identity import Caller
from bot.service.facade import BotService
from bot.service.replies import Reply

_log = structlog.get_logger(__name__)

#: names that are looked up for one command
_STRANGERS = 10


class NotAPerson(NotAllowed):
    """Bots and closed accounts start nothing, and are answered nothing."""


class ExternalUser(NotAllowed):
    """You belong to another organisation, so you cannot spend the budget of this workspace.

    Nothing was charged. Have Reverie installed in your own workspace, or ask an admin here for an account.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRunner:
    """Knows who somebody is, whether they can be answered where they are, and then asks."""

    slack: WebApi
    service: BotService
    people: UserDirectory
    attendance: ChannelMembership
    drafts: PendingStore
    home: HomeTab

    async def recognised(self, seat: EventContext) -> EventContext:
        """The same seat, with the caller's name and rights as Slack says them now.

        Raises Unrecognised where Slack does not say them, Stranger and NotAPerson for whom nothing is done.
        """
        if not seat.key:
            # Without the event's id nothing could be kept from being done twice.
            raise InvalidRequest("Slack has left out what tells this from other requests; try again")
        someone = await self.people.look(seat.team, seat.user, enterprise=seat.enterprise)
        match someone.standing:
            case UserKind.BOT | UserKind.DEACTIVATED:
                raise NotAPerson
            case UserKind.STRANGER:
                raise ExternalUser
        caller = replace(
            seat.caller,
            name=someone.name or seat.caller.name,
            is_admin=someone.is_admin,
            is_guest=someone.standing is UserKind.GUEST,
        )
        return replace(seat, caller=caller)

    async def names(self, seat: EventContext, users: Sequence[str]) -> Mapping[str, str]:
        """What people are called whom an event names by their id alone."""
        if not users:
            return {}
        # For whom nothing is done, nobody is looked up either.
        await self.recognised(seat)
        found = {}
        for user in users[:_STRANGERS]:
            name = await self.people.name(seat.team, user, asker=seat.user, enterprise=seat.enterprise)
            if name:
                found[user] = name
        return found

    async def files(self, seat: EventContext, files: Sequence[File]) -> list[File]:
        """Files with what Slack leaves out of some payloads; raises InvalidRequest for one that is gone."""
        bare = [one for one in files if is_bare(one)]
        # Side by side: a form must open within three seconds.
        known = await asyncio.gather(*(self._file(seat, one) for one in bare), return_exceptions=True)
        if faults := [one for one in known if isinstance(one, BaseException)]:
            raise faults[0]
        found = iter(cast("list[File]", known))
        return [next(found) if is_bare(one) else one for one in files]

    async def _file(self, seat: EventContext, file: File) -> File:
        try:
            said = await self.slack.call(
                "files.info", seat.team, enterprise=seat.enterprise, file=str(file["id"])
            )
        except ApiError as refusal:
            raise InvalidRequest(f"Slack does not give this file: {refusal.told}") from refusal
        except Delayed as error:
            raise InvalidRequest("Slack does not give this file at the moment; try again") from error
        found = said.get("file")
        return found if isinstance(found, Mapping) else {}

    async def ask(self, seat: EventContext, order: PendingRequest, *, named: Sequence[Caller] = ()) -> Reply:
        """Do it, and answer what came of it; raises Refused.

        What could not be shown at its place is kept for another one, and refused as Absent.
        """
        seat = await self.recognised(seat)
        if order.is_public and not await self._goes_to_caller(seat, order):
            try:
                await self.attendance.require(seat)
            except BotNotInChannel:
                await self.drafts.keep_wish(seat.caller, seat.key, order)
                raise
        for one in named:
            await self._introduce(seat, one)
        answer = await self._do(seat, order)
        self.touch(seat)
        return answer

    async def _introduce(self, seat: EventContext, named: Caller) -> None:
        """Make somebody known whom a command names, as a guest where they are one.

        Of whom Slack says nothing, what is known already stays.
        """
        user = named.person.rpartition(":")[2]
        try:
            someone = await self.people.look(seat.team, user, enterprise=seat.enterprise)
        except UserUnknown as error:
            _log.info("member_not_introduced", user=user, error=str(error))
            return
        guest = someone.standing is UserKind.GUEST
        await self.service.remember_member(replace(named, name=someone.name or named.name, is_guest=guest))

    async def decide(self, seat: EventContext, job: str, *, question: str, confirmed: bool) -> Reply:
        """Do what a question asks about, or leave it; raises Refused."""
        seat = await self.recognised(seat)
        answer = await self.service.answer_confirmation(
            job, seat.caller, question=question, confirmed=confirmed, key=seat.key
        )
        self.touch(seat)
        return answer

    def touch(self, seat: EventContext) -> None:
        """Keep the Home tab of a recognised caller true, who may be looking at it."""
        self.home.touch(visitor_at(seat))

    async def _do(self, seat: EventContext, order: PendingRequest) -> Reply:
        if order.action is not None:
            return await self.service.act(
                order.action, order.job, seat.caller, seat.place(), key=seat.key, wording=order.wording
            )
        return await self.service.execute(
            order.command,
            seat.caller,
            seat.place(),
            key=seat.key,
            files=order.files,
            replied=order.replied,
        )

    async def _goes_to_caller(self, seat: EventContext, order: PendingRequest) -> bool:
        """Whether it goes on from what is private, and so is shown to nobody else anyway."""
        if not (seat.hidden and order.card):
            return False
        seen = await self.service.get_card(order.card, seat.caller)
        return seen is not None and seen.private


def visitor_at(seat: EventContext) -> Viewer:
    return Viewer(caller=seat.caller, team=seat.team, enterprise=seat.enterprise, user=seat.user)
