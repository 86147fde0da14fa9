"""A store is copied from one database to another and loses nothing."""

from typing import Any

import pytest

from bot.domain.errors import StoreError
from bot.store.copy import NUMBERED, TABLES, copy_database
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import Query
from bot.store.operator.reports import inconsistent_meters
from bot.store.queue.accept import accept
from tests.store.factories import acceptance, accepted, count_of
from tests.store.releases.populate import live


async def content(database: Database) -> dict[str, list[dict[str, object]]]:
    """Everything, the rows that the database numbers by their place among the others."""
    found = {}
    for table in TABLES:
        rows = [dict(row) for row in await database.fetch(Query("all", f"SELECT * FROM {table}"))]  # noqa: S608
        if table in NUMBERED:
            rows.sort(key=lambda row: int(row["id"]))
            rows = [row | {"id": place} for place, row in enumerate(rows)]
        found[table] = sorted(rows, key=str)
    return found


async def test_every_table_is_copied(sqlite_store: Database) -> None:
    tables = Query("tables", "SELECT name FROM sqlite_master WHERE type = 'table'")
    found = {row["name"] for row in await sqlite_store.fetch(tables)}
    assert {*TABLES, "migration", "sqlite_sequence"} == found


@pytest.mark.parametrize("forward", [True, False], ids=["sqlite to postgres", "postgres to sqlite"])
async def test_a_store_moves_whole(
    sqlite_store: Database, replicas: tuple[Database, Database], *, forward: bool
) -> None:
    source, target = (sqlite_store, replicas[0]) if forward else (replicas[0], sqlite_store)
    await live(source)
    counts = await copy_database(source, target)
    assert set(TABLES) == {table for table, rows in counts.items() if rows}, (
        "no table was left out of the test"
    )
    assert await content(source) == await content(target)
    assert [] == await inconsistent_meters(target)
    await target.write(accept, acceptance())
    assert counts["job"] + 1 == await count_of(target, "job")


class _Watched:
    """A source that counts the rows of each answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.longest = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        rows = await self._database.fetch(query, **values)
        self.longest = max(self.longest, len(rows))
        return rows


async def _fill(tx: Transaction) -> None:
    """Write two tables that are longer than a page, one with a key of two columns."""
    lease = "INSERT INTO lease (name, owner, expires_at, fence) VALUES (:name, 'me', 1, 1)"
    await tx.run_each(Query("leases", lease), [{"name": f"l{number}"} for number in range(2_500)])
    slot = "INSERT INTO rate_slot (adapter, name, next_at) VALUES (:adapter, :name, 1)"
    slots = [{"adapter": f"chat{number // 900}", "name": f"s{number}"} for number in range(2_500)]
    await tx.run_each(Query("slots", slot), slots)


@pytest.mark.parametrize("forward", [True, False], ids=["sqlite to postgres", "postgres to sqlite"])
async def test_a_long_table_is_copied_page_by_page(
    sqlite_store: Database, replicas: tuple[Database, Database], *, forward: bool
) -> None:
    """PostgreSQL would end a transaction that waits until millions of rows are read."""
    source, target = (sqlite_store, replicas[0]) if forward else (replicas[0], sqlite_store)
    await source.transact(_fill)
    watched = _Watched(source)
    await copy_database(watched, target)
    assert 1_000 == watched.longest
    assert await content(source) == await content(target)


async def test_nothing_is_copied_over_something(
    sqlite_store: Database, replicas: tuple[Database, Database]
) -> None:
    await live(sqlite_store)
    await accepted(replicas[0])
    with pytest.raises(StoreError, match="not empty"):
        await copy_database(sqlite_store, replicas[0])
    assert 1 == await count_of(replicas[0], "job")
