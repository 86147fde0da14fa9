from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.databases import database_url, postgres_server, postgres_url, sqlite_url
from tests.engine.house import House, open_house

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_url"]

#: opens a house; see `open_house`
Open = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house(tmp_path: Path) -> Open:
    """Opens the engine on SQLite."""
    return partial(open_house, tmp_path)


@pytest.fixture
def any_house(tmp_path: Path, database_url: str) -> Open:
    """Opens the engine on SQLite and, in a second run of the test, on PostgreSQL."""
    return partial(open_house, tmp_path, database_url)
