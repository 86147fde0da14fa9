"""Attempts: each create request that was tried, and the jobs in flight that they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.generations.media import Media
from bot.domain.generations.models import Lane
from bot.domain.jobs.job import Hold, Job, State
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import FileReference, add_references
from bot.store.queue.cards import request_progress
from bot.store.queue.jobs import jobs_by_id
from bot.store.rows import dump_record

sql = load("queue/attempts")

#: jobs whose whole rows are read at once: those of thousands take several times the memory of the jobs
_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRef:
    """The part of a job that its transition needs, also for an unreadable row."""

    id: str
    state: State
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsInFlight:
    """The jobs in flight of an account."""

    jobs: Sequence[Job]
    #: jobs that cannot be read, each with its deadline: they are not watched, but must end
    unreadable: Sequence[tuple[JobRef, int]]

    def __bool__(self) -> bool:
        return bool(self.jobs or self.unreadable)


async def in_flight(
    database: Database, account: str, *, known: Iterable[Job] = (), at_once: int = _ROWS_AT_ONCE
) -> JobsInFlight:
    """The jobs in flight of an account; of the `known` ones, read earlier, only the changed are read again.

    There may be thousands, and most wait for minutes without a change. Up to `at_once` rows are in memory at
    a time.
    """
    rows = await database.fetch(sql.in_flight, account=account)
    earlier = {job.id: job for job in known}
    unchanged = {
        row["id"]: job
        for row in rows
        if (job := earlier.get(row["id"])) is not None
        and (job.state, job.attempt, job.deadline) == (row["state"], row["attempt"], row["deadline"])
    }
    changed = [row["id"] for row in rows if row["id"] not in unchanged]
    jobs = unchanged
    for first in range(0, len(changed), at_once):
        jobs |= await jobs_by_id(database, changed[first : first + at_once])
    unreadable = [(_ref(row), row["deadline"]) for row in rows if row["id"] not in jobs]
    return JobsInFlight(jobs=[jobs[row["id"]] for row in rows if row["id"] in jobs], unreadable=unreadable)


async def job_refs(database: Database, ids: Iterable[str]) -> list[JobRef]:
    return [_ref(row) for row in await database.fetch(sql.job_refs, ids=sorted(set(ids)))]


async def expired_claims(database: Database, *, now: int) -> list[tuple[JobRef, bool]]:
    """Claimed jobs whose lease has ended, and whether their request may have been sent."""
    rows = await database.fetch(sql.expired_claims, now=now)
    return [(_ref(row), row["sent_at"] is not None) for row in rows]


async def overdue_in_queue(database: Database, *, now: int, count: int) -> list[tuple[JobRef, Hold | None]]:
    """Waiting jobs past their deadline, and what each that is held waits for."""
    rows = await database.fetch(sql.overdue_in_queue, now=now, count=count)
    return [(_ref(row), Hold(row["hold"]) if row["state"] == State.HELD else None) for row in rows]


async def stranded_jobs(database: Database, *, now: int, lost_before: int, count: int) -> list[JobRef]:
    """Overdue jobs in flight on retired accounts."""
    rows = await database.fetch(sql.stranded_jobs, now=now, lost_before=lost_before, count=count)
    return [_ref(row) for row in rows]


def _ref(row: Row) -> JobRef:
    return JobRef(id=row["id"], state=State(row["state"]), attempt=row["attempt"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One create request that was tried, and the present state of its job."""

    job: str
    number: int
    account: str
    claimed_at: int
    sent_at: int | None
    fingerprint: str | None
    #: its callback URL carries a token that names it
    has_token: bool
    remote_id: str | None
    state: State
    #: number of the job's newest attempt
    newest: int
    price: int
    #: id of the generation that the job changes
    edited_generation: str | None

    def changes(self, generation: str) -> bool:
        """Whether the job changes this generation, which then stays that of its source, too."""
        return self.edited_generation == generation


async def attempts(database: Database, jobs: Iterable[str]) -> list[Attempt]:
    """Every attempt of these jobs."""
    rows = await database.fetch(sql.attempts, jobs=sorted(set(jobs)))
    return [_attempt(row) for row in rows]


async def unbound_attempts(database: Database, account: str, fingerprints: Iterable[str]) -> list[Attempt]:
    """Attempts without a token that were sent and whose generation is not known, the earliest first."""
    rows = await database.fetch(sql.unbound_attempts, account=account, fingerprints=sorted(set(fingerprints)))
    return [_attempt(row) for row in rows]


async def generations_since(database: Database, account: str, *, oldest: int, newest: int) -> tuple[int, int]:
    """How many generations were claimed after the time `newest`, and how many from `oldest` on."""
    row = await database.one(
        sql.generations_since, account=account, lanes=list(Lane), oldest=oldest, newest=newest
    )
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return row["newer"], row["until"]


def _attempt(row: Row) -> Attempt:
    # the queries select exactly the record's fields
    return Attempt(**{**row, "state": State(row["state"]), "has_token": bool(row["has_token"])})


async def known_generations(
    database: Database, account: str, ids: Iterable[str]
) -> Mapping[str, frozenset[str | None]]:
    """Those of the generations that belong to an attempt or an orphan, each with its jobs."""
    rows = await database.fetch(sql.known_generations, account=account, ids=sorted(set(ids)))
    known: dict[str, set[str | None]] = {}
    for row in rows:
        known.setdefault(row["remote_id"], set()).add(row["job"])
    return {generation: frozenset(jobs) for generation, jobs in known.items()}


async def record_look(tx: Transaction, job: str, attempt: int, *, found: bool, now: int) -> tuple[int, int]:
    """Record whether a known generation was found; returns how often in a row it was not, and since when."""
    if found:
        await tx.run(sql.record_found, id=job, attempt=attempt)
        return 0, now
    row = await tx.one(sql.record_not_found, id=job, attempt=attempt, now=now)
    return (row["failed_tries"], row["failing_since"]) if row else (0, now)


async def record_preview(
    tx: Transaction, job: str, attempt: int, preview: Media, *, now: int, until: int
) -> None:
    """Show a film of a running job's progress on its card; the file is kept `until` then."""
    row = await tx.one(sql.record_preview, id=job, attempt=attempt, preview=dump_record(preview))
    if row is None:
        return
    # A holder of its own: the result may be the same file, and stays longer.
    holder = f"preview:{job}"
    await add_references(tx, [FileReference(file=preview.file, holder=holder, until=until)])
    await request_progress(tx, [row["card"]], now=now)


async def extend_deadline(tx: Transaction, job: str, attempt: int, *, deadline: int) -> None:
    """Give a job whose generation has ended more time to be settled."""
    await tx.run(sql.extend_deadline, id=job, attempt=attempt, deadline=deadline)
