"""Moves jobs and records what their cards show, and wakes the loops that go on from there."""

from collections.abc import Awaitable, Callable

from bot.domain.cards.card import CardView, shown_estimates
from bot.domain.errors import StaleTransition
from bot.domain.generations.media import Media
from bot.domain.generations.requests import AnyRequest
from bot.domain.jobs.failures import Failure, FailureCategory, failure
from bot.domain.jobs.job import FINAL, Job, State
from bot.services import ALL_JOBS, Services, Topic, jobs_topic, log
from bot.store.operator.workspace_keys import stranded_by_removal
from bot.store.queue.attempts import JobRef
from bot.store.queue.cards import ShownOutcome, ShownRevision, record_shown, show_card_again
from bot.store.queue.orphans import OrphanCause
from bot.store.queue.transition import PreparationLease, Transition, transition

#: runs a write, and repeats it until its outcome is known
_Repeat = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
#: how long the record of a shown revision may wait to share a commit, because no one waits for it
_MAX_DELAY_S = 0.03
#: jobs that are read at once, to cancel them all
_BATCH = 200


async def transition_job(
    services: Services,
    job: Job | JobRef,
    after: State,
    cause: str,
    *,
    account: str | None = None,
    remote_id: str | None = None,
    submitted_at: int | None = None,
    run_at: int | None = None,
    deadline: int | None = None,
    result: Media | None = None,
    failure: Failure | None = None,
    request: AnyRequest | None = None,
    price: int | None = None,
    files: tuple[str, ...] = (),
    never_arrived: bool = False,
    lease: PreparationLease | None = None,
    orphan_cause: OrphanCause | None = None,
    repeat: _Repeat | None = None,
) -> bool:
    """Move a job from the state in which it was read; False if another process has moved it meanwhile.

    The keywords are those of `Transition`. `repeat` runs the write to the store.
    """
    item = Transition(
        job=job.id,
        before=job.state,
        attempt=job.attempt,
        after=after,
        now=services.clock(),
        cause=cause,
        account=account,
        remote_id=remote_id,
        submitted_at=submitted_at,
        run_at=run_at,
        deadline=deadline,
        result=result,
        failure=failure,
        request=request,
        price=price,
        files=files,
        never_arrived=never_arrived,
        lease=lease,
        orphan_cause=orphan_cause,
    )

    async def write() -> None:
        await services.database.write(transition, item)

    try:
        await (write() if repeat is None else repeat(write))
    except StaleTransition:
        log.info("transition_stale", job_id=job.id, after=after)
        return False
    log.info(f"job_{after}", job_id=job.id, before=job.state, attempt=job.attempt, cause=cause)
    services.wake(Topic.CARDS)
    if after is State.QUEUED or after in FINAL:
        # A slot is free or a job is queued. A submitter that found its lane full must be woken first.
        lanes = (jobs_topic(job.lane),) if isinstance(job, Job) else ALL_JOBS
        services.wake(Topic.LANE_FREE, *lanes)
    if after in (State.SUBMITTED, State.UNKNOWN):
        services.wake(Topic.IN_FLIGHT)
    return True


async def confirm_shown(services: Services, seen: CardView, message: str) -> None:
    """Record that a receiver has shown a card's first revision itself, as its response."""
    shown = ShownRevision(
        card=seen.card,
        owner=services.answer_lease_owner,
        rev=seen.rev,
        digest=seen.digest,
        shown_estimates=shown_estimates(seen),
        message=message,
        run_at=services.clock(),
    )
    await record_shown_revision(services, shown)


async def record_shown_revision(services: Services, shown: ShownRevision) -> ShownOutcome:
    """Record the revision that a card's message shows; wakes no loop if it is the newest."""
    noted = await services.database.write(record_shown, shown, max_delay_s=_MAX_DELAY_S)
    if noted is ShownOutcome.LOST:
        # The lease had expired: what was shown may cover a newer revision.
        await services.database.transact(show_card_again, shown.card, now=services.clock())
    if noted is not ShownOutcome.UP_TO_DATE:
        services.wake(Topic.CARDS)
    return noted


async def cancel_stranded(services: Services) -> None:
    """Cancel every job that waits for a removed key. They are not charged."""
    while jobs := await stranded_by_removal(services.database, count=_BATCH):
        why = failure(FailureCategory.KEY_REMOVED)
        moved = [
            await transition_job(services, job, State.CANCELLED, why.category, failure=why) for job in jobs
        ]
        if not any(moved):
            return  # Others have moved them meanwhile.
