"""Held jobs: a confirmation of the price by its requester, or an approval by an admin."""

import asyncio
from functools import partial

from bot.domain.access import is_operator
from bot.domain.cards.decisions import Decision
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, NotYours
from bot.domain.identity import Caller
from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import Hold, Job, State
from bot.domain.money.pricing import show_money
from bot.jobs.transitions import transition_job
from bot.service.admin.rights import audit_entry, remember_admin
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import Services, Topic
from bot.store.admin.workspaces import record_audit
from bot.store.queue.jobs import find_job, jobs_of_cards


async def decide_hold(services: Services, decision: Decision, job: str, caller: Caller) -> PrivateReply:
    """Let all held jobs of a card go on, or end them; the same decision again changes nothing.

    The workspace is the one that the event names, and so are the caller's rights in it.
    """
    found = await find_job(services.database, job)
    if found is None or found.deleted:
        raise JobNotFound("There is no such job; /history lists yours")
    approves = decision is Decision.APPROVE
    is_admin = _is_admin_of(services, found, caller)
    _require_right(found, caller, is_admin=is_admin, approves=approves)
    held = [one for one in await _card_of(services, found) if one.state is State.HELD]
    if not held:
        return _already(found, approves=approves)
    by_requester = found.person in caller.persons
    moved = await asyncio.gather(
        *(
            _release(services, one)
            if approves
            else _end(services, one, by_requester=by_requester or found.hold is Hold.CONFIRMATION)
            for one in held
        )
    )
    if not any(moved):
        # Somebody else was faster: answer with what they decided.
        return await decide_hold(services, decision, job, caller)
    services.wake(Topic.INPUTS, Topic.CARDS)
    price = show_money(sum(one.price for one in held))
    if found.hold is Hold.APPROVAL and not by_requester:
        entry = audit_entry(services, caller, "approve" if approves else "refuse", found.id)
        detail = {"person": found.member, "price": price, "jobs": len(held)}
        await services.database.transact(record_audit, entry, detail)
        await remember_admin(services, caller)
    if approves:
        done = "Approved" if found.hold is Hold.APPROVAL else "Confirmed"
        return PrivateReply(title=done, text=f"It is queued now; it costs {price}.")
    return PrivateReply(
        title="Cancelled" if by_requester else "Refused",
        text=f"Not charged: {price} is available again.",
    )


def _is_admin_of(services: Services, job: Job, caller: Caller) -> bool:
    here = caller.is_admin and caller.workspace == job.workspace
    return here or is_operator(caller, frozenset(services.settings.operators))


def _require_right(job: Job, caller: Caller, *, is_admin: bool, approves: bool) -> None:
    mine = job.person in caller.persons
    if not (mine or is_admin) and (job.private or caller.workspace != job.workspace):
        raise JobNotFound("There is no such job; /history lists yours")
    if job.hold is Hold.APPROVAL and approves and not is_admin:
        raise NotAllowed(
            "Only an admin of this workspace can approve this. Ask one; it waits for a day, and nothing is "
            "charged meanwhile."
        )
    if job.hold is Hold.CONFIRMATION and approves and not mine:
        raise NotYours(f"Only {job.member_name} can confirm the price of this, because it is theirs to pay")
    if not approves and not (mine or is_admin):
        raise NotYours(f"This job belongs to {job.member_name}; only they or an admin can end it")


async def _card_of(services: Services, job: Job) -> list[Job]:
    return list((await jobs_of_cards(services.database, [job.card])).get(job.card, []))


def _already(job: Job, *, approves: bool) -> PrivateReply:
    """The answer where nothing of the card waits any more."""
    if job.state in (State.FAILED, State.CANCELLED):
        if approves:
            ended = job.failure.message if job.failure else "It was cancelled; nothing was charged."
            raise InvalidRequest(f"This waits for nobody any more. {ended}")
        return PrivateReply(title="Already ended", text="Nothing was charged.")
    if not approves:
        raise InvalidRequest("This goes on already. /cancel takes it back while it is queued.")
    return PrivateReply(title="Already approved", text="Nothing more was done.")


async def _release(services: Services, job: Job) -> bool:
    now = services.clock()
    return await transition_job(
        services,
        job,
        job.state_once_released,
        "confirmed" if job.hold is Hold.CONFIRMATION else "approved",
        deadline=now + services.times.queue_deadline,
        run_at=now,
        repeat=partial(until_known, services),
    )


async def _end(services: Services, job: Job, *, by_requester: bool) -> bool:
    repeat = partial(until_known, services)
    if by_requester:
        return await transition_job(services, job, State.CANCELLED, "cancelled", repeat=repeat)
    why = failure(FailureCategory.REFUSED_BY_ADMIN)
    return await transition_job(services, job, State.FAILED, "refused", failure=why, repeat=repeat)
