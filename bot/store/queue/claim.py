"""Claims and leases: which process submits a job (T2), prepares it, or does other work for all replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.generations.models import Lane
from bot.domain.jobs.job import Job, State
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load
from bot.store.queue.transition import PreparationLease, TransitionRow, record_transitions
from bot.store.rows import jobs_from

sql = load("queue/claim")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A process offers to submit jobs on one lane of one account."""

    account: str
    lane: Lane
    provider: str
    queue: str
    #: id of the process, new at each start
    owner: str
    now: int
    lease_until: int
    #: start of the window in which create requests are counted
    window_start: int
    #: how many the process can submit at once
    max_count: int
    #: one job may be claimed although the account is stopped, to find out whether it works again
    is_trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that this process alone may submit now."""

    job: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    claims: tuple[Claim, ...]
    #: the lane has no free slot left; more jobs may wait
    full: bool
    #: the claimed jobs that can be read, by id
    jobs: Mapping[str, Job] = field(default_factory=dict)


async def claim(tx: Transaction, items: Sequence[ClaimRequest]) -> Sequence[ClaimResult | Exception]:
    results: dict[int, ClaimResult] = {}
    # Everybody locks lanes in this order, so that two replicas never deadlock.
    for index, item in sorted(enumerate(items), key=lambda pair: (pair[1].account, pair[1].lane)):
        results[index] = await _claim(tx, item)
    return [results[index] for index in range(len(items))]


def _accepts(state: str, item: ClaimRequest) -> bool:
    """Whether an account in this state may get a job."""
    return state == "ready" or (item.is_trial and state == "stopped")


async def _claim(tx: Transaction, item: ClaimRequest) -> ClaimResult:
    if await tx.one(sql.any_waiting, queue=item.queue, now=item.now) is None:
        return ClaimResult(claims=(), full=False)
    lane = await tx.one(sql.lock_lane, account=item.account, lane=item.lane)
    if lane is None or not _accepts(lane["state"], item) or lane["cool_until"] > item.now:
        return ClaimResult(claims=(), full=True)
    usage = await tx.one(sql.lane_usage, account=item.account, lane=item.lane, since=item.window_start)
    assert usage is not None  # noqa: S101 - an aggregate always has a row
    free = min(lane["concurrent"] - usage["in_flight"], lane["per_minute"] - usage["claimed"])
    if free <= 0:
        return ClaimResult(claims=(), full=True)
    rows = await tx.fetch(
        sql.next_jobs,
        queue=item.queue,
        provider=item.provider,
        account=item.account,
        own_key=lane["own_key"],
        now=item.now,
        count=1 if item.is_trial else min(free, item.max_count),
    )
    if not rows:
        return ClaimResult(claims=(), full=False)
    claimed = await tx.fetch(
        sql.claim,
        ids=[row["id"] for row in rows],
        account=item.account,
        now=item.now,
        owner=item.owner,
        until=item.lease_until,
    )
    await tx.run(
        sql.insert_attempts,
        items=[
            {
                "job": row["id"],
                "number": row["attempt"],
                "account": item.account,
                "lane": item.lane,
                "claimed_at": item.now,
            }
            for row in claimed
        ],
    )
    await tx.run(sql.advance_clock, queue=item.queue, virtual_time=max(row["virtual_time"] for row in rows))
    await record_transitions(
        tx,
        [
            TransitionRow.of(
                row,
                before=State.QUEUED,
                after=State.SUBMITTING,
                attempt=row["attempt"],
                at=item.now,
                cause="claimed",
            )
            for row in claimed
        ],
    )
    order = {row["id"]: number for number, row in enumerate(rows)}
    ordered = sorted(claimed, key=lambda row: order[row["id"]])
    return ClaimResult(
        claims=tuple(Claim(job=row["id"], attempt=row["attempt"]) for row in ordered),
        full=len(claimed) >= free,
        jobs=jobs_from(claimed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingRecord:
    """An attempt is about to be sent."""

    claim: Claim
    owner: str
    now: int
    fingerprint: str
    #: its callback URL carries a token that names it
    has_token: bool


async def record_sending(tx: Transaction, items: Sequence[SendingRecord]) -> Sequence[bool | Exception]:
    """Record that attempts are sent now; False for one whose claim has ended.

    An attempt without this record was never sent: recovery relies on that.
    """
    rows = await tx.fetch(
        sql.record_sending,
        items=[
            {
                "job": item.claim.job,
                "number": item.claim.attempt,
                "now": item.now,
                "fingerprint": item.fingerprint,
                "has_token": int(item.has_token),
                "owner": item.owner,
            }
            for item in items
        ],
    )
    recorded = {(row["job"], row["number"]) for row in rows}
    return [(item.claim.job, item.claim.attempt) in recorded for item in items]


async def cool_down(tx: Transaction, account: str, lane: Lane, *, until: int) -> None:
    """Claim nothing on a lane until then."""
    await tx.run(sql.cool_down, account=account, lane=lane, until=until)


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
    while due := [
        row["id"] for row in await tx.fetch(sql.due_preparation, now=now, count=count, per_person=per_person)
    ]:
        rows = await tx.fetch(sql.lease_preparation, ids=due, owner=lease.owner, until=lease.until)
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
        sql.record_preparation_failure, id=job, owner=lease.owner, until=lease.until, at=at, faults=int(ours)
    )
    return PreparationFailures(ours=row["failed_tries"], since=row["failing_since"]) if row else None


async def postpone_preparation(tx: Transaction, job: str, lease: PreparationLease, *, run_at: int) -> bool:
    """Release a job to be prepared later; False where the caller no longer has its lease."""
    return (
        await tx.run(sql.postpone_preparation, id=job, owner=lease.owner, until=lease.until, run_at=run_at)
        > 0
    )


async def acquire_lease(tx: Transaction, name: str, *, owner: str, now: int, until: int) -> int | None:
    """Acquire or renew a lease; returns the fence, which rises with every change of owner, or None."""
    row = await tx.one(sql.acquire_lease, name=name, owner=owner, now=now, until=until)
    return row["fence"] if row else None


async def release_lease(tx: Transaction, name: str, *, owner: str) -> None:
    await tx.run(sql.release_lease, name=name, owner=owner)


async def lease_is_held(database: Database, name: str, *, now: int) -> bool:
    return await database.one(sql.lease_is_held, name=name, now=now) is not None


async def expire_all_leases(tx: Transaction) -> None:
    """End the leases of processes that cannot be alive, because this one has the database to itself."""
    await tx.run(sql.expire_job_leases)
    await tx.run(sql.expire_card_leases)
    await tx.run(sql.expire_leases)
