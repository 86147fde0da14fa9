"""The facade of the core: adapters call it for every command, action and query."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from pydantic import SecretStr

from bot.domain.cards.card import CardView
from bot.domain.cards.decisions import Decision
from bot.domain.command_text.completion import AutocompleteChoice, Suggestion
from bot.domain.command_text.job_settings import JobSettings, settings_of
from bot.domain.commands import (
    Command,
    GenerateCommand,
    History,
    MediaCommand,
    Quota,
    QuotasShow,
    Reframe,
    Report,
    Status,
    StudioUsage,
)
from bot.domain.errors import StoreError
from bot.domain.generations.concepts import CONCEPTS_OPTION, MOTION_OPTION
from bot.domain.generations.media import Reference
from bot.domain.identity import Caller, Invocation, Place, is_direct_workspace
from bot.domain.jobs.actions import Action, ActionInput
from bot.domain.policy.reactions import ReactionRule
from bot.domain.reports.usage import UsageReport
from bot.domain.text import storable
from bot.domain.workspace.defaults import EffectiveDefault
from bot.domain.workspace.presets import PRESET_OPTION
from bot.jobs.estimates import views_now
from bot.jobs.gallery_page import MOMENTARY_MS, gallery_link
from bot.jobs.routing import offered_choices
from bot.jobs.transitions import confirm_shown
from bot.service import answers, defaults
from bot.service.admin import holds, usage, workspace_keys
from bot.service.admin.queries import AdminQueries
from bot.service.commands import framing, pending_commands, quotes, uploads
from bot.service.commands.ordering import CommandContext
from bot.service.members import questions
from bot.service.queries import autocomplete, listings, member_queries
from bot.service.queries.job_lookup import visible_job, with_whole_ids
from bot.service.queries.vocabulary import suggested_concepts, suggested_motions
from bot.service.replies import PendingStart, PriceQuote, PrivateReply, Reply, ReplyFile
from bot.service.results import actions, gallery, moderation, reactions
from bot.service.results.actions import ActionEvent
from bot.services import Services, log
from bot.store.admin.presets import preset_kinds
from bot.store.admin.workspaces import remember_member
from bot.store.queue.cards import MessageCard, card_of_message, find_card
from bot.store.queue.queue_stats import QueueStats, queue_stats
from bot.store.quotas.links import with_links

#: seconds that an adapter waits to know whether a result is private
_PRIVACY_S = 0.5


class BotService:
    """The use cases for adapters. They raise `Refused`, whose text is for the caller alone."""

    def __init__(self, services: Services) -> None:
        self._services = services
        #: what the admins' pages show
        self.admin = AdminQueries(services)

    async def _with_links(self, caller: Caller) -> Caller:
        """The caller with whom they have linked; alone where anybody may be this person."""
        if not caller.is_authenticated:
            return replace(caller, linked=frozenset())
        return await with_links(self._services.database, caller)

    async def _as_linked(self, invocation: Invocation) -> Invocation:
        return replace(invocation, caller=await self._with_links(invocation.caller))

    def admit(self, caller: Caller, key: str) -> None:
        """Count an event against the caller's rate limit before any work is done for it.

        A call with the same `key` is not counted again. Raises TooManyRequests.
        """
        self._services.rate_limit.admit(caller.member, storable(key))

    def admit_query(self, caller: Caller) -> None:
        """Count a query that makes nothing, such as an autocompletion; its limit is much higher."""
        self._services.rate_limit.admit_query(caller.member)

    async def execute(
        self,
        command: Command,
        invocation: Invocation,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
        previewed: bool = False,
        asks_first: bool = False,
        shown_price: int | None = None,
    ) -> Reply:
        """Execute a command; one that asks first is only shown, unless the caller has `previewed` it.

        With `asks_first` any command that generates is; so is one that costs more than `shown_price`, in
        micro-dollars. `files` fill its empty media options, `replied` is the job of the message that it
        replies to. With an answer window the adapter calls `confirm_shown` for a new card.
        """
        self._services.rate_limit.spend(invocation.caller.member, invocation.key)
        invocation = await self._as_linked(invocation)
        services, caller, place = self._services, invocation.caller, invocation.place
        if not isinstance(command, GenerateCommand):
            if files and isinstance(command, MediaCommand):
                command = command.with_files(files)
            command = await with_whole_ids(services.database, command, caller, place, services.clock())
            if isinstance(command, Report):
                return await moderation.report(services, command, invocation)
            return await answers.execute(services, command, caller, place)
        asks_first = asks_first or (command.asks_first and not previewed)
        context = CommandContext(files=files, replied=replied, asks_first=asks_first, shown_price=shown_price)
        return await pending_commands.execute(services, command, invocation, context)

    async def act(
        self,
        action: Action,
        job: str,
        invocation: Invocation,
        *,
        action_input: ActionInput | None = None,
        shown_price: int | None = None,
        asks_first: bool = False,
    ) -> Reply:
        """Execute the action of a button; the caller pays.

        Where it costs more than `shown_price`, in micro-dollars, it is shown again and started by another
        button; with `asks_first`, for a menu entry without a price, in any case.
        """
        self._services.rate_limit.spend(invocation.caller.member, invocation.key)
        invocation = await self._as_linked(invocation)
        event = ActionEvent(
            action=action,
            job=storable(job),
            action_input=action_input or ActionInput(),
            shown_price=shown_price,
            asks_first=asks_first,
        )
        return await actions.act(self._services, event, invocation)

    async def answer_confirmation(
        self, job: str, caller: Caller, *, question: str, confirmed: bool, key: str = ""
    ) -> PrivateReply:
        """Do what `PrivateReply.choices` asked about, or change nothing."""
        self._services.rate_limit.spend(caller.member, storable(key))
        caller = await self._with_links(caller)
        if questions.is_question(job, question):
            return await questions.answer(self._services, storable(question), caller, confirmed=confirmed)
        return await actions.answer_confirmation(
            self._services, storable(job), caller, question=question, confirmed=confirmed
        )

    async def turn_page(self, page: str, invocation: Invocation) -> PrivateReply:
        """The page of a list that `PrivateReply.pages` names."""
        self._services.rate_limit.spend(invocation.caller.member, invocation.key)
        invocation = await self._as_linked(invocation)
        return await listings.turn_page(self._services, storable(page), invocation)

    def gallery_page(self, caller: Caller) -> str:
        """A path of the web server that shows the gallery of the caller's workspace for an hour."""
        return gallery_link(self._services, caller.workspace, lasts_ms=MOMENTARY_MS)

    async def find_pending(self, pending: str, invocation: Invocation) -> PendingStart:
        """What `PrivateReply.pending` has shown; raises InvalidRequest if it has expired."""
        invocation = await self._as_linked(invocation)
        found = await pending_commands.find(self._services, storable(pending), invocation)
        if found.command is None:
            return found
        private = await self.is_private(found.command, invocation.caller, invocation.place)
        return replace(found, private=bool(private))

    async def start_pending(self, pending: str, invocation: Invocation) -> Reply:
        """Start a command that was shown, once; it is shown again if its price has risen."""
        self._services.rate_limit.spend(invocation.caller.member, invocation.key)
        invocation = await self._as_linked(invocation)
        return await pending_commands.start(self._services, storable(pending), invocation)

    async def discard_pending(self, pending: str, caller: Caller, *, key: str) -> PrivateReply:
        """Forget a command that was shown and not started."""
        self._services.rate_limit.spend(caller.member, storable(key))
        return await pending_commands.discard(self._services, storable(pending), caller)

    async def set_workspace_key(self, key: SecretStr, caller: Caller, *, event_key: str) -> PrivateReply:
        """Store the API key that an admin has entered in a form, once the provider accepts it."""
        self._services.rate_limit.spend(caller.member, storable(event_key))
        return await workspace_keys.set_key(self._services, key, caller)

    async def react(
        self, emoji: str, job: str, invocation: Invocation, *, shown_price: int | None = None
    ) -> Reply | None:
        """Execute the action of a reaction, as `act` does; None for an emoji without one."""
        invocation = await self._as_linked(invocation)
        return await reactions.react(
            self._services, emoji, storable(job), invocation, shown_price=shown_price
        )

    async def unreact(self, emoji: str, job: str, invocation: Invocation) -> Reply | None:
        """Undo what a removed reaction did; a star can be undone, and a vote that is not acted on yet."""
        invocation = await self._as_linked(invocation)
        return await reactions.unreact(self._services, emoji, storable(job), invocation)

    async def reaction(self, emoji: str, caller: Caller) -> ReactionRule | None:
        """What an emoji does in the caller's workspace; None for one without a meaning."""
        return await reactions.rule_of(self._services, emoji, caller)

    def may_have_meaning(self, emoji: str, caller: Caller) -> bool:
        """Whether an emoji does something in the caller's workspace, as far as is known without a query."""
        return reactions.is_known(self._services, emoji, caller)

    async def reactions(self, caller: Caller) -> Sequence[ReactionRule]:
        """Every emoji with a meaning in the caller's workspace."""
        return tuple((await reactions.current_map(self._services, caller.workspace)).values())

    async def decide(
        self, decision: Decision, job: str, card: str, caller: Caller, *, key: str = ""
    ) -> PrivateReply:
        """Decide what a button under a held or reported job asks for."""
        services, job = self._services, storable(job)
        services.rate_limit.spend(caller.member, storable(key))
        caller = await self._with_links(caller)
        if decision in (Decision.APPROVE, Decision.REFUSE):
            return await holds.decide_hold(services, decision, job, caller)
        if decision in (Decision.SHARE, Decision.WITHHOLD):
            return await gallery.answer(services, decision, job, caller)
        return await moderation.moderate(services, decision, job, storable(card), caller)

    def begin_upload(self, caller: Caller) -> AbstractAsyncContextManager[uploads.Upload]:
        """Reserve room for a file before its body is read; see `uploads.begin_upload`."""
        return uploads.begin_upload(self._services, caller)

    async def quote(
        self,
        command: GenerateCommand,
        invocation: Invocation,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
    ) -> PriceQuote:
        """The price of a command; see `quotes.quote`. It does not count against the rate limit."""
        invocation = await self._as_linked(invocation)
        context = CommandContext(files=files, replied=replied)
        return await quotes.quote(self._services, command, invocation, context)

    async def is_private(self, command: Command | None, caller: Caller, place: Place) -> bool | None:
        """Whether what answers a command is for the caller alone, as they say or by default.

        Without a command: what a generating action makes of a result that is not private itself.
        None where that cannot be read in time: an adapter must answer soon, and shows nothing to others then.
        """
        if command is not None and not isinstance(command, GenerateCommand):
            return True
        try:
            async with asyncio.timeout(_PRIVACY_S):
                if command is None:
                    return await defaults.private_by_default(self._services, caller, place)
                return await defaults.is_private(self._services, command, caller, place)
        except (StoreError, TimeoutError) as error:
            log.warning("defaults_not_read", error=repr(error))
            return None

    async def preview_framing(
        self,
        command: Reframe,
        invocation: Invocation,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
    ) -> bytes | None:
        """A PNG that shows where the source will be; see `framing.preview_framing`."""
        invocation = await self._as_linked(invocation)
        context = CommandContext(files=files, replied=replied)
        return await framing.preview_framing(
            self._services, command, invocation.caller, invocation.place, context
        )

    async def answer_query(
        self, command: Quota | History | Status | QuotasShow | StudioUsage, caller: Caller
    ) -> PrivateReply:
        """Answer a query for a page that refreshes it; it does not count against the rate limit."""
        place = Place(
            adapter=caller.platform,
            workspace=f"{caller.platform}:@dm",
            channel=f"@{caller.person}",
            private=True,
            direct=True,
        )
        return await answers.answer(self._services, command, await self._with_links(caller), place)

    async def usage_report(self, command: StudioUsage, caller: Caller) -> UsageReport:
        """What the jobs of the caller's workspace came to; raises NotAllowed for who is no admin."""
        return await usage.usage_report(self._services, command, caller)

    async def usage_chart(self, report: UsageReport, caller: Caller) -> ReplyFile:
        """A report as a PNG with its alternative text; raises MediaError where it cannot be drawn."""
        return await usage.usage_chart(self._services, report, caller)

    async def settings_of(self, job: str, invocation: Invocation) -> JobSettings:
        """The command that makes a job again, for a form; raises Refused where the caller may not see it."""
        caller = await self._with_links(invocation.caller)
        found = await visible_job(self._services.database, storable(job), caller, invocation.place)
        return settings_of(found)

    async def offered_choices(self, caller: Caller) -> Mapping[str, frozenset[str]]:
        """By option, the values that the providers of the caller's workspace offer."""
        return await offered_choices(self._services, caller.workspace)

    async def confirm_shown(self, view: CardView, message: str) -> None:
        """Record that the adapter has shown a card's first revision itself, as this message."""
        await confirm_shown(self._services, view, message)

    async def get_card(self, card: str, caller: Caller) -> CardView | None:
        """The current view of a card; None if the caller may see none."""
        services = self._services
        found = await find_card(services.database, storable(card), services.cipher)
        if found is None or found.place.workspace != caller.workspace:
            return None
        # All direct messages are one workspace, but not one conversation.
        caller = await self._with_links(caller)
        personal = found.place.private or is_direct_workspace(found.place.workspace)
        if personal and found.person not in caller.persons:
            return None
        (view,) = await views_now(services, found)
        return view

    async def card_by_message(self, adapter: str, *messages: str) -> MessageCard | None:
        """The card that a message shows, by any of the names that its adapter may have given the message."""
        return await card_of_message(self._services.database, adapter, tuple(map(storable, messages)))

    async def remember_member(self, member: Caller) -> None:
        """Store a member whom an event names, so that commands can name them."""
        await self._services.database.transact(remember_member, member, now=self._services.clock())

    async def pause_notice(self, caller: Caller) -> str:
        """Why queued jobs of the caller's workspace wait, for a banner; empty while they do not."""
        return await member_queries.pause_notice(self._services, caller)

    async def queue_stats(self) -> QueueStats:
        """The number of waiting and running jobs in all workspaces."""
        return await queue_stats(self._services.database)

    async def autocomplete_option(
        self,
        command: type[Command],
        option: str,
        typed: str,
        invocation: Invocation,
        *,
        count: int = 25,
    ) -> tuple[AutocompleteChoice, ...]:
        """Values for one option while it is typed; a value replaces everything that was typed."""
        invocation = await self._as_linked(invocation)
        return await autocomplete.complete_option(
            self._services, command, option, storable(typed), invocation, count=count
        )

    async def suggested_words(self, caller: Caller) -> Mapping[str, tuple[str, ...]]:
        """The words that video models understand, and the names of presets, by the option that takes them."""
        return {
            PRESET_OPTION: tuple(await preset_kinds(self._services.database, caller.workspace)),
            CONCEPTS_OPTION: suggested_concepts(self._services.vocabularies),
            MOTION_OPTION: suggested_motions(self._services.vocabularies),
        }

    async def effective_defaults(self, invocation: Invocation) -> Mapping[str, EffectiveDefault]:
        """By its name, the default that counts for the caller at the place, and where it comes from."""
        return await defaults.effective_here(self._services, invocation.caller, invocation.place)

    async def preselect(
        self, command: type[GenerateCommand], option: str, invocation: Invocation
    ) -> AutocompleteChoice | None:
        """The job that a form selects at first: the one that the command would use if none were named."""
        return await autocomplete.preselect(
            self._services, command, option, await self._as_linked(invocation)
        )

    async def autocomplete_line(self, text: str, invocation: Invocation) -> tuple[Suggestion, ...]:
        """Completions of a partial command line, with the caller's jobs and members."""
        return await autocomplete.complete_line(
            self._services, storable(text), await self._as_linked(invocation)
        )
