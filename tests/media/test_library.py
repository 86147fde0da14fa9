"""A picture that is brought in is fetched, looked at and kept, or leaves nothing behind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.fetcher import Fetcher
from bot.media.library import Library
from bot.media.storage import FolderStorage
from bot.media.workers import Workers
from tests.media.pictures import picture
from tests.media.site import Site, plain


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "media")


@pytest.fixture
async def library(site: Site, storage: FolderStorage) -> AsyncIterator[Library]:
    origin = f"http://127.0.0.1:{site.port}"
    async with Fetcher(trusted_origins=frozenset({origin})) as fetcher, Workers(processes=1) as workers:
        yield Library(fetcher=fetcher, storage=storage, workers=workers)


async def test_a_picture_is_brought_in_once(library: Library, storage: FolderStorage, site: Site) -> None:
    content = picture("JPEG", (64, 48))
    site.answers["/a"] = plain(content, headers="content-type: text/plain\r\n")
    url = f"http://127.0.0.1:{site.port}/a"
    stored = await library.bring_in(url, max_bytes=1_000_000, timeout_s=20)
    assert (stored.mime, stored.width, stored.height) == ("image/jpeg", 64, 48)
    assert storage.path(stored.id).read_bytes() == content
    assert stored == await library.bring_in(url, max_bytes=1_000_000, timeout_s=20)
    assert stored == await library.bring_in_bytes(content)
    assert not any(storage.incoming.iterdir())


async def test_what_is_no_picture_leaves_nothing_behind(
    library: Library, storage: FolderStorage, site: Site
) -> None:
    site.answers["/a.png"] = plain(b"words", headers="content-type: image/png\r\n")
    site.answers["/gone.png"] = plain(b"", status="410 Gone")
    with pytest.raises(MediaRefused, match="not a picture"):
        await library.bring_in(f"http://127.0.0.1:{site.port}/a.png", max_bytes=1000, timeout_s=20)
    with pytest.raises(MediaUnavailable):
        await library.bring_in(f"http://127.0.0.1:{site.port}/gone.png", max_bytes=1000, timeout_s=20)
    with pytest.raises(MediaRefused, match="not a picture"):
        await library.bring_in_bytes(b"words")
    assert [path for path in storage.folder.rglob("*") if path.is_file()] == []
