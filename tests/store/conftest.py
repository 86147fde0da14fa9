from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

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
from tests.patience import until
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

_IN_TRANSACTION = Query(
    "in_transaction",
    "SELECT 1 FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
)

#: an asynchronous fixture of tests that take an open store
one_loop = partial(pytest_asyncio.fixture, loop_scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of one process that take an open store in one loop, to which its connections belong."""
    folder, stores = Path(__file__).parent, {"store", "postgres_store", "sqlite_store", "replicas"}
    for item in items:
        if folder in item.path.parents and stores & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
async def notes(database_url: str) -> AsyncIterator[Database]:
    """An open database with the small table that the tests of the database itself use."""
    async with connect(database_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        yield database


@one_loop(scope="session")
async def kept_replicas(kept_postgres_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Stay connected: to connect, and to read the catalog, takes longer than most tests."""
    async with connect(kept_postgres_url) as one, connect(kept_postgres_url) as other:
        yield one, other


@one_loop()
async def replicas(
    migrated_postgres_url: str,  # noqa: ARG001 - empties the tables
    kept_replicas: tuple[Database, Database],
) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' views of one PostgreSQL that has our tables, empty."""
    database = kept_replicas[0]

    async def is_idle() -> bool:
        return not await database.fetch(_IN_TRANSACTION)

    yield kept_replicas
    # Closing the databases would wait for it; what is written later would be in the way of the next test.
    await until(is_idle)
    assert [] == await inconsistent_counts(database)


@pytest.fixture
def postgres_store(replicas: tuple[Database, Database]) -> Database:
    return replicas[0]


@one_loop()
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
