from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.buckets import bucket
from tests.cli.running import folder
from tests.databases import postgres_server, postgres_url
from tests.warm_media import warm_servers

__all__ = ["bucket", "home", "postgres_server", "postgres_url", "warm_servers"]


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder with a short name."""
    with folder() as found:
        yield found
