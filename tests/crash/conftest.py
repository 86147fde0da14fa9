from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.crash.processes import processes
from tests.crash.simulator_process import simulator
from tests.crash.world import World, open_world
from tests.databases import kept_postgres, lay_migrated, migrated_postgres_url, postgres_server

__all__ = ["kept_postgres", "migrated_postgres_url", "postgres_server"]

#: opens a world; see `open_world`
Open = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture(scope="session")
def simulator_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a simulator, where each world has an account of its own."""
    with simulator(tmp_path_factory.mktemp("simulator")) as address:
        yield address


@pytest.fixture
async def world(tmp_path: Path, simulator_address: str) -> AsyncIterator[Open]:
    """Opens worlds, with our tables made already."""
    lay_migrated(tmp_path / "data")
    async with processes(tmp_path) as started:
        yield partial(open_world, tmp_path, started, simulator_address)
