"""Coordination of processes: leases for what one does at a time, rate slots for what all do rarely."""

from bot.store.database.base import Transaction
from bot.store.database.named_sql import load

sql = load("leases")


async def acquire_lease(tx: Transaction, name: str, *, owner: str, now: int, until: int) -> int | None:
    """Acquire or renew a lease; returns the fence, which rises with every change of owner, or None."""
    row = await tx.one(sql.acquire, name=name, owner=owner, now=now, until=until)
    return row["fence"] if row else None


async def release_lease(tx: Transaction, name: str, *, owner: str) -> None:
    await tx.run(sql.release, name=name, owner=owner)


async def expire_all_leases(tx: Transaction) -> None:
    """End the leases of processes that cannot be alive, because this one has the database to itself."""
    await tx.run(sql.expire_jobs)
    await tx.run(sql.expire_cards)
    await tx.run(sql.expire_all)


async def reserve_rate_slot(tx: Transaction, adapter: str, name: str, *, now: int, every: int) -> int:
    """Reserve the next time for what all processes together do once in `every` milliseconds."""
    row = await tx.one(sql.reserve_slot, adapter=adapter, name=name, now=now, every=every, after=now + every)
    return (row["next_at"] if row else now + every) - every
