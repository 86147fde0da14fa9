import pytest

from tests.engine.conftest import (
    Open,
    any_engine,
    engine,
    kept_postgres,
    kept_postgres_url,
    migrated_postgres_url,
    migrated_sqlite_url,
    migrated_url,
    postgres_server,
    sqlite_url,
)
from tests.service.keyed import Keyed

__all__ = [
    "any_engine",
    "engine",
    "kept_postgres",
    "kept_postgres_url",
    "migrated_postgres_url",
    "migrated_sqlite_url",
    "migrated_url",
    "postgres_server",
    "sqlite_url",
]


@pytest.fixture
def keyed(engine: Open) -> Keyed:
    return Keyed(engine)


@pytest.fixture
def any_keyed(any_engine: Open) -> Keyed:
    """The same on SQLite and on PostgreSQL."""
    return Keyed(any_engine)
