"""A served playground and a browser for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.playground.browsing import launch
from tests.playground.serving import Served, serve


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve() as found:
        yield found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launch() as found:
        yield found
