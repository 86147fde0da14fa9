"""Jobs whose inputs are brought in first: handed to one process at a time, by a lease that ends by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.jobs import Job
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load
from bot.store.rows import jobs_from
from bot.store.transition import PreparationLease

sql = load("preparing")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationRequest:
    """A process offers to prepare jobs."""

    owner: str
    now: int
    lease_until: int
    #: jobs at most
    count: int
    #: jobs of one person at most, with those that any process prepares already
    each: int
    #: until when a job that cannot be read is put aside
    aside_until: int

    @property
    def lease(self) -> PreparationLease:
        return PreparationLease(owner=self.owner, until=self.lease_until)


async def claim_preparation(tx: Transaction, items: Sequence[PreparationRequest]) -> Sequence[list[Job]]:
    """Hand out jobs to prepare, to everybody in turn; nobody else gets them until the lease ends.

    Jobs that cannot be read are put aside, and end at their deadline.
    """
    return [await _take(tx, item) for item in items]


async def _take(tx: Transaction, item: PreparationRequest) -> list[Job]:
    while due := [
        row["id"] for row in await tx.fetch(sql.due, now=item.now, count=item.count, each=item.each)
    ]:
        rows = await tx.fetch(sql.lease, ids=due, owner=item.owner, until=item.lease_until)
        leased = jobs_from(rows)
        if lost := [job for job in due if job not in leased]:
            await tx.run(sql.put_aside, ids=lost, run_at=item.aside_until)
        if leased:
            return [leased[job] for job in due if job in leased]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """A job could not be prepared this time; it is still the caller's."""

    job: str
    lease: PreparationLease
    at: int
    #: it failed by our own fault
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationFailures:
    """What has gone wrong with the preparation of a job so far."""

    #: how often it failed by our own fault
    ours: int
    #: when anything failed first
    since: int


async def record_preparation_failure(
    tx: Transaction, items: Sequence[Setback]
) -> Sequence[PreparationFailures | None]:
    """Count setbacks; None for a job that is no longer the caller's to prepare."""
    rows = await tx.fetch(
        sql.note_setback,
        items=[
            {
                "id": item.job,
                "owner": item.lease.owner,
                "until": item.lease.until,
                "at": item.at,
                "faults": int(item.ours),
            }
            for item in items
        ],
    )
    known = {row["id"]: PreparationFailures(ours=row["misses"], since=row["missed_at"]) for row in rows}
    return [known.get(item.job) for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """A job cannot be prepared now."""

    job: str
    lease: PreparationLease
    #: not tried again before
    run_at: int


async def postpone_preparation(tx: Transaction, items: Sequence[PutBack]) -> Sequence[bool]:
    """Put jobs off; False for one that is no longer the caller's to prepare."""
    rows = await tx.fetch(
        sql.put_back,
        items=[
            {"id": item.job, "owner": item.lease.owner, "until": item.lease.until, "run_at": item.run_at}
            for item in items
        ],
    )
    done = {row["id"] for row in rows}
    return [item.job in done for item in items]
