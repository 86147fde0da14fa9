"""Jobs whose inputs are brought in first: handed to one process at a time, by a lease that ends by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.jobs import Job
from bot.store.database import Transaction
from bot.store.queries import load
from bot.store.records import job_from

sql = load("preparing")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparingWanted:
    """A process offers to prepare jobs."""

    owner: str
    now: int
    lease_until: int
    #: jobs at most
    count: int


async def take_preparing(tx: Transaction, items: Sequence[PreparingWanted]) -> Sequence[list[Job]]:
    """Hand out jobs to prepare, the longest due first; nobody else gets them until the lease ends."""
    answers = []
    for item in items:
        due = [row["id"] for row in await tx.fetch(sql.due, now=item.now, count=item.count)]
        rows = await tx.fetch(sql.lease, ids=due, owner=item.owner, until=item.lease_until)
        leased = {row["id"]: job_from(row) for row in rows}
        answers.append([leased[job] for job in due])
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """A job cannot be prepared now."""

    job: str
    owner: str
    #: not tried again before
    run_at: int


async def put_back(tx: Transaction, items: Sequence[PutBack]) -> Sequence[bool]:
    """Put jobs off; False for one that is no longer the caller's to prepare."""
    rows = await tx.fetch(
        sql.put_back,
        items=[{"id": item.job, "owner": item.owner, "run_at": item.run_at} for item in items],
    )
    done = {row["id"] for row in rows}
    return [item.job in done for item in items]
