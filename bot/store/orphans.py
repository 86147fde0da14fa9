"""Generations that nobody pays for: found, booked to the operator, removed at the provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("orphans")

#: how long operators are told of what was left at the provider: 30 days
REPORTED_FOR_MS = 30 * 86_400_000


class OrphanCause(StrEnum):
    """Why a generation has no job."""

    #: its job was refunded or taken back before it turned up
    LATE = "late"
    #: its job has a newer attempt
    SUPERSEDED = "superseded"
    #: it equals a request of ours that was refunded, and carries no marker
    UNBOUND = "unbound"
    #: its member deleted the job; paid, and no loss
    DELETED = "deleted"
    #: our own processing failed on its file: it stays at the provider, for the operator
    UNPROCESSED = "unprocessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    account: str
    remote_id: str
    job: str | None
    cause: OrphanCause
    #: micro-dollars that the operator bears
    price: int
    found_at: int
    removed_at: int | None = None


async def record_orphan(tx: Transaction, items: Sequence[Orphan]) -> Sequence[bool]:
    """Put orphans on the list; answers which were new."""
    rows = await tx.fetch(
        sql.adopt_orphans,
        items=[
            {
                "account": item.account,
                "remote_id": item.remote_id,
                "job": item.job,
                "cause": item.cause,
                "price": item.price,
                "now": item.found_at,
            }
            for item in {(item.account, item.remote_id): item for item in items}.values()
        ],
    )
    new = {(row["account"], row["remote_id"]) for row in rows}
    return [(item.account, item.remote_id) in new for item in items]


async def due_orphans(database: Database, account: str, *, now: int) -> list[tuple[str, int]]:
    """Generations to remove now, each with the tries so far."""
    rows = await database.fetch(sql.due_orphans, account=account, now=now)
    return [(row["remote_id"], row["tries"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A try to remove an orphan at the provider."""

    account: str
    remote_id: str
    now: int
    #: when to try again; None: it is gone
    run_at: int | None


async def record_removal(tx: Transaction, items: Sequence[Removal]) -> Sequence[None]:
    for item in items:
        where = {"account": item.account, "remote_id": item.remote_id}
        if item.run_at is None:
            await tx.run(sql.note_removed, now=item.now, **where)
        else:
            await tx.run(sql.put_off_orphan, run_at=item.run_at, **where)
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The operator has dealt with what was left at the provider."""

    remote_id: str
    now: int


async def resolve_orphan(tx: Transaction, items: Sequence[Resolution]) -> Sequence[bool]:
    """Mark generations that were left for the operator as dealt with; False where there is no such one."""
    return [await tx.run(sql.resolve_orphan, remote_id=item.remote_id, now=item.now) > 0 for item in items]


async def list_orphans(database: Database, *, count: int) -> list[Orphan]:
    return [
        Orphan(
            account=row["account"],
            remote_id=row["remote_id"],
            job=row["job"],
            cause=OrphanCause(row["cause"]),
            price=row["price"],
            found_at=row["found_at"],
            removed_at=row["removed_at"],
        )
        for row in await database.fetch(sql.list_orphans, count=count)
    ]


async def count_orphans(database: Database) -> tuple[int, int, int]:
    """Orphans ever found, those still to be removed, and what all of them cost in micro-dollars."""
    row = await database.one(sql.count_orphans)
    return (row["found"], row["left_over"], row["price"]) if row else (0, 0, 0)


async def count_unprocessed(database: Database, *, since: int) -> int:
    """Generations that were left at the provider because our own processing failed on their files."""
    row = await database.one(sql.count_unprocessed, since=since)
    return row["left_over"] if row else 0
