"""What has not ended in a workspace, and what members have reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.access import blocked_by_admins
from bot.domain.cards.decisions import DecisionButton, held_buttons, report_buttons
from bot.domain.cards.job_text import status_line
from bot.domain.generations.estimates import Estimate
from bot.domain.identity import Caller
from bot.domain.jobs.job import IN_FLIGHT, WAITING, Hold, Job, State
from bot.domain.policy.access import RuledCommand, command_of
from bot.jobs.estimates import estimates
from bot.service.admin.queries.paging import PAGE, Page, page_of, skipped
from bot.services import Services
from bot.store.admin.workspaces import blocked_subjects
from bot.store.listings.workspace_jobs import Report, reports_of_workspace, unfinished_of_workspace
from bot.store.queue.jobs import jobs_by_id, jobs_of_cards


class QueueGroup(StrEnum):
    """What unfinished jobs do."""

    #: somebody has to decide about them
    HELD = "held"
    WAITING = "waiting"
    RUNNING = "running"


_STATES: Mapping[QueueGroup, frozenset[State]] = {
    QueueGroup.HELD: frozenset({State.HELD}),
    QueueGroup.WAITING: WAITING - {State.HELD},
    QueueGroup.RUNNING: IN_FLIGHT,
}


def group_of(state: State) -> QueueGroup:
    """The group of an unfinished job."""
    return next(group for group, states in _STATES.items() if state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """An unfinished job."""

    id: str
    card: str
    group: QueueGroup
    member_name: str
    command: RuledCommand
    model: str
    #: empty where the job is private to its member
    title: str
    #: micro-dollars
    price: int
    #: milliseconds UTC
    created_at: int
    #: its status in one line
    headline: str
    #: what a held job waits for
    hold: Hold | None
    #: what the caller may decide; the jobs of a card are decided together
    decisions: tuple[DecisionButton, ...]
    #: the caller may cancel it
    cancellable: bool


async def queue(
    services: Services, caller: Caller, group: QueueGroup | None, *, page: int
) -> Page[QueuedJob]:
    states = _STATES[group] if group else frozenset().union(*_STATES.values())
    jobs = await unfinished_of_workspace(
        services.database, caller.workspace, states, count=PAGE + 1, skip=skipped(page)
    )
    expected = await estimates(services, jobs, services.clock())
    held = await jobs_of_cards(services.database, {job.card for job in jobs if job.state is State.HELD})
    lines = [_queued(job, caller, expected.get(job.id, Estimate()), held.get(job.card, ())) for job in jobs]
    return page_of(lines, page)


def _queued(job: Job, caller: Caller, estimate: Estimate, of_card: Sequence[Job]) -> QueuedJob:
    mine = job.person in caller.persons
    # An approval shows the moderators what they approve.
    hidden = job.private and not mine and job.hold is not Hold.APPROVAL
    # Of several jobs the first one has the buttons. Only who asked for it confirms a price.
    decisions = held_buttons(of_card) if (mine or job.hold is Hold.APPROVAL) and job.position == 0 else ()
    return QueuedJob(
        id=job.id,
        card=job.card,
        group=group_of(job.state),
        member_name=job.member_name,
        command=command_of(job.request),
        model=job.request.model,
        title="" if hidden else job.title,
        price=job.price,
        created_at=job.created_at,
        headline=status_line(job, estimate),
        hold=job.hold if job.state is State.HELD else None,
        decisions=decisions,
        cancellable=not decisions and job.state in WAITING and (mine or not job.private),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedJob:
    """A result that was reported to the moderators."""

    card: str
    job: str
    member_name: str
    title: str
    #: who reported it, and why
    note: str
    #: milliseconds UTC
    at: int
    removed: bool
    blocked: bool
    decisions: tuple[DecisionButton, ...]


async def reports(services: Services, caller: Caller, *, page: int) -> Page[ReportedJob]:
    found = await reports_of_workspace(
        services.database, caller.workspace, count=PAGE + 1, skip=skipped(page)
    )
    jobs = await jobs_by_id(services.database, (one.job for one in found))
    subjects = {job.id: blocked_by_admins(job.member) for job in jobs.values()}
    blocked = await blocked_subjects(services.database, subjects.values())
    lines = [
        _reported(one, jobs[one.job], blocked=subjects[one.job] in blocked)
        for one in found
        if one.job in jobs
    ]
    return Page(items=lines[:PAGE], number=page, more=len(found) > PAGE)


def _reported(report: Report, job: Job, *, blocked: bool) -> ReportedJob:
    return ReportedJob(
        card=report.card,
        job=job.id,
        member_name=job.member_name,
        title=job.title,
        note=report.note,
        at=report.at,
        removed=job.deleted,
        blocked=blocked,
        decisions=tuple(report_buttons(job, blocked=blocked)),
    )
