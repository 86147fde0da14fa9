"""Every released store becomes one of this program, with all that it holds.

`schemas/` has one script for each release that changed the schema; see `releasing`.
"""

from pathlib import Path

import pytest

from bot.domain.jobs.job import State
from bot.store.copy import TABLES
from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.database.dialect import Dialect
from bot.store.database.migrate import FOLDER, migrate, pending
from bot.store.database.named_sql import Query
from bot.store.operator.reports import inconsistent_counts, inconsistent_meters
from bot.store.queue.accept import accept
from bot.store.queue.jobs import list_jobs
from tests.databases import lay_migrated
from tests.store.factories import acceptance, count_of
from tests.store.releases.released import RELEASES, restore

#: tables by the names that earlier releases gave them
OLD_NAMES = {
    "allowance": "rule",
    "adapter_data": "vault",
    "adapter_data_seq": "vault_seq",
    "file_reference": "holding",
    "handled_event": "event",
    "outage_notice": "outage_told",
    "queue_depth": "line",
    "rate_slot": "turn",
    "virtual_clock": "clock",
}
_DESCRIBE = {
    Dialect.SQLITE: """
        SELECT type || ' ' || name AS name, sql AS text FROM sqlite_master WHERE sql IS NOT NULL
    """,
    Dialect.POSTGRES: """
        SELECT 'column ' || table_name || '.' || column_name AS name,
               data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS text
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION SELECT 'constraint ' || conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
}


def dialect_of(database: Database) -> Dialect:
    return Dialect.SQLITE if database.file else Dialect.POSTGRES


async def describe(database: Database) -> dict[str, str]:
    rows = await database.fetch(Query("describe", _DESCRIBE[dialect_of(database)]))
    return {row["name"]: " ".join(row["text"].split()) for row in rows if "migration" not in row["name"]}


@pytest.fixture
def fresh_url(database_url: str, kept_postgres_url: str, tmp_path: Path) -> str:
    """URL of a second database of the same kind, which has today's tables."""
    if not database_url.startswith("sqlite"):
        return kept_postgres_url
    lay_migrated(tmp_path / "fresh")
    return f"sqlite:///{tmp_path}/fresh/reverie.db"


def test_the_schema_of_this_program_was_written_down() -> None:
    """A migration without its script in `schemas/` would never be tested from."""
    newest = max(int(path.name[:4]) for path in FOLDER.glob("*.sql"))
    assert newest == int(RELEASES[-1].stem)


@pytest.mark.parametrize("release", RELEASES, ids=[release.stem for release in RELEASES])
async def test_a_released_store_becomes_one_of_today(
    database_url: str, fresh_url: str, release: Path
) -> None:
    async with connect(fresh_url) as fresh, connect(database_url) as old:
        await restore(old, release)
        found = await tables(old)
        names = {table: table if table in found else OLD_NAMES.get(table, table) for table in TABLES}
        before = {table: await count_of(old, name) for table, name in names.items() if name in found}
        assert found - {"sqlite_sequence"} == {names[table] for table in before}
        await migrate(old)
        assert [] == await pending(old)
        assert await describe(fresh) == await describe(old)
        assert before == {table: await count_of(old, table) for table in before}
        assert [] == await inconsistent_meters(old)
        assert [] == await inconsistent_counts(old)
        jobs = await list_jobs(old, state=None, count=100)
        assert before["job"] == len(jobs)
        assert {State.COMPLETED, State.SUBMITTED, State.PREPARING} <= {job.state for job in jobs}
        await old.write(accept, acceptance())


async def tables(database: Database) -> set[str]:
    names = await describe(database)
    if dialect_of(database) is Dialect.SQLITE:
        return {name.removeprefix("table ") for name in names if name.startswith("table ")}
    return {name.removeprefix("column ").partition(".")[0] for name in names if name.startswith("column ")}
