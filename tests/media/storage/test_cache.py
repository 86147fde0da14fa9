"""Local copies of a bucket's files: bounded, kept while they are used, each process with its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import MediaLost
from bot.media.storage.cache import LocalCache

FILES = [f"{number:064x}" for number in range(6)]


class Source:
    """Where files are fetched from; each has 100 bytes."""

    def __init__(self, cache: LocalCache) -> None:
        self.cache = cache
        self.fetched: list[str] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def use(self, file: str) -> bytes:
        async def fetch(path: Path) -> None:
            self.fetched.append(file)
            await self.gate.wait()
            await asyncio.to_thread(path.write_bytes, file[-1].encode() * 100)
            if self.error is not None:
                raise self.error

        async with self.cache.opened(file, self._size, fetch) as path:
            return path.read_bytes()

    async def _size(self) -> int:
        return 100


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[LocalCache]:
    opened = LocalCache(tmp_path / "cache", max_bytes=300)
    yield opened
    opened.close()


@pytest.fixture
def source(cache: LocalCache) -> Source:
    return Source(cache)


def _copies(cache: LocalCache) -> set[str]:
    return {path.name for path in cache.folder.iterdir() if len(path.name) == 64}


async def test_a_file_is_fetched_once(source: Source) -> None:
    """Also where several ask for it at once."""
    source.gate.clear()
    using = [asyncio.create_task(source.use(FILES[1])) for _ in range(3)]
    await asyncio.sleep(0)
    source.gate.set()
    assert [b"1" * 100] * 3 == await asyncio.gather(*using)
    await source.use(FILES[1])
    assert [FILES[1]] == source.fetched


async def test_the_least_recently_used_copies_make_room(source: Source, cache: LocalCache) -> None:
    for file in (FILES[0], FILES[1], FILES[2], FILES[0], FILES[3]):
        await source.use(file)
    assert {FILES[0], FILES[2], FILES[3]} == _copies(cache)


async def test_a_copy_in_use_stays(source: Source, cache: LocalCache) -> None:
    """Even where no room is left: it goes once another needs it and nobody uses it."""
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        held, release = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with cache.opened(FILES[0], source._size, _writes) as path:
                held.set()
                await release.wait()
                assert path.exists()

        group.create_task(hold())
        await held.wait()
        for file in FILES[1:5]:
            await source.use(file)
        assert FILES[0] in _copies(cache)
        release.set()
    await source.use(FILES[5])
    assert FILES[0] not in _copies(cache)
    assert len(_copies(cache)) <= 3


async def _writes(path: Path) -> None:
    await asyncio.to_thread(path.write_bytes, b"x" * 100)


async def test_a_stored_file_becomes_a_copy(source: Source, cache: LocalCache) -> None:
    cache.incoming.mkdir()
    arrived = cache.incoming / "arrived"
    arrived.write_bytes(b"y" * 100)
    await cache.adopt(arrived, FILES[0], 100)
    assert b"y" * 100 == await source.use(FILES[0])
    assert [] == source.fetched
    assert not arrived.exists()


async def test_a_copy_that_somebody_has_removed_is_fetched_again(source: Source, cache: LocalCache) -> None:
    await source.use(FILES[0])
    (cache.folder / FILES[0]).unlink()
    await source.use(FILES[0])
    await cache.drop(FILES[0])
    await source.use(FILES[0])
    assert 3 == len(source.fetched)


async def test_what_could_not_be_fetched_leaves_no_copy(source: Source, cache: LocalCache) -> None:
    source.error = MediaLost()
    with pytest.raises(MediaLost):
        await source.use(FILES[0])
    assert set() == _copies(cache)
    assert [] == list(cache.incoming.iterdir())
    source.error = None
    await source.use(FILES[0])


async def test_copies_make_room_on_a_full_disk(tmp_path: Path) -> None:
    """Whatever the limit says."""
    cache = LocalCache(tmp_path / "cache", max_bytes=10**9, least_free=2**62)
    try:
        source = Source(cache)
        for file in FILES[:3]:
            await source.use(file)
        assert {FILES[2]} == _copies(cache)
    finally:
        cache.close()


async def test_copies_that_nobody_uses_are_removed(
    source: Source, cache: LocalCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their files may have been removed meanwhile, by another process."""
    await source.use(FILES[0])
    await cache.remove_unused()
    assert {FILES[0]} == _copies(cache)
    monkeypatch.setattr("bot.media.storage.cache._UNUSED_S", 0.0)
    await cache.remove_unused()
    assert set() == _copies(cache)


async def test_each_process_has_copies_of_its_own_and_takes_over_those_of_an_earlier_one(
    tmp_path: Path,
) -> None:
    one = LocalCache(tmp_path, max_bytes=300)
    other = LocalCache(tmp_path, max_bytes=300)
    assert one.folder != other.folder
    await Source(one).use(FILES[0])
    one.close()
    heir = LocalCache(tmp_path, max_bytes=300)
    assert one.folder == heir.folder
    source = Source(heir)
    await source.use(FILES[0])
    assert [] == source.fetched
    for file in FILES[1:4]:
        await source.use(file)
    assert set(FILES[1:4]) == _copies(heir)
    heir.close()
    other.close()
