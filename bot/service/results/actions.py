"""Actions on a job: follow-up jobs, copies, stars, cancelling and deleting. Whoever acts pays."""

from dataclasses import dataclass, field, replace
from functools import partial

from bot.domain.access import is_operator, require_own
from bot.domain.commands import Cancel, Delete
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Invocation, Place, is_direct_workspace
from bot.domain.ids import id_created_at, parse_job_id, short_id
from bot.domain.jobs.actions import (
    GENERATING,
    Action,
    ActionInput,
    available_actions,
    require_available,
)
from bot.domain.jobs.job import FINAL, WAITING, Job, State
from bot.domain.money.pricing import show_money
from bot.jobs.media import remove_unreferenced
from bot.jobs.transitions import transition_job
from bot.service.commands import ordering, pending_commands
from bot.service.commands.ordering import ReactionTerms
from bot.service.durable_writes import until_known
from bot.service.queries.job_lookup import visible_job
from bot.service.replies import ConfirmationButton, PrivateReply, Reply
from bot.service.results import gallery
from bot.services import Services, Topic, log
from bot.store.admin.workspaces import AuditEntry, record_audit
from bot.store.queue.card_copies import CardCopy
from bot.store.queue.cards import create_card_copy
from bot.store.queue.jobs import delete_job, find_job, jobs_of_cards

_ALREADY_RUNNING = "This job is already running, so it cannot be cancelled. /delete removes its result."


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEvent:
    """A button or a reaction of somebody on a job."""

    action: Action
    job: str
    action_input: ActionInput = field(default_factory=ActionInput)
    #: what the reaction means in its workspace; None for a button
    reaction: ReactionTerms | None = None
    #: micro-dollars that the caller has seen; None where no price was shown
    shown_price: int | None = None
    #: show what it will do and cost instead, and start it with a button
    asks_first: bool = False


async def act(services: Services, event: ActionEvent, invocation: Invocation) -> Reply:
    """Execute an action; raises Refused if the job or the caller's rights do not allow it."""
    caller, place = invocation.caller, invocation.place
    if event.action is Action.DELETE:
        return await ask_to_delete(services, Delete(job=event.job), caller)
    job = await visible_job(services.database, event.job, caller, place)
    require_available(event.action, job)
    if event.action is Action.SEND:
        return await _send(services, job, event, invocation)
    if event.action is Action.GALLERY:
        # A reaction sets the star, and its removal unsets it; a button toggles.
        return await gallery.star(services, job, invocation, on=True if event.reaction else None)
    assert event.action in GENERATING  # noqa: S101 - every other action is above
    shown = pending_commands.PendingAction(action=event.action, job=job.id, action_input=event.action_input)
    if event.asks_first:
        return await pending_commands.ask(services, shown, invocation)
    order = await ordering.resolve_action(
        services,
        event.action,
        job,
        event.action_input,
        caller=caller,
        place=place,
        shared=event.reaction is not None and event.reaction.vote is not None,
    )
    try:
        return await ordering.accept(
            services, order, invocation, reaction=event.reaction, max_price=event.shown_price
        )
    except ordering.PriceRisen:
        notice = pending_commands.risen(event.shown_price or 0)
        return await pending_commands.ask(services, shown, invocation, notice=notice)


async def _send(services: Services, job: Job, event: ActionEvent, invocation: Invocation) -> PrivateReply:
    """Show a result again in the direct messages between the caller and the bot."""
    caller, place = invocation.caller, invocation.place
    direct = Place(
        adapter=place.adapter,
        workspace=f"{caller.platform}:@dm",
        channel=f"@{caller.person}",
        private=True,
    )
    card = services.new_id()
    copy = CardCopy(
        card=card,
        event=invocation.event,
        caller=caller,
        place=direct,
        encrypted_reply_token=ordering.encrypted_reply_token(services.cipher, place, card),
        job=job.id,
        now=services.clock(),
        reaction=event.reaction.key if event.reaction else None,
        reaction_since=services.clock() - services.times.reaction_window,
    )
    await until_known(services, lambda: services.database.transact(create_card_copy, copy))
    services.wake(Topic.CARDS)
    return PrivateReply(title="On its way to you", text="It comes as a direct message.")


async def unstar(services: Services, job: str, invocation: Invocation) -> PrivateReply | None:
    """Remove a result from the gallery; None for a job that cannot be in it."""
    found = await find_job(services.database, job)
    if found is None or Action.GALLERY not in available_actions(found):
        return None
    seen = await visible_job(services.database, job, invocation.caller, invocation.place)
    return await gallery.star(services, seen, invocation, on=False)


async def cancel(services: Services, command: Cancel, caller: Caller) -> PrivateReply:
    """Cancel a job that was not submitted yet; its money is released at once.

    Admins may cancel a public job of somebody else, which leaves an audit entry.
    """
    job = await _own(services, command.job, caller)
    if command.all:
        return await _cancel_card(services, job, caller)
    if job.state is State.CANCELLED:
        return _already_cancelled()
    _require_waiting(job)
    if not await _cancel_waiting(services, job, caller):
        # Its state changed meanwhile: reply with the current one.
        return await cancel(services, command, caller)
    return PrivateReply(title="Cancelled", text=f"Not charged: {show_money(job.price)} is available again.")


async def _cancel_card(services: Services, job: Job, caller: Caller) -> PrivateReply:
    """Cancel every job of a card that was not submitted yet."""
    beside = (await jobs_of_cards(services.database, [job.card])).get(job.card, [])
    waiting = [one for one in beside if one.state in WAITING]
    if not waiting and job.state is State.CANCELLED:
        return _already_cancelled()
    if not waiting:
        _require_waiting(job)
    # One that was submitted meanwhile goes on.
    cancelled = [one for one in waiting if await _cancel_waiting(services, one, caller)]
    if not cancelled:
        raise InvalidRequest(_ALREADY_RUNNING)
    count, price = len(cancelled), show_money(sum(one.price for one in cancelled))
    return PrivateReply(
        title="Cancelled",
        text=f"{count} of {len(beside)} cancelled. Not charged: {price} is available again.",
    )


async def _cancel_waiting(services: Services, job: Job, caller: Caller) -> bool:
    """Cancel a job, and record where it is somebody else's; False where its state has changed meanwhile."""
    repeat = partial(until_known, services)
    if not await transition_job(services, job, State.CANCELLED, "cancelled", repeat=repeat):
        return False
    if job.person not in caller.persons:
        await _record_about(services, "cancel", job, caller)
    return True


def _already_cancelled() -> PrivateReply:
    return PrivateReply(title="Already cancelled", text="Nothing was charged.")


def _require_waiting(job: Job) -> None:
    if job.state in FINAL:
        raise InvalidRequest("This job has already ended")
    if job.state not in WAITING:
        raise InvalidRequest(_ALREADY_RUNNING)


async def ask_to_delete(services: Services, command: Delete, caller: Caller) -> PrivateReply:
    """Ask for a confirmation before a finished job's message and media are deleted."""
    job = await _deletable(services, command.job, caller)
    question = services.new_id()
    choices = (
        ConfirmationButton(label="Keep", confirms=False, job=job.id, question=question),
        ConfirmationButton(label="Delete", confirms=True, job=job.id, question=question),
    )
    return PrivateReply(
        title="Delete this?",
        text=f"#{short_id(job.id)} · {job.title}\n{_about_deletion(services, job)}",
        choices=choices,
        media=None if job.expired else job.result,
    )


async def answer_confirmation(
    services: Services, job: str, caller: Caller, *, question: str, confirmed: bool
) -> PrivateReply:
    """Delete the job that was asked about, or keep it; the same answer again changes nothing."""
    if not confirmed:
        return PrivateReply(title="Kept", text="Nothing was deleted.")
    asked = parse_job_id(question)
    if asked is None or not 0 <= services.clock() - id_created_at(asked) <= services.times.confirmation:
        raise InvalidRequest("This confirmation has expired; nothing was deleted. Use /delete again.")
    found = await find_job(services.database, job)
    if found is not None and found.deleted and found.person in caller.persons:
        return PrivateReply(title="Already deleted", text="Nothing more was done.")
    deletable = await _deletable(services, job, _caller_in_workspace_of(services, found, caller))
    if deletable.person not in caller.persons:
        await _record_about(services, "delete", deletable, caller)
    return PrivateReply(title="Deleted", text=await remove_result(services, deletable))


def _about_deletion(services: Services, job: Job) -> str:
    kept = _kept(services, job)
    if not kept:
        return "Its message, its files and the generation are deleted for good, here and at the provider."
    return f"Its message and its files are deleted for good here; {kept}."


def _kept(services: Services, job: Job) -> str:
    """What stays of a deleted job elsewhere; empty: nothing."""
    if job.remote_id is None:
        return ""
    capabilities = services.capabilities_of(job.provider)
    if capabilities is None:
        return "the provider may keep the generation, because this bot no longer uses it"
    return capabilities.keeps


async def _record_about(services: Services, action: str, job: Job, caller: Caller) -> None:
    """Record what is done to somebody else's job."""
    entry = AuditEntry(
        actor=caller.member, workspace=job.workspace, action=action, subject=job.id, now=services.clock()
    )
    await services.database.transact(record_audit, entry, {"member": job.member})


async def remove_result(services: Services, job: Job) -> str:
    """Delete a finished job's message, media and generation; returns what was deleted, and what is kept."""
    now = services.clock()
    unused = await until_known(services, lambda: services.database.transact(delete_job, job.id, now=now))
    services.wake(Topic.CARDS)
    log.info("job_deleted", job_id=job.id)
    await remove_unreferenced(services, unused or ())
    kept = _kept(services, job)
    where = f"here; {kept}." if kept else "here and at the provider."
    return f"Its message and media are deleted {where}"


def _caller_in_workspace_of(services: Services, job: Job | None, caller: Caller) -> Caller:
    """An operator as a caller in the job's workspace; anybody else as they are.

    A reaction is confirmed in direct messages, so the workspace that the answer comes from is not the job's.
    """
    operates = is_operator(caller, frozenset(services.settings.operators))
    if job is None or not operates or is_direct_workspace(job.workspace):
        return caller
    return replace(caller, workspace=job.workspace)


async def _deletable(services: Services, job: str, caller: Caller) -> Job:
    found = await _own(services, job, caller)
    if not found.is_final:
        raise InvalidRequest(
            "This job has not ended yet. /cancel cancels a queued one; else wait for its end."
        )
    return found


async def _own(services: Services, job: str, caller: Caller) -> Job:
    """A job of the caller's, or one that they manage as an admin of its workspace or an operator."""
    return require_own(await find_job(services.database, job), caller, frozenset(services.settings.operators))
