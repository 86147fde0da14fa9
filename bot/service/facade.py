"""What adapters call: every command and every action of every platform comes through here."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from bot.domain.actions import Action, ActionInput
from bot.domain.cards import CardView
from bot.domain.commands import (
    Cancel,
    Command,
    Delete,
    GenerateCommand,
    Help,
    History,
    Quota,
    QuotasReset,
    QuotasSet,
    QuotasShow,
    Show,
    Status,
    StudioPause,
    StudioResume,
    StudioUsage,
)
from bot.domain.completion import AutocompleteChoice, Suggestion
from bot.domain.identity import Caller, Place, is_direct_workspace
from bot.domain.media import Media, Reference
from bot.domain.pricing import is_estimate, is_upper_bound
from bot.domain.reactions import DEFAULT_REACTIONS, normalized
from bot.domain.text import storable
from bot.jobs.estimates import views_now
from bot.jobs.transitions import confirm_shown
from bot.service import actions as acting
from bot.service import admin as administration
from bot.service import autocomplete as offering
from bot.service import ordering as intake
from bot.service import queries as enquiries
from bot.service import retraction, uploads
from bot.service.actions import ActionEvent
from bot.service.job_lookup import with_whole_ids
from bot.service.ordering import CommandContext
from bot.service.replies import PriceQuote, PrivateReply, Reply
from bot.services import Services
from bot.store.cards import MessageCard, card_of_message, find_card
from bot.store.jobs import QueueStats, queue_stats
from bot.store.workspaces import Introduction, remember_member

#: what answers each command that makes no job
_ANSWERS: Mapping[type[Command], Callable[[Services, Any, Caller], Awaitable[PrivateReply]]] = {
    History: enquiries.list_history,
    Cancel: retraction.cancel,
    Delete: retraction.ask_to_delete,
    Quota: enquiries.tell_quota,
    Help: enquiries.tell_help,
    QuotasSet: administration.set_quota,
    QuotasShow: administration.show_quotas,
    QuotasReset: administration.reset_quota,
    StudioPause: administration.pause_or_resume,
    StudioResume: administration.pause_or_resume,
    StudioUsage: administration.show_usage,
}
#: the same for those whose answer depends on where they are given
_ANSWERS_HERE: Mapping[type[Command], Callable[[Services, Any, Caller, Place], Awaitable[PrivateReply]]] = {
    Show: enquiries.show,
    Status: enquiries.tell_status,
}


async def _answer(services: Services, command: Command, caller: Caller, place: Place) -> PrivateReply:
    here = _ANSWERS_HERE.get(type(command))
    if here is not None:
        return await here(services, command, caller, place)
    return await _ANSWERS[type(command)](services, command, caller)


class BotService:
    """The one door into the core. Raises `Refused`, whose text is for the caller's eyes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def admit(self, caller: Caller, key: str) -> None:
        """Count an event against its caller's rate before anything is looked up for it.

        What is asked for with the same `key` then counts no second time. Raises TooManyRequests.
        """
        self._services.rate_limit.admit(caller.member, storable(key))

    def admit_query(self, caller: Caller) -> None:
        """The same for what makes nothing, as while somebody types: many more of these are let in."""
        self._services.rate_limit.ask(caller.member)

    async def execute(
        self,
        command: Command,
        caller: Caller,
        place: Place,
        *,
        key: str,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
        answer_window_ms: int = 0,
    ) -> Reply:
        """Do what a command asks.

        `key` is the platform's id of the event: the same one again makes nothing twice. `files` came along
        and fill the command's empty media options; `replied` is the job of the message that it replies to.
        With an answer window the adapter shows an accepted card's first revision itself and calls `shown`.
        """
        services, key = self._services, storable(key)
        services.rate_limit.spend(caller.member, key)
        if not isinstance(command, GenerateCommand):
            return await _answer(
                services, await with_whole_ids(services, command, caller, place), caller, place
            )
        order = await intake.resolve_command(
            services, command, caller, place, CommandContext(files=files, replied=replied)
        )
        return await intake.accept(services, order, caller, place, key=key, answer_window_ms=answer_window_ms)

    async def act(
        self,
        action: Action,
        job: str,
        caller: Caller,
        place: Place,
        *,
        key: str,
        wording: ActionInput | None = None,
        answer_window_ms: int = 0,
    ) -> Reply:
        """Do what a button asks; whoever presses pays."""
        job, key = storable(job), storable(key)
        self._services.rate_limit.spend(caller.member, key)
        pressed = ActionEvent(action=action, job=job, key=key, wording=wording or ActionInput())
        return await acting.act(self._services, pressed, caller, place, answer_window_ms=answer_window_ms)

    async def answer_confirmation(
        self, job: str, caller: Caller, *, question: str, confirmed: bool, key: str = ""
    ) -> PrivateReply:
        """Do what a question asked about, or leave everything as it is; see `PrivateReply.choices`."""
        self._services.rate_limit.spend(caller.member, storable(key))
        job = storable(job)
        return await retraction.decide(self._services, job, caller, question=question, confirmed=confirmed)

    async def react(self, emoji: str, job: str, caller: Caller, place: Place, *, key: str) -> Reply | None:
        """Do what a reaction asks; None where this emoji means nothing here."""
        action = self.reactions(caller).get(normalized(emoji))
        if action is None:
            return None
        job, key = storable(job), storable(key)
        self._services.rate_limit.spend(caller.member, key)
        pressed = ActionEvent(
            action=action, job=job, key=key, reaction=f"{caller.member}/{job}/{normalized(emoji)}"
        )
        return await acting.act(self._services, pressed, caller, place)

    async def unreact(self, emoji: str, job: str, caller: Caller, place: Place, *, key: str) -> Reply | None:
        """Take back what a reaction did, where that can be taken back: a star."""
        if self.reactions(caller).get(normalized(emoji)) is not Action.GALLERY:
            return None
        return await acting.unstar(self._services, storable(job), caller, place, key=storable(key))

    def reactions(self, _: Caller) -> Mapping[str, Action]:
        """What each emoji does in the caller's workspace."""
        return DEFAULT_REACTIONS

    def begin_upload(self, caller: Caller) -> AbstractAsyncContextManager[uploads.Upload]:
        """Make room for a file that begins to arrive, before its body is read: see `uploads.uploading`."""
        return uploads.uploading(self._services, caller)

    async def take_in(self, path: Path, caller: Caller) -> Media:
        """Keep a file that lies in `Library.incoming`, for a command of the caller that will name it."""
        return await uploads.take_in(self._services, path, caller)

    async def quote(
        self,
        command: GenerateCommand,
        caller: Caller,
        place: Place,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
    ) -> PriceQuote:
        """What a command would cost; nothing is reserved, and asking costs nothing of the caller's rate."""
        order = await intake.resolve_command(
            self._services, command, caller, place, CommandContext(files=files, replied=replied)
        )
        prices = [job.price for job in await intake.new_jobs(self._services, order)]
        # What would be refused when it is given is refused now.
        await enquiries.check_acceptable(self._services, caller, prices)
        return PriceQuote(
            price=sum(prices),
            estimate=is_estimate(order.request),
            upper_bound=is_upper_bound(order.request),
            source=None if command.jobs else order.parent,
        )

    async def answer_query(
        self, question: Quota | History | Status | QuotasShow | StudioUsage, caller: Caller
    ) -> PrivateReply:
        """Answer a question for a place that always shows it; asking costs nothing of the caller's rate."""
        messages = f"{caller.platform}:@dm"
        place = Place(
            adapter=caller.platform,
            workspace=messages,
            channel=f"@{caller.person}",
            private=True,
            direct=True,
        )
        return await _answer(self._services, question, caller, place)

    async def confirm_shown(self, seen: CardView, message: str) -> None:
        """Note that the adapter has shown a card's first revision itself, as this message."""
        await confirm_shown(self._services, seen, message)

    async def get_card(self, card: str, caller: Caller) -> CardView | None:
        """A card as it is now, for those who may see it."""
        services = self._services
        found = await find_card(services.database, storable(card), services.cipher)
        if found is None:
            return None
        if found.place.workspace != caller.workspace:
            return None
        # People in direct messages share their workspace with everybody, and no conversation.
        personal = found.place.private or is_direct_workspace(found.place.workspace)
        if personal and found.person != caller.person:
            return None
        (seen,) = await views_now(services, found)
        return seen

    async def card_by_message(self, adapter: str, *messages: str) -> MessageCard | None:
        """What a message shows, by any of the names that its adapter may have given it; None: not ours."""
        return await card_of_message(self._services.database, adapter, tuple(map(storable, messages)))

    async def remember_member(self, member: Caller) -> None:
        """Make somebody known whom an event names, so that a command may name them too."""
        item = Introduction(caller=member, now=self._services.clock())
        await self._services.database.write(remember_member, item)

    async def queue_stats(self) -> QueueStats:
        """How much there is to do now, everywhere."""
        return await queue_stats(self._services.database)

    async def autocomplete_option(
        self,
        command: type[Command],
        option: str,
        typed: str,
        caller: Caller,
        place: Place,
        *,
        count: int = 25,
    ) -> tuple[AutocompleteChoice, ...]:
        """What could be chosen for one option while it is typed; the value replaces all that is typed."""
        return await offering.offer(
            self._services, command, option, storable(typed), caller=caller, place=place, count=count
        )

    async def preselect(
        self, command: type[GenerateCommand], option: str, caller: Caller, place: Place
    ) -> AutocompleteChoice | None:
        """The job that a form begins with: what the command builds on where nothing is named."""
        return await offering.preselect(self._services, command, option, caller, place)

    async def autocomplete_line(self, text: str, caller: Caller, place: Place) -> tuple[Suggestion, ...]:
        """How a command that is being typed could go on, the caller's own jobs and members included."""
        return await offering.suggest(self._services, storable(text), caller, place)
