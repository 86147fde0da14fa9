"""One browser for all tests of this folder: starting one for each would take longer than the tests.

It belongs to one event loop, so every test that uses it must too: each module says so in its `pytestmark`.
All playgrounds of a run have one address, so that a tab which is used again has their scripts in its cache.
"""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.buckets import bucket
from tests.playground.in_chromium.browsing import launch, put_all_away
from tests.playground.serving import Served, serve

__all__ = ["bucket"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with launch() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The browser without the pages of other tests, but for tabs that were emptied."""
    yield chromium
    await put_all_away(chromium)


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """A port that stays bound, so that nobody else gets it; a server that reuses addresses can listen."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest_asyncio.fixture(loop_scope="session")
async def served(port: int) -> AsyncIterator[Served]:
    async with serve(port=port) as found:
        yield found
