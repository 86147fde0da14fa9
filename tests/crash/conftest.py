from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.crash.processes import processes
from tests.crash.world import World, open_world, simulator
from tests.databases import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

#: opens a world; see `open_world`
Open = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens worlds around a simulator of the test's own."""
    async with processes(tmp_path) as started, simulator(tmp_path, started) as address:
        yield partial(open_world, tmp_path, started, address)
