"""What holds for media wherever they are stored: in a folder and in a bucket."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.domain.errors import MediaLost, MediaRefused, MediaUnavailable
from bot.domain.generations.media import Media
from bot.media.storage.base import Storage
from bot.media.storage.folder import FolderStorage
from tests.buckets import GivenBucket, open_bucket

CONTENT = b"\x89PNG\r\n\x1a\n" + b"a picture" * 1000
ID = hashlib.sha256(CONTENT).hexdigest()
#: later than everything that a test does
LATER = 10_000


@pytest.fixture(params=["folder", "bucket"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    if request.param == "folder":
        yield FolderStorage(tmp_path / "media")
        return
    given: GivenBucket = request.getfixturevalue("bucket")
    with open_bucket(given, tmp_path) as opened:
        yield opened


async def _put(storage: Storage, source: Path | bytes = CONTENT) -> Media:
    return await storage.put(source, mime="image/png", width=4, height=3)


async def _read(storage: Storage, file_id: str = ID) -> bytes:
    async with storage.local(file_id) as path:
        return path.read_bytes()


def _arrived(storage: Storage, content: bytes) -> Path:
    storage.incoming.mkdir(parents=True, exist_ok=True)
    path = storage.incoming / "arrived"
    path.write_bytes(content)
    return path


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _unreferenced(storage: Storage, older_than_ms: int, now: int) -> list[str]:
    return [file async for batch in storage.unreferenced_files(older_than_ms, now=now) for file in batch]


async def test_a_file_is_kept_by_its_content(storage: Storage) -> None:
    stored = await _put(storage)
    assert stored == Media(file=ID, mime="image/png", size=len(CONTENT), width=4, height=3)
    assert await storage.exists(ID)
    assert len(CONTENT) == await storage.size(ID)
    assert CONTENT == await _read(storage)
    served = await storage.serve(ID)
    assert ("image/png", len(CONTENT), None) == (served.mime, served.size, served.url)


async def test_a_file_elsewhere_is_copied(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    assert ID == (await _put(storage, source)).file
    assert source.exists()


async def test_a_file_on_its_way_in_is_moved(storage: Storage) -> None:
    source = _arrived(storage, CONTENT)
    media = await storage.put(source, mime="video/mp4", width=4, height=3, duration_ms=40)
    assert Media(file=ID, mime="video/mp4", size=len(CONTENT), width=4, height=3, duration_ms=40) == media
    assert not source.exists()


async def test_a_file_that_is_not_stored_is_lost(storage: Storage) -> None:
    assert not await storage.exists(ID)
    assert 0 == await storage.size(ID)
    with pytest.raises(MediaLost):
        await storage.serve(ID)
    with pytest.raises(MediaLost):
        await _read(storage)
    assert 0 == await storage.remove(ID)


async def test_a_rendition_is_stored_beside_its_file_and_removed_with_it(storage: Storage) -> None:
    await _put(storage)
    for content in (b"first", b"second"):
        assert f"{ID}.still" == await storage.put_rendition(ID, "still", _arrived(storage, content))
    assert b"second" == await _read(storage, f"{ID}.still")
    assert not await storage.exists(f"{ID}.fit-1000")
    assert len(CONTENT) + len(b"second") == await storage.used_bytes()
    assert len(CONTENT) + len(b"second") == await storage.remove(ID)
    assert not await storage.exists(f"{ID}.still")
    assert 0 == await storage.used_bytes()


async def test_a_rendition_can_be_removed_alone(storage: Storage) -> None:
    await _put(storage)
    await storage.put_rendition(ID, "fit-1000", _arrived(storage, b"smaller"))
    assert len(b"smaller") == await storage.remove(f"{ID}.fit-1000")
    assert await storage.exists(ID)


async def test_no_rendition_is_stored_beside_a_file_that_is_lost(storage: Storage) -> None:
    with pytest.raises(MediaLost):
        await storage.put_rendition(ID, "still", _arrived(storage, b"rendition"))
    assert not await storage.exists(f"{ID}.still")


async def test_the_same_content_is_one_file(storage: Storage) -> None:
    """Also when it is stored many times at once."""
    stored = await asyncio.gather(*(_put(storage) for _ in range(10)))
    assert {media.file for media in stored} == {ID}
    assert len(CONTENT) == await storage.used_bytes()


async def test_a_removed_file_is_gone_and_may_be_removed_again(storage: Storage) -> None:
    await _put(storage)
    assert len(CONTENT) == await storage.remove(ID)
    assert 0 == await storage.remove(ID)
    assert not await storage.exists(ID)
    with pytest.raises(MediaLost):
        await _read(storage)
    await _put(storage)
    assert CONTENT == await _read(storage)


async def test_unreferenced_are_files_that_nothing_was_done_with_for_long(storage: Storage) -> None:
    assert [] == await _unreferenced(storage, LATER, _now() + 2 * LATER)
    files = {(await _put(storage, b"content %d" % number)).file for number in range(5)}
    shown = sorted(files)[2]
    for name in ("fit-9", "still"):
        await storage.put_rendition(shown, name, _arrived(storage, b"rendition"))
    assert [] == await _unreferenced(storage, LATER, _now())
    assert sorted(files) == await _unreferenced(storage, LATER, _now() + 2 * LATER)


async def test_a_rendition_that_a_crash_left_behind_is_found_by_its_file(storage: Storage) -> None:
    await _put(storage)
    await storage.put_rendition(ID, "still", _arrived(storage, b"rendition"))
    await _remove_file_alone(storage)
    assert [ID] == await _unreferenced(storage, LATER, _now() + 2 * LATER)
    assert len(b"rendition") == await storage.remove(ID)
    assert 0 == await storage.used_bytes()


async def _remove_file_alone(storage: Storage) -> None:
    if isinstance(storage, FolderStorage):
        storage.path(ID).unlink()
    else:
        await storage.client.remove(f"{ID[:2]}/{ID[2:4]}/{ID}")  # type: ignore[attr-defined]


async def test_an_empty_file_that_was_reserved_for_a_conversion_is_swept_later(storage: Storage) -> None:
    path = _arrived(storage, b"")
    assert 0 == await storage.sweep(now=_now() + 3_500_000)
    assert 1 == await storage.sweep(now=_now() + 3_700_000)
    assert not path.exists()


@pytest.mark.parametrize(
    "file_id",
    [
        "",
        "..",
        "../../etc/passwd",
        ID.upper(),
        ID[:-1],
        ID + "0",
        f"{ID}\n",
        "g" * 64,
        f"{ID}.",
        f"{ID}.A",
        f"{ID}.a/b",
        f"{ID}.a.b",
    ],
)
async def test_an_id_is_checked_before_it_becomes_a_path_or_a_key(file_id: str, storage: Storage) -> None:
    uses: list[Callable[[str], object]] = [storage.exists, storage.remove, storage.size, storage.serve]
    for use in uses:
        with pytest.raises(MediaRefused):
            await use(file_id)  # type: ignore[misc]
    with pytest.raises(MediaRefused):
        async with storage.local(file_id):
            pass


async def test_what_fails_leaves_no_file(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(MediaUnavailable):
        await _put(storage, tmp_path / "missing")
    assert 0 == await storage.used_bytes()


async def test_storing_and_removing_a_file_exclude_each_other(storage: Storage) -> None:
    async with storage.reservations.keeping():
        await _put(storage)
        async with storage.reservations.alone([ID]) as free:
            assert [] == free
    async with storage.reservations.alone([ID]) as free:
        assert [ID] == free
        putting = asyncio.create_task(_put(storage))
        await storage.remove(ID)
        assert not putting.done()
    await putting
    assert await storage.exists(ID)
