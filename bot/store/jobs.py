"""Reading jobs, and the small writes beside their moves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.jobs import Job, State
from bot.domain.quota import Settlement
from bot.store.database import Database, Row, Transaction
from bot.store.moving import settle
from bot.store.queries import load
from bot.store.records import job_from, picture_from

sql = load("jobs")
moving = load("moving")
orphans = load("orphans")


async def jobs_by_id(database: Database, ids: Iterable[str]) -> dict[str, Job]:
    rows = await database.fetch(sql.jobs_by_id, ids=sorted(set(ids)))
    return {row["id"]: job_from(row) for row in rows}


async def find_job(database: Database, job: str) -> Job | None:
    return (await jobs_by_id(database, [job])).get(job)


async def jobs_of_cards(database: Database, cards: Iterable[str]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for row in await database.fetch(sql.jobs_of_cards, cards=sorted(set(cards))):
        found.setdefault(row["card"], []).append(job_from(row))
    return found


async def history(database: Database, person: str, *, count: int) -> list[Job]:
    return [job_from(row) for row in await database.fetch(sql.history, person=person, count=count)]


async def running(database: Database, workspace: str, member: str, *, count: int) -> list[Job]:
    rows = await database.fetch(sql.running, workspace=workspace, member=member, count=count)
    return [job_from(row) for row in rows]


async def newest_usable(database: Database, person: str) -> str | None:
    row = await database.one(sql.newest_usable, person=person)
    return row["id"] if row else None


async def in_flight(database: Database, account: str) -> list[Job]:
    return [job_from(row) for row in await database.fetch(sql.in_flight, account=account)]


async def preparing(database: Database, *, now: int, count: int) -> list[Job]:
    return [job_from(row) for row in await database.fetch(sql.preparing, now=now, count=count)]


async def list_jobs(database: Database, *, state: State | None, count: int) -> list[Job]:
    return [job_from(row) for row in await database.fetch(sql.list_jobs, state=state, count=count)]


async def ahead(database: Database, jobs: Iterable[str]) -> dict[str, int]:
    """How many jobs stand before each of these in its queue."""
    rows = await database.fetch(sql.ahead, items=[{"id": job} for job in jobs])
    return {row["id"]: row["ahead"] for row in rows}


async def paces(database: Database, names: Iterable[str]) -> Mapping[str, int]:
    """Milliseconds that the latest jobs of each kind took, on average; only kinds with some."""
    rows = await database.fetch(sql.paces, items=[{"pace": name} for name in sorted(set(names))])
    return {row["pace"]: row["took"] for row in rows if row["took"] is not None}


async def files_in_use(database: Database, files: Sequence[str]) -> set[str]:
    return {row["file"] for row in await database.fetch(sql.files_in_use, files=list(files))}


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
class Seen:
    """As much of a job as moving it takes."""

    id: str
    state: State
    attempt: int


def _seen(row: Row) -> Seen:
    return Seen(id=row["id"], state=State(row["state"]), attempt=row["attempt"])


async def lost_claims(database: Database, *, now: int) -> list[tuple[Seen, bool]]:
    """Claimed jobs whose process no longer holds their lease, and whether their request has left."""
    rows = await database.fetch(sql.lost_claims, now=now)
    return [(_seen(row), row["sent_at"] is not None) for row in rows]


async def overdue_in_queue(database: Database, *, now: int, count: int) -> list[Seen]:
    return [_seen(row) for row in await database.fetch(sql.overdue_in_queue, now=now, count=count)]


async def stranded(database: Database, *, now: int, lost_before: int, count: int) -> list[Seen]:
    """Jobs in flight on retired accounts that are overdue."""
    rows = await database.fetch(sql.stranded, now=now, lost_before=lost_before, count=count)
    return [_seen(row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A look at a known generation, and whether it was there."""

    job: str
    now: int
    found: bool


async def note_look(tx: Transaction, items: Sequence[Miss]) -> Sequence[tuple[int, int]]:
    """Count the misses in a row of each job: how many, and since when."""
    answers = []
    for item in items:
        if item.found:
            await tx.run(sql.found, id=item.job)
            answers.append((0, item.now))
        else:
            row = await tx.one(sql.miss, id=item.job, now=item.now)
            answers.append((row["misses"], row["missed_at"]) if row else (0, item.now))
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    job: str
    card: str
    member: str
    now: int
    #: the same event again does nothing
    event: str


async def toggle_star(tx: Transaction, items: Sequence[Star]) -> Sequence[bool | None]:
    """Put a job into the gallery, or take it out; True, False, or None for a repeated event."""
    answers: list[bool | None] = []
    for item in items:
        if not await tx.run(sql.remember_event, id=item.event, now=item.now):
            answers.append(None)
            continue
        removed = await tx.run(sql.unstar, job=item.job, member=item.member)
        if not removed:
            await tx.run(sql.star, job=item.job, member=item.member, now=item.now)
        await tx.run(moving.bump_cards, items=[{"id": item.card, "ended": 1, "now": item.now}])
        answers.append(not removed)
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    job: str
    now: int


async def delete_job(tx: Transaction, items: Sequence[Deletion]) -> Sequence[str | None]:
    """Delete finished jobs; answers the file that nobody uses any longer.

    Their generation is given over to be removed at the provider.
    """
    answers: list[str | None] = []
    for item in items:
        row = await tx.one(sql.delete_job, id=item.job)
        if row is None:
            answers.append(None)
            continue
        await tx.run(moving.bump_cards, items=[{"id": row["card"], "ended": 1, "now": item.now}])
        if row["remote_id"]:
            await tx.fetch(
                orphans.adopt_orphans,
                items=[
                    {
                        "account": row["account"],
                        "remote_id": row["remote_id"],
                        "job": item.job,
                        "cause": "deleted",
                        "price": 0,
                        "now": item.now,
                    }
                ],
            )
        picture = picture_from(row["result"])
        users = await tx.one(sql.file_users, file=picture.file) if picture else None
        answers.append(picture.file if picture and users and not users["users"] else None)
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    job: str
    now: int
    cause: str


async def refund(tx: Transaction, items: Sequence[Refund]) -> Sequence[bool]:
    """Give back what captured jobs cost, once; answers whether there was anything to give back."""
    back = await settle(tx, {item.job: (Settlement.REFUNDED, item.now, item.cause) for item in items})
    cards = {row["card"] for row in await tx.fetch(sql.note_refunded, jobs=sorted(back))}
    now = max(item.now for item in items)
    await tx.run(moving.bump_cards, items=[{"id": card, "ended": 1, "now": now} for card in sorted(cards)])
    return [item.job in back for item in items]
