"""Disks that are full or read-only, and processes that die: nothing half-made is ever kept."""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.domain.errors import ProcessingFailed
from bot.media.sandbox.pool import SandboxPool
from bot.media.storage.folder import FolderStorage
from tests.media.download.site import Site, plain
from tests.media.libraries import arrived, files_in, open_library
from tests.media.pictures import picture
from tests.media.videos import video
from tests.patience import PATIENCE_S


@contextmanager
def _room_for(most: int) -> Iterator[None]:
    """Let no file of this process and of the workers that it starts become larger, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "media")


async def test_what_does_not_fit_on_the_disk_may_do_so_later(storage: FolderStorage) -> None:
    content = picture("PNG", (300, 200))
    async with Site() as site, open_library(storage, trusted=site.url("/")) as library:
        site.answers["/a.png"] = plain(content)
        url = site.url("/a.png")
        with _room_for(len(content) // 2), pytest.raises(ProcessingFailed, match="storage is full"):
            await library.fetch_and_store(url, max_bytes=1_000_000, timeout_s=60, from_platform=True)
        assert [] == files_in(storage)
        await library.fetch_and_store(url, max_bytes=1_000_000, timeout_s=60, from_platform=True)


@pytest.mark.parametrize("kind", ["picture", "video"])
async def test_a_full_disk_is_not_the_files_fault(kind: str, storage: FolderStorage, tmp_path: Path) -> None:
    """What a worker can write only half is neither kept nor called broken."""
    source = video(tmp_path / "a", size=(640, 360), frames=24, noise=True)
    content = source.read_bytes() if kind == "video" else picture("PNG", (900, 600))
    async with open_library(storage) as library:
        media = await library.store_file(arrived(storage, content))
    kept = files_in(storage)
    async with open_library(storage, open_pool=SandboxPool) as library:
        with _room_for(30_000), pytest.raises(ProcessingFailed, match="storage is full"):
            await library.smaller(media, media.size // 3)
    assert kept == files_in(storage)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a folder that nobody can write to")
async def test_a_storage_that_cannot_be_written_to_is_said_to_be() -> None:
    async with (
        Site() as site,
        open_library(FolderStorage(Path("/sys/media")), trusted=site.url("/")) as library,
    ):
        site.answers["/a.png"] = plain(picture())
        url = site.url("/a.png")
        with pytest.raises(ProcessingFailed, match="read-only or belongs to another user"):
            await library.fetch_and_store(url, max_bytes=1_000_000, timeout_s=60, from_platform=True)


async def test_a_cancelled_conversion_leaves_nothing_behind(storage: FolderStorage, tmp_path: Path) -> None:
    source = video(tmp_path / "a", size=(1280, 720), frames=24, noise=True)
    async with open_library(storage, open_pool=SandboxPool) as library:
        media = await library.store_file(arrived(storage, source.read_bytes()))
        kept = files_in(storage)
        call = asyncio.create_task(library.smaller(media, media.size // 2))
        await _until_written(storage)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert kept == files_in(storage)


_CONVERTER = """
import asyncio, pathlib, sys
from bot.domain.generations.media import Media
from bot.media.sandbox.pool import SandboxPool
from bot.media.storage.folder import FolderStorage
from tests.media.libraries import arrived, open_library

async def main():
    storage = FolderStorage(pathlib.Path(sys.argv[1]))
    async with open_library(storage) as library:
        media = await library.store_file(arrived(storage, pathlib.Path(sys.argv[2]).read_bytes()))
        print(media.file, flush=True)
        await library.smaller(media, media.size // 2)

asyncio.run(main())
"""


async def test_a_killed_conversion_leaves_only_what_is_swept(storage: FolderStorage, tmp_path: Path) -> None:
    source = video(tmp_path / "a", size=(1280, 720), frames=24, noise=True)
    converter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CONVERTER, str(storage.folder), str(source)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    try:
        assert converter.stdout is not None
        file = (await converter.stdout.readline()).decode().strip()
        await _until_written(storage)
    finally:
        converter.kill()
        await converter.communicate()
    assert 1 == len(list(storage.incoming.iterdir()))
    in_an_hour = time.time_ns() // 1_000_000 + 3_700_000
    assert 1 == await storage.sweep(now=in_an_hour)
    assert [storage.path(file), storage.path(f"{file}.still")] == files_in(storage)


async def _until_written(storage: FolderStorage) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not any(path.stat().st_size for path in storage.incoming.iterdir()):  # noqa: ASYNC110 - a folder announces nothing
            await asyncio.sleep(0.005)
