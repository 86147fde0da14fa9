"""Recovers jobs that a crashed or paused process left behind, and ends jobs that waited too long.

There is no special step at start: these loops run all the time, and the only sign of a crash that they need
is an expired lease.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial

from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import Hold, State
from bot.jobs.transitions import transition_job
from bot.services import Services
from bot.store.queue.attempts import JobRef, expired_claims, overdue_in_queue, stranded_jobs
from bot.store.queue.orphans import OrphanCause

_BATCH = 200
#: why a job ends that has waited too long
_EXPIRED: Mapping[Hold | None, FailureCategory] = {
    None: FailureCategory.EXPIRED,
    Hold.CONFIRMATION: FailureCategory.NOT_CONFIRMED,
    Hold.APPROVAL: FailureCategory.NOT_APPROVED,
}


async def recover(services: Services) -> None:
    """Recover jobs until the process stops."""
    async for _ in services.ticks("recovery", services.times.poll):
        await services.guarded("recover expired claims", lambda: recover_expired_claims(services))
        await services.guarded("fail overdue jobs", lambda: fail_overdue(services))
        await services.guarded("fail stranded jobs", lambda: fail_stranded(services))


async def recover_expired_claims(services: Services) -> None:
    """Requeue claimed jobs whose process is gone, or mark their outcome as unknown."""
    sent = dict(await expired_claims(services.database, now=services.clock()))

    async def recover_one(job: JobRef) -> None:
        # The sending is recorded before the request is sent: without the record there was no request.
        if sent[job]:
            await transition_job(services, job, State.UNKNOWN, "lease_ended")
        else:
            await transition_job(services, job, State.QUEUED, "never_left")

    await _for_each(services, "recover claim", sent, recover_one)


async def fail_overdue(services: Services) -> None:
    """Fail jobs that have waited too long in the queue or for somebody's decision, with a refund."""

    async def fail(job: JobRef) -> None:
        why = failure(_EXPIRED[overdue[job]])
        await transition_job(services, job, State.FAILED, "expired", failure=why)

    overdue = dict(await overdue_in_queue(services.database, now=services.clock(), count=_BATCH))
    await _for_each(services, "fail overdue job", overdue, fail)


async def fail_stranded(services: Services) -> None:
    """Fail jobs in flight whose account no worker has any more, with a refund."""
    now = services.clock()
    lost_before = now - services.times.unknown_deadline

    async def fail(job: JobRef) -> None:
        why = failure(FailureCategory.TIMEOUT)
        cause = OrphanCause.LATE
        await transition_job(services, job, State.FAILED, "account_gone", failure=why, orphan_cause=cause)

    stranded = await stranded_jobs(services.database, now=now, lost_before=lost_before, count=_BATCH)
    await _for_each(services, "fail stranded job", stranded, fail)


async def _for_each(
    services: Services, name: str, jobs: Iterable[JobRef], work: Callable[[JobRef], Awaitable[None]]
) -> None:
    """Do the work for each job; a failure holds back none of the others."""
    for job in jobs:
        await services.guarded(name, partial(work, job))
