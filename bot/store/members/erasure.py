"""Deletes what is stored about a person, and leaves a pseudonym where the books need a name.

Each step finds what is left to be done and can be repeated, so that a crash between two loses nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.generations.requests import dump_request, load_request
from bot.domain.jobs.erasure import NAMELESS, WORDLESS, member_of, without_words
from bot.domain.money.quota import personal_scopes
from bot.store.admin.presets import remove_presets_from
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import Query, load
from bot.store.file_refs import end_uploads
from bot.store.listings.gallery import remove_unstarred
from bot.store.quotas.usage import rename_member
from bot.store.rows import UNREADABLE, dump_record, failure_from, log_unreadable

sql = load("members/erasure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A person whose data is to be deleted."""

    person: str
    pseudonym: str
    #: milliseconds UTC; what is newer stays
    requested_at: int
    #: when everything but the meters of running periods was done
    cleared_at: int | None = None


async def request_erasure(tx: Transaction, person: str, pseudonym: str, *, now: int) -> None:
    await tx.run(sql.request, person=person, pseudonym=pseudonym, now=now)


async def open_erasures(database: Database) -> list[Erasure]:
    return [Erasure(**row) for row in await database.fetch(sql.open)]


async def waiting_jobs(database: Database, erasure: Erasure, *, count: int) -> list[str]:
    """The jobs that can still be cancelled."""
    return await _jobs(database, sql.waiting, erasure, count)


async def jobs_to_delete(database: Database, erasure: Erasure, *, count: int) -> list[str]:
    return await _jobs(database, sql.to_delete, erasure, count)


async def _jobs(database: Database, query: Query, erasure: Erasure, count: int) -> list[str]:
    rows = await database.fetch(query, person=erasure.person, requested_at=erasure.requested_at, count=count)
    return [row["id"] for row in rows]


async def clear_jobs(tx: Transaction, erasure: Erasure, *, ended_before: int, count: int) -> int:
    """Remove words and person from deleted jobs and their cards; returns how many were found."""
    rows = await tx.fetch(
        sql.to_clear,
        person=erasure.person,
        requested_at=erasure.requested_at,
        ended_before=ended_before,
        count=count,
    )
    if rows:
        await rename_member(
            tx, [row["id"] for row in rows], lambda workspace: member_of(erasure.pseudonym, workspace)
        )
        await tx.run(
            sql.clear_jobs,
            pseudonym=erasure.pseudonym,
            name=NAMELESS,
            title=WORDLESS,
            items=[_cleared(row, erasure) for row in rows],
        )
        await _clear_cards(tx, erasure, [row["card"] for row in rows])
    return len(rows)


def _cleared(row: Row, erasure: Erasure) -> dict[str, object]:
    return {"id": row["id"], "member": member_of(erasure.pseudonym, row["workspace"]), **wordless(row)}


def wordless(row: Row) -> dict[str, object]:
    """The request and the failure of a job's row, without what its member wrote and what quotes it."""
    try:
        request = dump_request(without_words(load_request(row["request"])))
        failure = failure_from(row["failure"])
    except UNREADABLE as error:
        # It goes as well: nobody can read what it holds.
        log_unreadable("job", row["id"], type(error).__name__)
        return {"request": "{}", "failure": None}
    return {"request": request, "failure": dump_record(failure and replace(failure, message="", reason=""))}


async def _clear_cards(tx: Transaction, erasure: Erasure, cards: Sequence[str]) -> None:
    await tx.run(sql.clear_cards, pseudonym=erasure.pseudonym, cards=sorted(set(cards)))


async def has_jobs(database: Database, erasure: Erasure) -> bool:
    row = await database.one(sql.left, person=erasure.person, requested_at=erasure.requested_at)
    return row is not None


async def clear_rest(tx: Transaction, erasure: Erasure, *, now: int, count: int) -> tuple[str, ...] | None:
    """Remove everything else but the meters; returns files that nothing refers to.

    None: at most `count` cards were cleared, and there are more.
    """
    whose = {"person": erasure.person, "requested_at": erasure.requested_at}
    cards = [row["id"] for row in await tx.fetch(sql.own_cards, **whose, count=count)]
    await _clear_cards(tx, erasure, cards)
    if len(cards) == count:
        return None
    members = [row["id"] for row in await tx.fetch(sql.members, person=erasure.person)]
    of_members = {"members": members, "requested_at": erasure.requested_at}
    starred = [row["job"] for row in await tx.fetch(sql.starred, **of_members)]
    for query in (sql.remove_votes, sql.remove_stars, sql.remove_refusals):
        await tx.run(query, **of_members)
    await remove_unstarred(tx, starred, now=now)
    await tx.run(sql.clear_labels, members=members)
    await tx.run(sql.rename_members, **whose, name=NAMELESS)
    freed: list[str] = []
    for member in members:
        freed += await end_uploads(tx, member)
    freed += await remove_presets_from(tx, erasure.person, before=erasure.requested_at)
    await tx.run(sql.mark_cleared, **whose, now=now)
    return tuple(freed)


async def clear_meters(
    tx: Transaction, erasure: Erasure, new_id: Callable[[], str], *, now: int, count: int
) -> bool:
    """Give the meters of ended periods to the pseudonym; returns whether nothing is left to be done.

    Those of running periods still limit what the person may spend.
    """
    whose = {"person": erasure.person, "requested_at": erasure.requested_at}
    members = [row["id"] for row in await tx.fetch(sql.members, person=erasure.person)]
    scopes = personal_scopes(erasure.person, members)
    ended = await tx.fetch(sql.ended_meters, scopes=scopes, now=now, count=count)
    for row in ended:
        old, new = row["id"], f"{erasure.pseudonym}/{new_id()}"
        await tx.run(sql.copy_meter, old=old, new=new, pseudonym=erasure.pseudonym)
        for query in (sql.move_reservations, sql.move_journal, sql.move_grants, sql.move_notices):
            await tx.run(query, old=old, new=new)
        await tx.run(sql.remove_meter, old=old)
    running = await tx.one(sql.running_meter, scopes=scopes, requested_at=erasure.requested_at)
    if running is not None:
        return False
    await tx.run(sql.remove_members, **whose)
    await tx.run(sql.finish, **whose)
    return True
