"""Orphans: generations that no member pays for, booked to the operator and removed at the provider."""

from dataclasses import dataclass
from enum import StrEnum

from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("queue/orphans")

#: how long operators are shown what was left at the provider: 30 days
REPORTED_FOR_MS = 30 * 86_400_000


class OrphanCause(StrEnum):
    """Why a generation has no job."""

    #: its job was refunded or cancelled before it turned up
    LATE = "late"
    #: its job has a newer attempt
    SUPERSEDED = "superseded"
    #: it equals a request of ours that was refunded, and carries no token
    UNBOUND = "unbound"
    #: its member deleted the job; it was paid for, so nothing is lost
    DELETED = "deleted"
    #: our own processing failed on its file: it stays at the provider, for the operator
    UNPROCESSED = "unprocessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    account: str
    remote_id: str
    job: str | None
    cause: OrphanCause
    #: micro-dollars that the operator pays
    price: int
    found_at: int
    removed_at: int | None = None


async def record_orphan(tx: Transaction, orphan: Orphan) -> bool:
    """Record an orphan; returns whether it was new."""
    row = await tx.one(
        sql.insert_orphan,
        account=orphan.account,
        remote_id=orphan.remote_id,
        job=orphan.job,
        cause=orphan.cause,
        price=orphan.price,
        now=orphan.found_at,
    )
    return row is not None


async def due_orphans(database: Database, account: str, *, now: int) -> list[tuple[str, int]]:
    """Generations to delete now, each with its number of attempts."""
    rows = await database.fetch(sql.due, account=account, now=now)
    return [(row["remote_id"], row["tries"]) for row in rows]


async def record_removal(
    tx: Transaction, account: str, remote_id: str, *, now: int, retry_at: int | None
) -> None:
    """Record an attempt to delete an orphan at the provider; `retry_at=None` means success."""
    if retry_at is None:
        await tx.run(sql.record_removed, account=account, remote_id=remote_id, now=now)
    else:
        await tx.run(sql.postpone, account=account, remote_id=remote_id, run_at=retry_at)


async def resolve_orphan(tx: Transaction, remote_id: str, *, now: int) -> bool:
    """Mark a generation that was left to the operator as resolved; False where there is none."""
    return await tx.run(sql.resolve, remote_id=remote_id, now=now) > 0


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
    """Orphans on the operator's accounts: ever found, yet to be removed, and their cost in micro-dollars."""
    row = await database.one(sql.totals)
    return (row["found"], row["left_over"], row["price"]) if row else (0, 0, 0)


async def count_unprocessed(database: Database, *, since: int) -> int:
    """Generations that were left at the provider because our own processing failed on their files."""
    row = await database.one(sql.count_unprocessed, since=since)
    return row["left_over"] if row else 0
