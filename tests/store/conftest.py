from collections.abc import AsyncIterator

import pytest

from bot.store.database import sqlite
from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.database.named_sql import Query
from bot.store.operator.reports import inconsistent_counts
from tests.databases import (
    database_url,
    kept_postgres,
    kept_postgres_url,
    migrated_postgres_url,
    migrated_sqlite_url,
    postgres_server,
    postgres_url,
    sqlite_url,
)
from tests.store.database.note_table import CREATE

__all__ = [
    "database_url",
    "kept_postgres",
    "kept_postgres_url",
    "migrated_postgres_url",
    "migrated_sqlite_url",
    "postgres_server",
    "postgres_url",
    "sqlite_url",
]


@pytest.fixture
async def notes(database_url: str) -> AsyncIterator[Database]:
    """An open database with the small table that the tests of the database itself use."""
    async with connect(database_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        yield database


@pytest.fixture
async def postgres_store(migrated_postgres_url: str) -> AsyncIterator[Database]:
    async with connect(migrated_postgres_url) as database:
        yield database
        assert [] == await inconsistent_counts(database)


@pytest.fixture
async def replicas(
    migrated_postgres_url: str, postgres_store: Database
) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' views of one PostgreSQL that has our tables, empty."""
    async with connect(migrated_postgres_url) as other:
        yield postgres_store, other


@pytest.fixture
async def sqlite_store(migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    # Each reader is a thread and reads the schema, which takes longer than most tests; races are of writers.
    monkeypatch.setattr(sqlite, "READERS", 1)
    async with connect(migrated_sqlite_url) as database:
        yield database
        assert [] == await inconsistent_counts(database)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Database:
    """An open, empty database with our tables; a test that takes it runs on both."""
    database: Database = request.getfixturevalue(f"{request.param}_store")
    return database
