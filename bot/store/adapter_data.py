"""An adapter's own keys and values, sealed before they come here."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("vault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    adapter: str
    key: str
    sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    key: str
    sealed: str
    seq: int


async def put(tx: Transaction, items: Sequence[Put]) -> Sequence[int]:
    """Keep values; answers each one's number, which rises with every value that is put."""
    latest: dict[tuple[str, str], int] = {}
    answers = [0] * len(items)
    for adapter in sorted({item.adapter for item in items}):
        mine = [index for index, item in enumerate(items) if item.adapter == adapter]
        row = await tx.one(sql.next_seq, adapter=adapter, count=len(mine))
        first = (row["seq"] if row else len(mine)) - len(mine) + 1
        for number, index in enumerate(mine, start=first):
            answers[index] = number
            latest[adapter, items[index].key] = index
    await tx.run(
        sql.put,
        items=[
            {"adapter": adapter, "key": key, "value": items[index].sealed, "seq": answers[index]}
            for (adapter, key), index in latest.items()
        ],
    )
    return answers


async def put_new(tx: Transaction, items: Sequence[Put]) -> Sequence[Entry]:
    """Keep values that nobody has put before; answers what is kept, whoever put it."""
    kept = []
    for item in items:
        await tx.run(sql.put_new, adapter=item.adapter, key=item.key, value=item.sealed)
        row = await tx.one(sql.get, adapter=item.adapter, key=item.key)
        kept.append(_kept(row) if row else Entry(key=item.key, sealed=item.sealed, seq=0))
    return kept


async def remove(tx: Transaction, items: Sequence[tuple[str, str]]) -> Sequence[None]:
    for adapter, key in items:
        await tx.run(sql.remove, adapter=adapter, key=key)
    return [None] * len(items)


async def pop(tx: Transaction, items: Sequence[tuple[str, str]]) -> Sequence[Entry | None]:
    """Read values and forget them; of all who ask at once one is answered."""
    rows = [await tx.one(sql.take, adapter=adapter, key=key) for adapter, key in items]
    return [_kept(row) if row else None for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something that all processes together do once in `every` milliseconds."""

    adapter: str
    name: str
    now: int
    every: int


async def reserve_rate_slot(tx: Transaction, items: Sequence[Turn]) -> Sequence[int]:
    """Answer when each may go; whoever asks next goes later."""
    answers: dict[int, int] = {}
    # In one order by all, so that two replicas never wait for each other.
    for index, item in sorted(enumerate(items), key=lambda pair: (pair[1].adapter, pair[1].name)):
        row = await tx.one(
            sql.take_turn,
            adapter=item.adapter,
            name=item.name,
            now=item.now,
            every=item.every,
            after=item.now + item.every,
        )
        answers[index] = (row["next_at"] if row else item.now + item.every) - item.every
    return [answers[index] for index in range(len(items))]


async def get(database: Database, adapter: str, key: str) -> Entry | None:
    row = await database.one(sql.get, adapter=adapter, key=key)
    return _kept(row) if row else None


async def since(database: Database, adapter: str, prefix: str, seq: int, *, limit: int) -> list[Entry]:
    rows = await database.fetch(sql.since, adapter=adapter, prefix=prefix, seq=seq, count=limit)
    return [_kept(row) for row in rows]


async def latest(database: Database, adapter: str, prefix: str, *, limit: int) -> list[Entry]:
    rows = await database.fetch(sql.latest, adapter=adapter, prefix=prefix, count=limit)
    return [_kept(row) for row in reversed(rows)]


def _kept(row: Row) -> Entry:
    return Entry(key=row["key"], sealed=row["value"], seq=row["seq"])
