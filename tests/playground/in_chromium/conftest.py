"""One browser for all tests of this folder: starting one for each would take longer than the tests.

It belongs to one event loop, so every test that uses it must too: each module says so in its `pytestmark`.
"""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.buckets import bucket, bucket_server
from tests.playground.in_chromium.browsing import launch
from tests.playground.serving import Served, serve

__all__ = ["bucket", "bucket_server"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with launch() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The browser without the pages of other tests."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def served() -> AsyncIterator[Served]:
    async with serve() as found:
        yield found
