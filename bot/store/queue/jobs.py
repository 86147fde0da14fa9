"""Reading jobs, and what people do with finished ones: star, delete, refund."""

from collections.abc import Iterable

from bot.domain.generations.media import Media
from bot.domain.jobs.job import Job, State
from bot.domain.money.quota import Settlement
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import release_files
from bot.store.queue.orphans import Orphan, OrphanCause, record_orphan
from bot.store.queue.transition import refresh_cards
from bot.store.quotas.ledger import SettleReservation, settle_reservations
from bot.store.quotas.usage import add_refund
from bot.store.rows import jobs_from, media_from

sql = load("queue/jobs")


async def jobs_by_id(database: Database, ids: Iterable[str]) -> dict[str, Job]:
    rows = await database.fetch(sql.jobs_by_id, ids=sorted(set(ids)))
    return jobs_from(rows)


async def find_job(database: Database, job: str) -> Job | None:
    return (await jobs_by_id(database, [job])).get(job)


async def jobs_of_cards(database: Database, cards: Iterable[str]) -> dict[str, list[Job]]:
    """The jobs that each card shows; a copy shows a job of another card."""
    rows = await database.fetch(sql.jobs_of_cards, cards=sorted(set(cards)))
    jobs = jobs_from(rows)
    found: dict[str, list[Job]] = {}
    for row in rows:
        if (job := jobs.get(row["id"])) is not None:
            found.setdefault(row["shown_on"], []).append(job)
    return found


async def unfinished_jobs(database: Database, workspace: str, member: str, *, count: int) -> list[Job]:
    rows = await database.fetch(sql.unfinished, workspace=workspace, member=member, count=count)
    return list(jobs_from(rows).values())


async def list_jobs(database: Database, *, state: State | None, count: int) -> list[Job]:
    return list(jobs_from(await database.fetch(sql.list_jobs, state=state, count=count)).values())


async def results_of_generation(database: Database, account: str, generation: str) -> list[Media]:
    """The results that were stored of a generation; more than one if jobs have changed it."""
    rows = await database.fetch(sql.results_of_generation, account=account, generation=generation)
    return [media for row in rows if (media := media_from(row["result"])) is not None]


async def ancestors(database: Database, job: str, *, most: int) -> list[str]:
    """The job and what it was made from, the nearest first: at most so many generations."""
    return [row["id"] for row in await database.fetch(sql.ancestors, job=job, most=most)]


async def made_from(database: Database, jobs: Iterable[str], *, count: int) -> list[tuple[str, str]]:
    """The oldest results that were made from any of these, each with the job that it was made from."""
    rows = await database.fetch(sql.made_from, parents=sorted(set(jobs)), count=count)
    return [(row["id"], row["parent"]) for row in rows]


async def toggle_star(
    tx: Transaction, job: str, *, card: str, member: str, event: str, now: int, on: bool | None = None
) -> bool:
    """Put a job into the gallery or take it out; `on=None` toggles. Returns whether it is there now.

    The same event again changes nothing.
    """
    whose = {"job": job, "member": member}
    # Locked first, so that of two toggles at once the second sees what the first did.
    await tx.one(sql.lock_job, id=job)
    new = await tx.run(sql.remember_event, id=event, now=now)
    starred = await tx.one(sql.starred, **whose) is not None
    wanted = not starred if on is None else on
    if not new or wanted == starred:
        return starred
    if wanted:
        await tx.run(sql.star, now=now, **whose)
    else:
        await tx.run(sql.unstar, **whose)
    await refresh_cards(tx, {job: card}, now)
    return wanted


async def delete_job(tx: Transaction, job: str, *, now: int) -> tuple[str, ...]:
    """Delete an ended job; returns the files that nothing needs any longer.

    Its generation becomes an orphan, to be removed at the provider, unless another job has it too.
    """
    await tx.fetch(sql.lock_jobs_of_generation, id=job)
    row = await tx.one(sql.delete_job, id=job)
    if row is None:
        return ()
    await tx.run(sql.leave_gallery, id=job)
    files = await release_files(tx, [job])
    generation = {"account": row["account"], "remote_id": row["remote_id"]}
    if row["remote_id"] and await tx.one(sql.keepers_of_generation, **generation) is None:
        orphan = Orphan(
            **generation,
            job=job,
            cause=OrphanCause.DELETED,
            price=0,
            found_at=now,
        )
        await record_orphan(tx, orphan)
    await refresh_cards(tx, {job: row["card"]}, now)
    return files[job]


async def refund_job(tx: Transaction, job: str, *, now: int, cause: str) -> bool:
    """Refund what a captured job cost, once; returns whether there was anything to refund."""
    # Before its meters, as everywhere: a change of links may be about to count it on further ones.
    await tx.one(sql.lock_job, id=job)
    change = SettleReservation(settlement=Settlement.REFUNDED, at=now, cause=cause)
    if not await settle_reservations(tx, {job: change}):
        return False
    if row := await tx.one(sql.mark_refunded, id=job):
        await add_refund(tx, job)
        await refresh_cards(tx, {job: row["card"]}, now)
    return True
