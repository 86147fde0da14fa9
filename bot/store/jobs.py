"""Reading jobs, and the small writes beside their moves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from statistics import median

import orjson

from bot.domain.estimates import DurationStats
from bot.domain.jobs import Job, State
from bot.domain.quota import Settlement
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import release_files
from bot.store.ledger import SettleReservation, settle_reservations
from bot.store.orphans import OrphanCause
from bot.store.rows import jobs_from
from bot.store.transition import refresh_cards

sql = load("jobs")
orphans = load("orphans")

#: jobs that a pace is learned from, and those that are too few to tell what is late
_LEARNED_FROM, _FEW = 50, 5
#: an id behind which there is none
_AFTER_ALL = "z" * 32


async def jobs_by_id(database: Database, ids: Iterable[str]) -> dict[str, Job]:
    rows = await database.fetch(sql.jobs_by_id, ids=sorted(set(ids)))
    return jobs_from(rows)


async def find_job(database: Database, job: str) -> Job | None:
    return (await jobs_by_id(database, [job])).get(job)


async def jobs_of_cards(database: Database, cards: Iterable[str]) -> dict[str, list[Job]]:
    """The jobs that each card shows; a copy shows another card's."""
    rows = await database.fetch(sql.jobs_of_cards, cards=sorted(set(cards)))
    jobs = jobs_from(rows)
    found: dict[str, list[Job]] = {}
    for row in rows:
        if (job := jobs.get(row["id"])) is not None:
            found.setdefault(row["shown_on"], []).append(job)
    return found


async def history(database: Database, person: str, *, count: int) -> list[Job]:
    return list(jobs_from(await database.fetch(sql.history, person=person, count=count)).values())


async def unfinished_jobs(database: Database, workspace: str, member: str, *, count: int) -> list[Job]:
    rows = await database.fetch(sql.running, workspace=workspace, member=member, count=count)
    return list(jobs_from(rows).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """How much there is to do, over all workspaces."""

    running: int
    waiting: int


async def queue_stats(database: Database) -> QueueStats:
    row = await database.one(sql.load)
    return (
        QueueStats(running=row["running"], waiting=row["waiting"])
        if row
        else QueueStats(running=0, waiting=0)
    )


async def next_price(database: Database, *, provider: str, queue: str, account: str) -> int:
    """Micro-dollars of the dearest job that is being submitted or next in one queue; 0: there is none."""
    row = await database.one(sql.next_price, provider=provider, queue=queue, account=account)
    return (row["price"] if row else None) or 0


async def count_unfinished(database: Database) -> dict[str, int]:
    """How many jobs have not ended, by state; states without any are left out."""
    return {row["state"]: row["jobs"] for row in await database.fetch(sql.count_unfinished)}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsInFlight:
    """What an account has in flight."""

    jobs: Sequence[Job]
    #: jobs that cannot be read, each with its deadline: they are watched no longer, but must end
    unreadable: Sequence[tuple["JobRef", int]]

    def __bool__(self) -> bool:
        return bool(self.jobs or self.unreadable)


async def in_flight(database: Database, account: str) -> JobsInFlight:
    rows = await database.fetch(sql.in_flight, account=account)
    jobs = jobs_from(rows)
    lost = [(_seen(row), row["deadline"]) for row in rows if row["id"] not in jobs]
    return JobsInFlight(jobs=list(jobs.values()), unreadable=lost)


async def job_refs(database: Database, ids: Iterable[str]) -> list["JobRef"]:
    """How jobs stand, also those that cannot be read."""
    return [_seen(row) for row in await database.fetch(sql.states_of, ids=sorted(set(ids)))]


async def list_jobs(database: Database, *, state: State | None, count: int) -> list[Job]:
    return list(jobs_from(await database.fetch(sql.list_jobs, state=state, count=count)).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePosition:
    """What stands before a queued job."""

    #: jobs that are claimed before it
    ahead: int
    #: its workspace takes nothing at present
    paused: bool


async def queue_positions(store: Database | Transaction, jobs: Iterable[Job]) -> dict[str, QueuePosition]:
    """What stands before each of these jobs.

    Thousands may have the same turn. They are counted from its end, where new jobs are, and each of them
    once, between two of those that are asked for.
    """
    turns: dict[tuple[str, int], list[Job]] = {}
    for job in sorted(jobs, key=lambda job: job.id, reverse=True):
        turns.setdefault((job.queue, job.virtual_time), []).append(job)
    if not turns:
        return {}
    rows = await store.fetch(
        sql.standings,
        items=[
            {
                "id": job.id,
                "workspace": job.workspace,
                "queue": job.queue,
                "turn": job.virtual_time,
                "next_id": later.id if later else _AFTER_ALL,
            }
            for turn in turns.values()
            for later, job in pairwise([None, *turn])
            if job
        ],
    )
    found = {row["id"]: row for row in rows}
    return {
        job.id: QueuePosition(ahead=found[job.id]["up_to"] - behind, paused=bool(found[job.id]["paused"]))
        for turn in turns.values()
        for job, behind in zip(turn, accumulate(found[job.id]["since"] for job in turn), strict=True)
    }


async def duration_stats(database: Database, names: Iterable[str]) -> Mapping[str, DurationStats]:
    """How long the latest jobs of each kind took; only kinds with some."""
    asked = [{"pace": name} for name in sorted(set(names))]
    rows = await database.fetch(sql.latest_took, items=asked, count=_LEARNED_FROM)
    latest = {row["pace"]: orjson.loads(row["took"] or "[]") for row in rows}
    return {name: _pace(took) for name, took in latest.items() if took}


def _pace(took: Sequence[int]) -> DurationStats:
    usual = round(median(took))
    late = sorted(took)[ceil(len(took) * 95 / 100) - 1]
    return DurationStats(p50=usual, p95=max(late, 2 * usual) if len(took) < _FEW else late)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One create tried, and how its job stands now."""

    job: str
    number: int
    account: str
    claimed_at: int
    sent_at: int | None
    fingerprint: str | None
    marked: bool
    remote_id: str | None
    state: State
    #: number of the job's newest attempt
    newest: int
    price: int


async def attempts(database: Database, jobs: Iterable[str]) -> list[Attempt]:
    """Every attempt of these jobs."""
    rows = await database.fetch(sql.attempts, jobs=sorted(set(jobs)))
    return [_attempt(dict(row)) for row in rows]


async def unbound_attempts(database: Database, account: str, fingerprints: Iterable[str]) -> list[Attempt]:
    """Attempts without a marker that left and whose generation is not known, the earliest first."""
    rows = await database.fetch(sql.unbound_attempts, account=account, fingerprints=sorted(set(fingerprints)))
    return [_attempt(dict(row)) for row in rows]


def _attempt(row: dict[str, object]) -> Attempt:
    row["state"], row["marked"] = State(str(row["state"])), bool(row["marked"])
    return Attempt(**row)  # type: ignore[arg-type]  # the query names exactly these columns


async def known_generations(database: Database, account: str, ids: Iterable[str]) -> set[str]:
    """Those of the generations that some attempt or orphan already stands for."""
    rows = await database.fetch(sql.known_generations, account=account, ids=sorted(set(ids)))
    return {row["remote_id"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRef:
    """As much of a job as moving it takes."""

    id: str
    state: State
    attempt: int


def _seen(row: Row) -> JobRef:
    return JobRef(id=row["id"], state=State(row["state"]), attempt=row["attempt"])


async def expired_claims(database: Database, *, now: int) -> list[tuple[JobRef, bool]]:
    """Claimed jobs whose process no longer holds their lease, and whether their request has left."""
    rows = await database.fetch(sql.lost_claims, now=now)
    return [(_seen(row), row["sent_at"] is not None) for row in rows]


async def overdue_in_queue(database: Database, *, now: int, count: int) -> list[JobRef]:
    return [_seen(row) for row in await database.fetch(sql.overdue_in_queue, now=now, count=count)]


async def stranded_jobs(database: Database, *, now: int, lost_before: int, count: int) -> list[JobRef]:
    """Jobs in flight on retired accounts that are overdue."""
    rows = await database.fetch(sql.stranded, now=now, lost_before=lost_before, count=count)
    return [_seen(row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A look at a known generation, and whether it was there."""

    job: str
    attempt: int
    now: int
    found: bool


async def record_look(tx: Transaction, items: Sequence[Miss]) -> Sequence[tuple[int, int]]:
    """Count the misses in a row of each job: how many, and since when."""
    answers = []
    for item in items:
        if item.found:
            await tx.run(sql.found, id=item.job, attempt=item.attempt)
            answers.append((0, item.now))
        else:
            row = await tx.one(sql.miss, id=item.job, attempt=item.attempt, now=item.now)
            answers.append((row["misses"], row["missed_at"]) if row else (0, item.now))
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A generation has ended, and its job has until then to be settled."""

    job: str
    attempt: int
    deadline: int


async def extend_deadline(tx: Transaction, items: Sequence[Extension]) -> Sequence[None]:
    for item in items:
        await tx.run(sql.extend_deadline, id=item.job, attempt=item.attempt, deadline=item.deadline)
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    job: str
    card: str
    member: str
    now: int
    #: the same event again does nothing
    event: str
    #: put it into the gallery, or take it out; None: the other of what holds
    on: bool | None = None


async def toggle_star(tx: Transaction, items: Sequence[Star]) -> Sequence[bool]:
    """Put jobs into the gallery, or take them out; answers what holds now, also for a repeated event."""
    answers: dict[int, bool] = {}
    changed: dict[str, str] = {}
    # In one order by all, so that two replicas never wait for each other.
    for index, item in sorted(enumerate(items), key=lambda pair: (pair[1].job, pair[1].member)):
        whose = {"job": item.job, "member": item.member}
        new = await tx.run(sql.remember_event, id=item.event, now=item.now)
        starred = await tx.one(sql.starred, **whose) is not None
        wanted = not starred if item.on is None else item.on
        if not new or wanted == starred:
            answers[index] = starred
            continue
        if wanted:
            await tx.run(sql.star, now=item.now, **whose)
        else:
            await tx.run(sql.unstar, **whose)
        answers[index] = wanted
        changed[item.job] = item.card
    await refresh_cards(tx, changed, max(item.now for item in items))
    return [answers[index] for index in range(len(items))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    job: str
    now: int


async def delete_job(tx: Transaction, items: Sequence[Deletion]) -> Sequence[tuple[str, ...]]:
    """Delete ended jobs; answers the files that nobody needs any longer, each of them once.

    Their generations are given over to be removed at the provider.
    """
    now = max(item.now for item in items)
    rows = await tx.fetch(sql.delete_jobs, ids=sorted({item.job for item in items}))
    freed = dict(await release_files(tx, [row["id"] for row in rows]))
    generated = [row for row in rows if row["remote_id"]]
    await tx.fetch(
        orphans.adopt_orphans,
        items=[
            {
                "account": row["account"],
                "remote_id": row["remote_id"],
                "job": row["id"],
                "cause": OrphanCause.DELETED,
                "price": 0,
                "now": now,
            }
            for row in generated
        ],
    )
    await refresh_cards(tx, {row["id"]: row["card"] for row in rows}, now)
    return [freed.pop(item.job, ()) for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    job: str
    now: int
    cause: str


async def refund_job(tx: Transaction, items: Sequence[Refund]) -> Sequence[bool]:
    """Give back what captured jobs cost, once; answers whether there was anything to give back."""
    back = await settle_reservations(
        tx,
        {
            item.job: SettleReservation(settlement=Settlement.REFUNDED, at=item.now, cause=item.cause)
            for item in items
        },
    )
    cards = {row["id"]: row["card"] for row in await tx.fetch(sql.note_refunded, jobs=sorted(back))}
    await refresh_cards(tx, cards, max(item.now for item in items))
    return [item.job in back for item in items]
