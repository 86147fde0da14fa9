"""Files in a folder: where they lie, whole or not at all."""

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.domain.errors import MediaUnavailable
from bot.domain.generations.media import Media
from bot.media.disk import disk_errors
from bot.media.storage.folder import FolderStorage

CONTENT = b"a picture" * 1000
ID = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "media")


async def _put(storage: FolderStorage, source: Path | bytes = CONTENT) -> Media:
    return await storage.put(source, mime="image/png", width=4, height=3)


def _files(storage: FolderStorage) -> list[Path]:
    files = (path for path in storage.folder.rglob("*") if path.is_file())
    return sorted(path for path in files if path.parent.name != "locks")


async def test_an_incoming_file_is_moved(storage: FolderStorage) -> None:
    """Copying 100 MB from one place in the storage to another would help nobody."""
    storage.incoming.mkdir(parents=True)
    source = storage.incoming / "a"
    source.write_bytes(CONTENT)
    number = source.stat().st_ino
    media = await storage.put(source, mime="video/mp4", width=4, height=3, duration_ms=40)
    assert Media(file=ID, mime="video/mp4", size=len(CONTENT), width=4, height=3, duration_ms=40) == media
    assert number == storage.path(ID).stat().st_ino
    assert [storage.path(ID)] == _files(storage)


async def test_a_rendition_is_stored_next_to_its_file_and_removed_with_it(storage: FolderStorage) -> None:
    await _put(storage)
    storage.incoming.mkdir(exist_ok=True)
    for content in (b"first", b"second"):
        source = storage.incoming / "a"
        source.write_bytes(content)
        assert f"{ID}.still" == await storage.put_rendition(ID, "still", source)
    rendition = storage.path(f"{ID}.still")
    assert storage.path(ID).parent == rendition.parent
    assert b"second" == rendition.read_bytes()
    assert await storage.exists(f"{ID}.still")
    assert not await storage.exists(f"{ID}.fit-1000")
    await storage.remove(ID)
    assert [] == _files(storage)


async def test_strays_are_files_that_nothing_was_done_with_for_long(
    storage: FolderStorage, tmp_path: Path
) -> None:
    now = time.time_ns() // 1_000_000
    assert [] == [batch async for batch in storage.unreferenced_files(1000, now=now)]
    old, new, shown = [await _put(storage, name) for name in (b"old", b"new", b"shown")]
    (tmp_path / "a").write_bytes(b"rendition")
    rendition = await storage.put_rendition(shown.file, "fit-9", tmp_path / "a")
    await storage.put_rendition(old.file, "still", tmp_path / "a")
    for name, age_s in ((old.file, 20), (f"{old.file}.still", 20), (new.file, 5), (shown.file, 20)):
        os.utime(storage.path(name), (now / 1000 - age_s,) * 2)
    assert [[old.file]] == [batch async for batch in storage.unreferenced_files(10_000, now=now)]
    # A crash while its file was removed left a rendition behind.
    storage.path(shown.file).unlink()
    os.utime(storage.path(rendition), (now / 1000 - 20,) * 2)
    found = [file async for batch in storage.unreferenced_files(10_000, now=now) for file in batch]
    assert {old.file, shown.file} == set(found)
    await storage.remove(shown.file)
    assert not storage.path(rendition).exists()


async def test_what_is_put_again_is_no_stray(storage: FolderStorage) -> None:
    now = time.time_ns() // 1_000_000
    await _put(storage)
    os.utime(storage.path(ID), (now / 1000 - 20,) * 2)
    await _put(storage)
    assert [] == [batch async for batch in storage.unreferenced_files(10_000, now=now)]


async def test_what_is_put_again_stays_the_file_that_others_read(storage: FolderStorage) -> None:
    """A sandboxed process may read one file; another in its place is closed to it."""
    source = storage.incoming / "a"
    await _put(storage)
    source.parent.mkdir(exist_ok=True)
    for put in (_put, lambda storage, source: storage.put_rendition(ID, "still", source)):
        numbers = set()
        for _ in range(2):
            source.write_bytes(CONTENT)
            await put(storage, source)
            numbers.add(storage.path(ID if put is _put else f"{ID}.still").stat().st_ino)
            assert not source.exists()
        assert 1 == len(numbers)


async def test_a_file_system_without_hard_links_serves_too(
    storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_paths: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)
    for _ in range(2):
        await _put(storage)
    assert [storage.path(ID)] == _files(storage)


async def test_folders_that_were_removed_are_made_again_and_survive_a_power_cut(
    storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = set[Path]()
    flush = os.fsync

    def recorded(handle: int) -> None:
        flushed.add(Path(f"/proc/self/fd/{handle}").readlink())
        flush(handle)

    monkeypatch.setattr(os, "fsync", recorded)
    folder = storage.path(ID).parent
    for _ in range(2):
        await _put(storage)
        assert {folder, folder.parent, storage.folder} <= flushed
        shutil.rmtree(folder.parent)
        flushed.clear()


async def test_only_abandoned_files_are_swept(storage: FolderStorage) -> None:
    now = time.time_ns() // 1_000_000
    assert await storage.sweep(now=now) == 0
    await _put(storage)
    old, new = storage.incoming / "old", storage.incoming / "new"
    for path, age_s in ((old, 3700), (new, 3500)):
        path.write_bytes(b"")
        os.utime(path, (now / 1000 - age_s,) * 2)
    assert await storage.sweep(now=now) == 1
    assert _files(storage) == sorted([new, storage.path(ID)])


_WRITER = """
import asyncio, pathlib, sys
from bot.media.storage.folder import FolderStorage

async def main():
    storage = FolderStorage(pathlib.Path(sys.argv[1]))
    number = 0
    while True:
        content = b"%d" % number * 100_000
        stored = await storage.put(content, mime="image/png", width=1, height=1)
        print(stored.file, flush=True)
        number += 1

asyncio.run(main())
"""


def test_a_killed_writer_leaves_only_whole_files(storage: FolderStorage) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(storage.folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert writer.stdout is not None
        kept = [writer.stdout.readline().strip() for _ in range(5)]
        writer.send_signal(signal.SIGKILL)
        kept += writer.stdout.read().split()
    finally:
        writer.kill()
        writer.communicate()
    whole = [path for path in _files(storage) if path.parent != storage.incoming]
    assert set(kept) <= {path.name for path in whole}
    for path in whole:
        assert path.name == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EFBIG, "full"),
        (errno.ENOENT, "no longer stored"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_errors_of_the_disk_are_clear(number: int, says: str) -> None:
    with pytest.raises(MediaUnavailable, match=says), disk_errors():
        raise OSError(number, os.strerror(number))


async def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MediaUnavailable, match="media storage failed"):
        await _put(FolderStorage(tmp_path / "file" / "media"))
