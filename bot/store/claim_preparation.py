"""Claim jobs for preparation: each by one process at a time, under a lease that ends by itself."""

from dataclasses import dataclass

from bot.domain.jobs import Job
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load
from bot.store.rows import jobs_from
from bot.store.transition import PreparationLease

sql = load("claim_preparation")


async def claim_preparation(
    tx: Transaction,
    lease: PreparationLease,
    *,
    now: int,
    count: int,
    per_person: int,
    retry_unreadable_at: int,
) -> list[Job]:
    """Lease up to `count` jobs, fairly over people; no other process gets them until the lease ends.

    A person has at most `per_person` in preparation, over all processes. Jobs that cannot be read are
    postponed, and end at their deadline.
    """
    while due := [row["id"] for row in await tx.fetch(sql.due, now=now, count=count, per_person=per_person)]:
        rows = await tx.fetch(sql.lease, ids=due, owner=lease.owner, until=lease.until)
        leased = jobs_from(rows)
        if unreadable := [job for job in due if job not in leased]:
            await tx.run(sql.postpone_unreadable, ids=unreadable, run_at=retry_unreadable_at)
        if leased:
            return [leased[job] for job in due if job in leased]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationFailures:
    """What has gone wrong with the preparation of a job so far."""

    #: how often our own processing failed
    ours: int
    #: when anything failed first
    since: int


async def record_preparation_failure(
    tx: Transaction, job: str, lease: PreparationLease, *, at: int, ours: bool
) -> PreparationFailures | None:
    """Count a failure; None where the caller no longer has the job's lease."""
    row = await tx.one(
        sql.record_failure, id=job, owner=lease.owner, until=lease.until, at=at, faults=int(ours)
    )
    return PreparationFailures(ours=row["failed_tries"], since=row["failing_since"]) if row else None


async def postpone_preparation(tx: Transaction, job: str, lease: PreparationLease, *, run_at: int) -> bool:
    """Release a job to be prepared later; False where the caller no longer has its lease."""
    return await tx.run(sql.postpone, id=job, owner=lease.owner, until=lease.until, run_at=run_at) > 0
