import asyncio
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import asyncpg
import pytest

from bot.store.copying import TABLES
from bot.store.database import Database, Transaction, connect
from bot.store.migrating import migrate
from bot.store.queries import Query
from tests.databases import database_url, postgres_server, postgres_url, sqlite_url
from tests.store.notes import CREATE

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_url"]


@pytest.fixture
async def notes(database_url: str) -> AsyncIterator[Database]:
    """An open database with the small table that the tests of the database itself use."""
    async with connect(database_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        yield database


@pytest.fixture(scope="session")
def kept_postgres_url(postgres_server: str) -> str:
    """URL of a database whose tables are made once and emptied for each test, which is ten times as quick."""
    url = urlsplit(postgres_server)._replace(path="/kept").geturl()

    async def make() -> None:
        server = await asyncpg.connect(postgres_server)
        await server.execute("CREATE DATABASE kept TEMPLATE template0")
        await server.close()
        async with connect(url) as database:
            await migrate(database)

    asyncio.run(make())
    return url


async def _empty(transaction: Transaction, tables: Sequence[str]) -> Sequence[None]:
    for table in tables:
        await transaction.run(Query("empty", f"DELETE FROM {table}"))  # noqa: S608 - our names
    return [None] * len(tables)


@pytest.fixture
async def postgres_store(kept_postgres_url: str) -> AsyncIterator[Database]:
    async with connect(kept_postgres_url) as database:
        await asyncio.gather(*(database.write(_empty, table) for table in reversed(TABLES)))
        yield database


@pytest.fixture
async def replicas(
    kept_postgres_url: str, postgres_store: Database
) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' views of one PostgreSQL that has our tables, empty."""
    async with connect(kept_postgres_url) as other:
        yield postgres_store, other


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Database]:
    async with connect(sqlite_url) as database:
        await migrate(database)
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Database:
    """An open, empty database with our tables; a test that takes it runs on both."""
    database: Database = request.getfixturevalue(f"{request.param}_store")
    return database
