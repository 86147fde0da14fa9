"""Media are copied between folder and bucket: all of them, each verified, and again only what is missing."""

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from bot.cli.media_copy import Copied, copy_media
from bot.domain.errors import InvalidRequest, ProcessingFailed, ReverieError
from bot.media.storage.bucket_client import BucketClient
from bot.media.storage.folder import FolderStorage
from bot.settings import Settings
from bot.store.database.file_lock import lock_store
from tests.buckets import BucketProxy, GivenBucket
from tests.cli.running import reverie
from tests.cli.store import fill, settings
from tests.domain.people import NOW

PNG = b"\x89PNG\r\n\x1a\n"


def _nothing(_: Copied) -> None:
    """Takes a report of progress."""


async def _fill(folder: Path, count: int = 3) -> list[str]:
    """Store pictures, the first with a rendition; returns the ids of all."""
    storage = FolderStorage(folder)
    files = []
    for number in range(count):
        media = await storage.put(PNG + b"%d" % number, mime="image/png", width=1, height=1)
        files.append(media.file)
    (folder / "rendition").write_bytes(b"\xff\xd8\xffsmaller")
    files.append(await storage.put_rendition(files[0], "fit-9", folder / "rendition"))
    return sorted(files)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("??/??/*")}


@pytest.fixture
def where(tmp_path: Path, bucket: GivenBucket) -> Settings:
    return settings(tmp_path, **bucket.settings)


async def test_media_go_into_a_bucket_and_back_whole(
    where: Settings, bucket: GivenBucket, tmp_path: Path
) -> None:
    files = await _fill(tmp_path / "old")
    copied = await copy_media(where, str(tmp_path / "old"), bucket.url, _nothing)
    assert (4, 0, 4, True) == (copied.files, copied.present, copied.copied, copied.complete)
    assert files == sorted(key.rpartition("/")[2] for key in await bucket.keys())
    copied = await copy_media(where, bucket.url, str(tmp_path / "new"), _nothing)
    assert (4, True) == (copied.copied, copied.complete)
    assert _contents(tmp_path / "old") == _contents(tmp_path / "new")


async def test_a_copy_that_was_interrupted_goes_on(
    where: Settings, bucket: GivenBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = await _fill(tmp_path / "old", 5)
    put, puts, two_are_stored = BucketClient.put, count(1), asyncio.Barrier(2)
    fails = asyncio.Event()

    async def fail_later(
        client: BucketClient, key: str, source: Path | bytes, headers: Mapping[str, str]
    ) -> None:
        if next(puts) > 2:
            await fails.wait()
            raise ProcessingFailed("The media bucket failed.")
        await put(client, key, source, headers)
        await two_are_stored.wait()
        fails.set()

    with monkeypatch.context() as patched:
        patched.setattr(BucketClient, "put", fail_later)
        with pytest.raises(ReverieError, match=r"bucket failed. Call this again: it goes on from here"):
            await copy_media(where, str(tmp_path / "old"), bucket.url, _nothing)
    stored = len(await bucket.keys())
    assert 0 < stored < len(files)
    copied = await copy_media(where, str(tmp_path / "old"), bucket.url, _nothing)
    assert (6, stored, 6 - stored) == (copied.files, copied.present, copied.copied)


async def test_a_bucket_that_refuses_is_told(where: Settings, bucket: GivenBucket, tmp_path: Path) -> None:
    await _fill(tmp_path / "old")
    async with BucketProxy(bucket.endpoint) as proxy:
        proxy.refuse()
        through = where.model_copy(update={"aws_endpoint_url": proxy.url})
        with pytest.raises(ReverieError, match="refuses access"):
            await copy_media(through, str(tmp_path / "old"), bucket.url, _nothing)


@pytest.mark.parametrize("into_bucket", [True, False])
async def test_a_damaged_file_is_told_and_not_copied(
    where: Settings, bucket: GivenBucket, tmp_path: Path, *, into_bucket: bool
) -> None:
    folder = tmp_path / "old"
    await _fill(folder)
    damaged = hashlib.sha256(PNG + b"1").hexdigest()
    source, target = str(folder), bucket.url
    if into_bucket:
        FolderStorage(folder).path(damaged).write_bytes(b"something else")
    else:
        await copy_media(where, source, target, _nothing)
        key = f"{damaged[:2]}/{damaged[2:4]}/{damaged}"
        await BucketClient(bucket.location).put(key, b"something else", {})
        source, target = target, str(tmp_path / "new")
    copied = await copy_media(where, source, target, _nothing)
    assert ([damaged], 3, False) == (copied.damaged, copied.copied, copied.complete)


async def test_a_running_bot_is_told(where: Settings, bucket: GivenBucket, tmp_path: Path) -> None:
    """What it has is copied; what it stores meanwhile is not."""
    await _fill(tmp_path / "old")
    await fill(where, now=NOW)
    with lock_store(where.database):
        copied = await copy_media(where, str(tmp_path / "old"), bucket.url, _nothing)
    assert (4, False) == (copied.copied, copied.complete)
    assert f"the bot runs as process {os.getpid()}: stop it" == copied.running


async def test_places_that_are_none_are_refused(where: Settings, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for source, target, says in (
        ("nowhere", "s3://our-films", "There is no folder nowhere"),
        (str(tmp_path / "old"), "s3://", "write it like s3://bucket"),
        ("s3://our-films", "s3://our-films", "two different places"),
    ):
        with pytest.raises(InvalidRequest, match=says):
            await copy_media(where, source, target, _nothing)


async def test_the_command_copies_and_counts(bucket: GivenBucket, tmp_path: Path) -> None:
    await _fill(tmp_path / "data" / "media")
    arguments = ("media", "copy", "data/media", bucket.url)
    ended = await asyncio.to_thread(reverie, tmp_path, *arguments, **bucket.environment)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert f"{bucket.url} holds 4 files more; 0 of 4 were there\n" == ended.stdout
    ended = await asyncio.to_thread(reverie, tmp_path, *arguments, "--json", **bucket.environment)
    assert 0 == ended.returncode
    told = json.loads(ended.stdout)
    assert (4, 4, 0, True) == (told["files"], told["present"], told["copied"], told["complete"])
