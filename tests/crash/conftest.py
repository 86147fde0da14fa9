from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.crash.processes import processes
from tests.crash.world import World, open_world, simulator
from tests.databases import kept_postgres, lay_migrated, migrated_postgres_url, postgres_server

__all__ = ["kept_postgres", "migrated_postgres_url", "postgres_server"]

#: opens a world; see `open_world`
Open = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens worlds around a simulator of the test's own, with our tables made already."""
    lay_migrated(tmp_path / "data")
    async with processes(tmp_path) as started, simulator(tmp_path, started) as address:
        yield partial(open_world, tmp_path, started, address)
