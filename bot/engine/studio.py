"""What adapters call: every command and every action of every platform comes through here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.domain.actions import GENERATING, Action, require_offered
from bot.domain.cards import CardView, view
from bot.domain.commands import (
    Cancel,
    Command,
    Delete,
    Help,
    History,
    Imagine,
    Quota,
    QuotasReset,
    QuotasSet,
    QuotasShow,
    Reframe,
    Show,
    Status,
    StudioPause,
    StudioResume,
    StudioUsage,
)
from bot.domain.completion import Suggestion, complete
from bot.domain.options import Kind
from bot.domain.people import Caller, Place
from bot.domain.policy import is_operator, require_visible
from bot.domain.requests import AspectRatio
from bot.engine import administration, enquiries, intake, retraction
from bot.engine.answers import Answer, Note
from bot.engine.core import CARDS, Core
from bot.engine.delivery import note_answer
from bot.engine.outlook import outlooks
from bot.store.cards import find_card
from bot.store.jobs import Star, find_job, history, jobs_of_cards, toggle_star
from bot.store.workspaces import members_like

#: what answers each command that makes no job
_ANSWERS: Mapping[type[Command], Callable[[Core, Any, Caller], Awaitable[Note]]] = {
    Show: enquiries.show,
    History: enquiries.list_history,
    Status: enquiries.tell_status,
    Cancel: retraction.cancel,
    Delete: retraction.delete,
    Quota: enquiries.tell_quota,
    Help: enquiries.tell_help,
    QuotasSet: administration.set_quota,
    QuotasShow: administration.show_quotas,
    QuotasReset: administration.reset_quota,
    StudioPause: administration.pause_or_resume,
    StudioResume: administration.pause_or_resume,
    StudioUsage: administration.show_usage,
}


class Studio:
    """The one door into the core. Raises `Refused`, whose text is for the caller's eyes."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def handle(
        self,
        command: Command,
        caller: Caller,
        place: Place,
        *,
        key: str,
        answer_window_ms: int = 0,
    ) -> Answer:
        """Do what a command asks.

        `key` is the platform's id of the event: the same one again makes nothing twice. With an answer
        window the adapter shows an accepted card's first revision itself and calls `shown`.
        """
        core = self._core
        core.rate_limit.spend(caller.member)
        if isinstance(command, Imagine | Reframe):
            place = replace(place, private=place.private or command.private)
            wish = await intake.wish_of(core, command, caller)
            return await intake.accept(
                core, [wish], caller, place, key=key, answer_window_ms=answer_window_ms
            )
        return await _ANSWERS[type(command)](core, command, caller)

    async def act(
        self,
        action: Action,
        job: str,
        caller: Caller,
        place: Place,
        *,
        key: str,
        aspect_ratio: AspectRatio | None = None,
        answer_window_ms: int = 0,
    ) -> Answer:
        """Do what a button or a reaction asks; whoever presses pays."""
        core = self._core
        core.rate_limit.spend(caller.member)
        if action is Action.DELETE:
            return await retraction.delete(core, Delete(job=job), caller)
        found = require_visible(await find_job(core.database, job), caller)
        require_offered(action, found)
        if action in GENERATING:
            wish = await intake.wish_of_action(core, action, found, aspect_ratio)
            place = replace(place, private=place.private or found.private)
            return await intake.accept(
                core, [wish], caller, place, key=key, answer_window_ms=answer_window_ms
            )
        star = Star(
            job=found.id,
            card=found.card,
            member=caller.member,
            now=core.clock(),
            event=f"{place.adapter}:{key}",
        )
        starred = await core.database.write(toggle_star, star)
        core.wake(CARDS)
        return Note(title="Taken out of the gallery" if starred is False else "In the gallery")

    async def quota(self, caller: Caller) -> Note:
        """The caller's quota, for a place that always shows it; asking costs nothing of their rate."""
        return await enquiries.tell_quota(self._core, Quota(), caller)

    async def shown(self, seen: CardView, message: str) -> None:
        """Note that the adapter has shown a card's first revision itself, as this message."""
        await note_answer(self._core, seen, message)

    async def look(self, card: str, caller: Caller) -> CardView | None:
        """A card as it is now, for those who may see it."""
        core = self._core
        found = await find_card(core.database, card, core.seal)
        if found is None:
            return None
        jobs = (await jobs_of_cards(core.database, [card]))[card]
        if found.place.workspace != caller.workspace or (jobs[0].private and found.person != caller.person):
            return None
        return view(found, jobs, await outlooks(core, jobs))

    async def suggest(self, text: str, caller: Caller) -> tuple[Suggestion, ...]:
        """How a command that is being typed could go on, the caller's own jobs and members included."""
        core = self._core
        admin = caller.is_admin or is_operator(caller, frozenset(core.settings.operators))
        completion = complete(text, admin=admin)
        if completion.wanted is Kind.JOB:
            jobs = await history(core.database, caller.person, count=8)
            return (
                *completion.suggestions,
                *(
                    Suggestion(
                        text=f"{completion.stem} {job.id} ",
                        label=job.title[:60],
                        about=f"{job.state} · {job.request.model} · {job.request.aspect_ratio}",
                    )
                    for job in jobs
                ),
            )
        if completion.wanted is Kind.MEMBER and admin:
            names = await members_like(core.database, caller.workspace, text.rpartition(" ")[2])
            return (
                *completion.suggestions,
                *(
                    Suggestion(text=f"{completion.stem} {_quoted(name)} ", label=name, about="Member")
                    for name in names
                ),
            )
        return completion.suggestions


def _quoted(name: str) -> str:
    """A name as one value: one of two words needs its quotes."""
    return f'"{name}"' if " " in name else name
