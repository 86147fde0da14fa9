"""What tests of media share: sites and names for the fetcher, and buckets."""

from collections.abc import AsyncIterator

import pytest

from bot.media.download.fetcher import Fetcher
from bot.media.download.transport import FetchRules
from tests.buckets import bucket
from tests.media.download.names import PRIVATE, PUBLIC, Names, reachable
from tests.media.download.site import Site, plain

__all__ = ["bucket"]


@pytest.fixture
def names() -> Names:
    return Names(pictures=[PUBLIC], inside=[PRIVATE], rebinding=[PUBLIC, PRIVATE])


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        site.answers["/a.png"] = plain(b"picture", headers="content-type: image/png\r\n")
        yield site


@pytest.fixture
async def fetcher(names: Names) -> AsyncIterator[Fetcher]:
    async with Fetcher(FetchRules(resolve=names, may_reach=reachable)) as fetcher:
        yield fetcher
