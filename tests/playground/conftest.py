"""A served playground for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.playground.serving import Served, serve


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve() as found:
        yield found
