"""Adapter data: each adapter's own keys and values, encrypted by the caller, and its rate slots."""

from dataclasses import dataclass

from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("adapter_data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    key: str
    encrypted: str
    #: rises with every value that the adapter puts
    seq: int


async def put(tx: Transaction, adapter: str, key: str, encrypted: str) -> int:
    """Store a value; returns its number, which rises with every value that the adapter puts."""
    row = await tx.one(sql.next_seq, adapter=adapter)
    seq: int = row["seq"] if row else 1
    await tx.run(sql.put, adapter=adapter, key=key, value=encrypted, seq=seq)
    return seq


async def put_new(tx: Transaction, adapter: str, key: str, encrypted: str) -> Entry:
    """Store a value unless the key has one; returns the entry that is stored then."""
    await tx.run(sql.put_new, adapter=adapter, key=key, value=encrypted)
    row = await tx.one(sql.get, adapter=adapter, key=key)
    return _entry(row) if row else Entry(key=key, encrypted=encrypted, seq=0)


async def remove(tx: Transaction, adapter: str, key: str) -> None:
    await tx.run(sql.remove, adapter=adapter, key=key)


async def remove_before(tx: Transaction, adapter: str, prefix: str, *, before: str) -> None:
    """Remove the entries under keys that begin with `prefix` and are less than `before`."""
    await tx.run(sql.remove_before, adapter=adapter, prefix=prefix, before=before)


async def pop(tx: Transaction, adapter: str, key: str) -> Entry | None:
    """Read and remove an entry; of concurrent callers one gets it."""
    row = await tx.one(sql.pop, adapter=adapter, key=key)
    return _entry(row) if row else None


async def reserve_rate_slot(tx: Transaction, adapter: str, name: str, *, now: int, every: int) -> int:
    """Reserve the next time for what all processes together do once in `every` milliseconds."""
    row = await tx.one(sql.reserve_slot, adapter=adapter, name=name, now=now, every=every, after=now + every)
    return (row["next_at"] if row else now + every) - every


async def get(database: Database, adapter: str, key: str) -> Entry | None:
    row = await database.one(sql.get, adapter=adapter, key=key)
    return _entry(row) if row else None


async def since(database: Database, adapter: str, prefix: str, seq: int, *, limit: int) -> list[Entry]:
    """Entries that were put after number `seq` under keys that begin with `prefix`, in that order."""
    rows = await database.fetch(sql.since, adapter=adapter, prefix=prefix, seq=seq, count=limit)
    return [_entry(row) for row in rows]


async def latest(database: Database, adapter: str, prefix: str, *, limit: int) -> list[Entry]:
    """The newest entries under keys that begin with `prefix`, the oldest of them first."""
    rows = await database.fetch(sql.latest, adapter=adapter, prefix=prefix, count=limit)
    return [_entry(row) for row in reversed(rows)]


def _entry(row: Row) -> Entry:
    return Entry(key=row["key"], encrypted=row["value"], seq=row["seq"])
