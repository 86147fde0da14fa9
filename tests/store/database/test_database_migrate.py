"""Migrations bring a schema to the newest version."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.domain.errors import StoreError
from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.database.migrate import NewerDatabase, migrate, pending
from bot.store.database.named_sql import Query

APPLIED = Query("applied", "SELECT version, name, applied_at FROM migration ORDER BY version")
THINGS = Query("things", "SELECT name FROM thing ORDER BY id")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    _add(
        folder,
        "0001_start.sql",
        """
        -- things; and their names
        CREATE TABLE thing (id {{serial}}, name TEXT NOT NULL DEFAULT 'a;b');
        INSERT INTO thing (name) VALUES ('it''s; one'); /* ; */
        """,
    )
    _add(
        folder,
        "0002_more.sql",
        "ALTER TABLE thing ADD COLUMN size BIGINT; INSERT INTO thing (size) VALUES (1)",
    )
    return folder


async def test_migrations_are_applied_in_order_and_once(database_url: str, folder: Path) -> None:
    async with connect(database_url) as database:
        assert ["start", "more"] == [step.name for step in await pending(database, folder=folder)]
        assert ["start", "more"] == [step.name for step in await migrate(database, folder=folder)]
        assert [] == await pending(database, folder=folder)
        assert [] == await migrate(database, folder=folder)
        assert ["it's; one", "a;b"] == [row["name"] for row in await database.fetch(THINGS)]
        applied = await database.fetch(APPLIED)
    assert [(1, "start"), (2, "more")] == [(row["version"], row["name"]) for row in applied]
    assert all(abs(row["applied_at"] - time.time() * 1000) < 60_000 for row in applied)


async def test_replicas_that_start_together_take_turns(database_url: str, folder: Path) -> None:
    replicas = [connect(database_url) for _ in range(4)]
    await asyncio.gather(*(replica.open() for replica in replicas))
    steps = await asyncio.gather(*(migrate(replica, folder=folder) for replica in replicas))
    assert [1, 2] == sorted(step.version for each in steps for step in each)
    assert 2 == len(await replicas[0].fetch(THINGS))
    await asyncio.gather(*(replica.close() for replica in replicas))


async def test_a_migration_that_fails_leaves_nothing_of_itself(database_url: str, folder: Path) -> None:
    _add(folder, "0003_broken.sql", "CREATE TABLE half (id BIGINT); INSERT INTO nowhere VALUES (1);")
    async with connect(database_url) as database:
        with pytest.raises(StoreError, match="nowhere"):
            await migrate(database, folder=folder)
        assert ["broken"] == [step.name for step in await pending(database, folder=folder)]
        assert not await _has_table(database, "half")


async def test_a_newer_database_is_refused(database_url: str, folder: Path) -> None:
    async with connect(database_url) as database:
        await migrate(database, folder=folder)
        (folder / "0002_more.sql").unlink()
        for check in (pending, migrate):
            with pytest.raises(
                NewerDatabase,
                match=r"version 2 \(more\), this program knows 1 at most: .* stops all replicas first",
            ):
                await check(database, folder=folder)


@pytest.mark.parametrize("name", ["one.sql", "0001_twice.sql", "0003.sql"])
async def test_a_badly_named_migration_is_refused(sqlite_url: str, folder: Path, name: str) -> None:
    _add(folder, name, "SELECT 1")
    async with connect(sqlite_url) as database:
        with pytest.raises(ValueError, match=f"{name} is not named"):
            await migrate(database, folder=folder)


async def test_a_replica_goes_on_after_another_has_migrated(database_url: str, folder: Path) -> None:
    """Its prepared statements are of the old table."""
    everything = Query("everything", "SELECT * FROM thing")
    async with connect(database_url) as database, connect(database_url) as other:
        await migrate(database, folder=folder)
        await database.fetch(everything)
        await database.exclusively(lambda transaction: transaction.fetch(everything))
        _add(folder, "0003_wider.sql", "ALTER TABLE thing ADD COLUMN colour TEXT")
        await migrate(other, folder=folder)
        assert "colour" in (await database.fetch(everything))[0]
        assert "colour" in (await database.exclusively(lambda tx: tx.fetch(everything)))[0]


def _add(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)


async def _has_table(database: Database, name: str) -> bool:
    row = await database.one(Query("has_table", f"SELECT {{{{has_table {name}}}}} AS has_table"))
    assert row is not None
    return bool(row["has_table"])
