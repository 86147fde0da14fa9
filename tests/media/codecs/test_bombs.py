"""Files that are dear to decode are refused by what they are made of, and nobody waits for who sends them."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import MediaRefused
from bot.media.codecs.probing import probe
from bot.media.download.fetcher import Fetcher
from bot.media.ingest import CPU_S, MediaLibrary
from bot.media.sandbox.pool import SandboxPool
from bot.media.storage.folder import FolderStorage
from tests.media.codecs.bombs import many_chunks, many_frames, many_scans, many_segments, still_video
from tests.media.libraries import arrived
from tests.media.pictures import moving_picture, picture
from tests.media.sandbox.calls import write_and_wait
from tests.media.videos import video
from tests.patience import PATIENCE_S

_CASES = Path(__file__).parents[4] / "shared" / "cases" / "make_bombs.py"


def _write(folder: Path, content: bytes) -> Path:
    path = folder / "a"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (many_scans(150), "far too many parts"),
        (many_segments(60_000), "far too many parts"),
        (many_chunks(60_000), "far too many parts"),
        (many_frames(1_001), "more than 1,000 frames"),
        (many_frames(1_001, junk=b"\0\x01"), "more than 1,000 frames"),
    ],
    ids=["scans", "segments", "chunks", "frames", "frames-behind-junk"],
)
def test_a_picture_made_of_far_too_much_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match=says):
        probe(_write(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [many_scans(20), many_segments(500), many_chunks(500), many_frames(1), picture("JPEG", progressive=True)],
    ids=["scans", "segments", "chunks", "frames", "progressive"],
)
def test_what_encoders_write_is_accepted(content: bytes, tmp_path: Path) -> None:
    assert not probe(_write(tmp_path, content)).animated


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_other_moving_pictures_may_not_have_more_frames_either(kind: str, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match=r"more than 1,000 frames"):
        probe(_write(tmp_path, moving_picture(kind, 1_001, (2, 2))))


def test_a_video_of_far_too_many_large_frames_is_refused(tmp_path: Path) -> None:
    dense = still_video(tmp_path / "dense", size=(4096, 4080), frames=1_300, rate=1_300)
    with pytest.raises(MediaRefused, match=r"too many frames for their size \(4096x4080\): cut it"):
        probe(dense)


def test_a_video_of_far_too_many_small_frames_is_refused(tmp_path: Path) -> None:
    dense = still_video(tmp_path / "dense", size=(16, 16), frames=81_000, rate=81_000)
    with pytest.raises(MediaRefused, match="too many frames"):
        probe(dense)


def test_a_fast_camera_is_accepted(tmp_path: Path) -> None:
    found = probe(still_video(tmp_path / "fast", size=(320, 180), frames=960, rate=240))
    assert 4000 == found.duration_ms


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "media")


class _Accounts:
    """Who has used processor time, in the order of their work, and how much."""

    def __init__(self) -> None:
        self.charged: list[tuple[str, float]] = []

    def charge(self, member: str, seconds: float) -> None:
        self.charged.append((member, seconds))

    @property
    def members(self) -> list[str]:
        return [member for member, _ in self.charged]


class _Site:
    def __init__(self, library: MediaLibrary, inputs: SandboxPool, accounts: _Accounts) -> None:
        self.library, self.inputs, self.accounts = library, inputs, accounts


@pytest.fixture
async def site(storage: FolderStorage) -> AsyncIterator[_Site]:
    """A library whose lanes have one process each."""
    accounts = _Accounts()
    async with (
        Fetcher() as fetcher,
        SandboxPool(processes=1) as results,
        SandboxPool(processes=1) as inputs,
    ):
        library = MediaLibrary(
            fetcher=fetcher, storage=storage, results=results, inputs=inputs, charge=accounts.charge
        )
        yield _Site(library, inputs, accounts)


async def _refused(library: MediaLibrary, path: Path, member: str) -> None:
    with pytest.raises(MediaRefused):
        await library.to_api_input(await library.store_file(path, member=member), member=member)


async def test_hostile_files_of_one_member_do_not_delay_others(
    site: _Site, storage: FolderStorage, tmp_path: Path
) -> None:
    bombs = [
        many_scans(4_000),
        many_frames(400_000),
        still_video(tmp_path / "dense", size=(4096, 4080), frames=3_000, rate=3_000).read_bytes(),
        many_chunks(60_000),
    ]
    async with asyncio.TaskGroup() as group:
        for number, content in enumerate(bombs):
            bomb = arrived(storage, content, f"bomb{number}")
            group.create_task(_refused(site.library, bomb, "mallory"))
        group.create_task(site.library.store_file(arrived(storage, picture(), "ann"), member="ann"))
        group.create_task(site.library.store_file(arrived(storage, picture(), "bob"), member="bob"))
    assert ["mallory", "ann", "bob", "mallory", "mallory", "mallory"] == site.accounts.members
    assert all(0 < seconds < CPU_S for _, seconds in site.accounts.charged)


@pytest.mark.skipif(not _CASES.exists(), reason="the cases lie beside the repository")
async def test_the_hostile_cases_are_refused_in_good_time(
    site: _Site, storage: FolderStorage, tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("make_bombs", _CASES)
    assert spec is not None
    assert spec.loader is not None
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    for name in ("many_scans", "many_frames", "dense_second"):
        getattr(cases, name)(tmp_path / name)
        await _refused(site.library, arrived(storage, (tmp_path / name).read_bytes()), "mallory")
    assert all(0 < seconds < CPU_S for _, seconds in site.accounts.charged)


async def test_a_result_waits_for_no_input(site: _Site, storage: FolderStorage, tmp_path: Path) -> None:
    mark, go = tmp_path / "mark", tmp_path / "go"
    blocking = asyncio.create_task(
        site.inputs.run(write_and_wait, mark, go, key="mallory", timeout_s=PATIENCE_S)
    )
    waiting = asyncio.create_task(
        site.library.store_file(arrived(storage, picture(), "input"), member="mallory")
    )
    result = await site.library.store_file(arrived(storage, video(tmp_path / "a").read_bytes(), "result"))
    await site.library.smaller(result, result.size - 1)
    assert not waiting.done()
    assert [] == site.accounts.members
    await asyncio.to_thread(go.touch)
    await asyncio.gather(blocking, waiting)
    assert ["mallory"] == site.accounts.members
