"""Leases: work that one process at a time does for all replicas."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.store.database.base import Transaction
from bot.store.database.named_sql import load

sql = load("leases")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseWanted:
    name: str
    owner: str
    now: int
    until: int


async def acquire_lease(tx: Transaction, items: Sequence[LeaseWanted]) -> Sequence[int | None]:
    """Take or renew leases; answers the fence, which rises with every change of owner, or None."""
    answers: dict[int, int | None] = {}
    # In one order by all, so that two replicas never wait for each other.
    for index, item in sorted(enumerate(items), key=lambda pair: pair[1].name):
        row = await tx.one(sql.take_lease, name=item.name, owner=item.owner, now=item.now, until=item.until)
        answers[index] = row["fence"] if row else None
    return [answers[index] for index in range(len(items))]


async def release_lease(tx: Transaction, items: Sequence[LeaseWanted]) -> Sequence[None]:
    for item in items:
        await tx.run(sql.free_lease, name=item.name, owner=item.owner)
    return [None] * len(items)


async def expire_all_leases(tx: Transaction, items: Sequence[None]) -> Sequence[None]:
    """End the leases of processes that cannot be alive, because this one holds the database alone."""
    await tx.run(sql.end_job_leases)
    await tx.run(sql.end_card_leases)
    await tx.run(sql.end_leases)
    return [None] * len(items)
