"""What is brought in is fetched, looked at and kept, or leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.domain.generations.media import Media, MediaKind
from bot.media.download.fetcher import Fetcher
from bot.media.ingest import MediaLibrary
from bot.media.sandbox.pool import Args, Result
from bot.media.storage.folder import FolderStorage
from bot.media.storage.incoming import IncomingFull, IncomingQuota
from tests.media.download.site import Site, endless, plain
from tests.media.libraries import arrived, files_in, open_library
from tests.media.pictures import moving_picture, picture
from tests.media.videos import claims, turned, video
from tests.media_workers import SharedPool


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "media")


@pytest.fixture
async def library(site: Site, storage: FolderStorage) -> AsyncIterator[MediaLibrary]:
    async with open_library(storage, trusted=site.url("/")) as library:
        yield library


async def _bring(library: MediaLibrary, site: Site, path: str, *, max_bytes: int = 1_000_000) -> Media:
    return await library.fetch_and_store(
        site.url(path), max_bytes=max_bytes, timeout_s=60, from_platform=True
    )


async def test_a_picture_is_brought_in_once(
    library: MediaLibrary, storage: FolderStorage, site: Site
) -> None:
    content = picture("JPEG", (64, 48))
    site.answers["/a"] = plain(content, headers="content-type: text/plain\r\n")
    media = await _bring(library, site, "/a")
    assert Media(file=media.file, mime="image/jpeg", size=len(content), width=64, height=48) == media
    assert content == storage.path(media.file).read_bytes()
    assert media == await _bring(library, site, "/a")
    assert media == await library.store_file(arrived(storage, content))
    assert [storage.path(media.file)] == files_in(storage)


async def test_a_video_is_brought_in_with_its_still(
    library: MediaLibrary, storage: FolderStorage, site: Site, tmp_path: Path
) -> None:
    content = turned(video(tmp_path / "a")).read_bytes()
    site.answers["/a"] = plain(content)
    media = await _bring(library, site, "/a")
    assert ("video/mp4", 72, 128, 500) == (media.mime, media.width, media.height, media.duration_ms)
    assert MediaKind.VIDEO is media.kind
    with Image.open(storage.path(media.poster)) as still:
        assert ("JPEG", (72, 128)) == (still.format, still.size)
    assert files_in(storage) == [storage.path(media.file), storage.path(media.poster)]


async def test_headers_are_sent(library: MediaLibrary, site: Site) -> None:
    site.answers["/a"] = plain(picture())
    await library.fetch_and_store(
        site.url("/a"),
        max_bytes=1_000_000,
        timeout_s=60,
        from_platform=True,
        headers={"Authorization": "Bearer key"},
    )
    assert "authorization: Bearer key" in site.requests[0]


async def test_what_is_no_medium_leaves_nothing_behind(
    library: MediaLibrary, storage: FolderStorage, site: Site, tmp_path: Path
) -> None:
    site.answers["/a.png"] = plain(b"words", headers="content-type: image/png\r\n")
    site.answers["/a.mp4"] = plain(b"words", headers="content-type: video/mp4\r\n")
    site.answers["/cut.mp4"] = plain(video(tmp_path / "a").read_bytes()[:1000])
    site.answers["/endless.mp4"] = plain(claims(video(tmp_path / "a"), b"mdhd", 12, ">I", 1).read_bytes())
    site.answers["/gone.png"] = plain(b"", status="410 Gone")
    for path, says in (
        ("/a.png", "not a picture"),
        ("/a.mp4", "not a picture"),
        ("/cut.mp4", "broken"),
        ("/endless.mp4", "too long"),
        ("/gone.png", "no file at this URL"),
    ):
        with pytest.raises(MediaRefused, match=says):
            await _bring(library, site, path)
    with pytest.raises(MediaRefused, match="not a picture"):
        await library.store_file(arrived(storage, b"words"))
    assert [] == files_in(storage)


@pytest.mark.parametrize(
    "head",
    ["content-length: 101000000\r\n", "", "transfer-encoding: chunked\r\n"],
    ids=["told", "untold", "chunked"],
)
async def test_101_mb_of_video_are_refused_and_not_stored(
    head: str, library: MediaLibrary, storage: FolderStorage, site: Site
) -> None:
    chunk = bytes(1_000_000)
    if "chunked" in head:
        chunk = b"%x\r\n%s\r\n" % (len(chunk), chunk)
    site.answers["/a.mp4"] = endless(head, chunk=chunk)
    with pytest.raises(MediaRefused, match="too big: at most 100 MB"):
        await _bring(library, site, "/a.mp4", max_bytes=100_000_000)
    assert [] == files_in(storage)


async def test_only_incoming_files_are_consumed(library: MediaLibrary, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(picture())
    with pytest.raises(ValueError, match="folder"):
        await library.store_file(path)
    assert path.exists()


async def test_two_of_one_at_once_are_one(
    library: MediaLibrary, storage: FolderStorage, tmp_path: Path
) -> None:
    content = video(tmp_path / "a").read_bytes()
    one, other = await asyncio.gather(
        *(library.store_file(arrived(storage, content, name)) for name in ("one", "other"))
    )
    assert one == other
    assert files_in(storage) == [storage.path(one.file), storage.path(one.poster)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
async def test_a_picture_that_the_api_accepts_is_unchanged(
    kind: str, library: MediaLibrary, storage: FolderStorage
) -> None:
    media = await library.store_file(arrived(storage, picture(kind)))
    assert media == await library.to_api_input(media)


@pytest.mark.parametrize(
    ("kind", "mime"),
    [("HEIF", "image/jpeg"), ("AVIF", "image/jpeg"), ("WEBP", "image/jpeg"), ("GIF", "image/png")],
)
async def test_other_pictures_are_converted(
    kind: str, mime: str, library: MediaLibrary, storage: FolderStorage
) -> None:
    media = await library.store_file(arrived(storage, picture(kind)))
    usable = await library.to_api_input(media)
    assert (mime, 64, 48) == (usable.mime, usable.width, usable.height)
    assert usable == await library.to_api_input(usable)
    assert await storage.exists(media.file)


async def test_a_moving_picture_is_no_input(library: MediaLibrary, storage: FolderStorage) -> None:
    for kind in ("GIF", "WEBP", "PNG"):
        media = await library.store_file(arrived(storage, moving_picture(kind)))
        with pytest.raises(
            MediaRefused, match="picture is animated: send a video as MP4, or a still picture"
        ):
            await library.to_api_input(media)


@pytest.mark.parametrize("container", ["mp4", "mov"])
async def test_a_video_that_the_api_accepts_is_unchanged(
    container: str, library: MediaLibrary, storage: FolderStorage, tmp_path: Path
) -> None:
    source = video(tmp_path / "a", container=container)
    media = await library.store_file(arrived(storage, source.read_bytes()))
    assert media == await library.to_api_input(media)


@pytest.mark.parametrize(("codec", "container"), [("libvpx-vp9", "webm"), ("libx264", "matroska")])
async def test_other_videos_are_converted(
    codec: str, container: str, library: MediaLibrary, storage: FolderStorage, tmp_path: Path
) -> None:
    source = video(tmp_path / "a", codec=codec, container=container)
    usable = await library.to_api_input(await library.store_file(arrived(storage, source.read_bytes())))
    assert ("video/mp4", 128, 72) == (usable.mime, usable.width, usable.height)
    assert await storage.exists(usable.poster)
    assert usable == await library.to_api_input(usable)


async def test_a_video_of_31_seconds_is_no_input(
    library: MediaLibrary, storage: FolderStorage, tmp_path: Path
) -> None:
    source = video(tmp_path / "a", frames=31, rate=1)
    media = await library.store_file(arrived(storage, source.read_bytes()))
    with pytest.raises(MediaRefused, match="31 s long, and at most 30 s can be used: cut it first"):
        await library.to_api_input(media)


async def test_what_is_small_enough_is_its_own_smaller_one(
    library: MediaLibrary, storage: FolderStorage
) -> None:
    media = await library.store_file(arrived(storage, picture()))
    assert media.file == await library.smaller(media, media.size)


async def test_a_smaller_picture_fits(library: MediaLibrary, storage: FolderStorage) -> None:
    media = await library.store_file(arrived(storage, picture("PNG", (1200, 800))))
    file = await library.smaller(media, 60_000)
    assert f"{media.file}.fit-60000" == file
    path = storage.path(file)
    assert path.stat().st_size <= 60_000
    with Image.open(path) as shrunk:
        assert "JPEG" == shrunk.format
        assert 1.5 == pytest.approx(shrunk.width / shrunk.height, rel=0.01)
    await storage.remove(media.file)
    assert [] == files_in(storage)


class _Counting(SharedPool):
    """A pool that keeps the names of the functions that it was asked to run."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def run(self, function: Callable[[*Args], Result], /, *args: *Args, **limits: Any) -> Result:
        self.asked.append(function.__name__)
        return await super().run(function, *args, **limits)


async def test_a_smaller_picture_is_made_once(storage: FolderStorage) -> None:
    """Also when several ask at once, and by whoever asks later."""
    async with Fetcher() as fetcher, _Counting() as pool:
        library = MediaLibrary(fetcher=fetcher, storage=storage, results=pool, inputs=pool)
        media = await library.store_file(arrived(storage, picture("PNG", (600, 400))))
        await asyncio.gather(*(library.smaller(media, 60_000) for _ in range(3)))
        other = MediaLibrary(fetcher=fetcher, storage=storage, results=pool, inputs=pool)
        await other.smaller(media, 60_000)
        assert ["probe", "shrink_picture"] == pool.asked


async def test_what_is_taken_in_and_used_is_looked_at_once(storage: FolderStorage) -> None:
    async with Fetcher() as fetcher, _Counting() as results, _Counting() as inputs:
        library = MediaLibrary(fetcher=fetcher, storage=storage, results=results, inputs=inputs)
        for kind, does in (("PNG", ["probe"]), ("WEBP", ["probe", "convert_picture", "probe"])):
            inputs.asked.clear()
            media = await library.store_file(arrived(storage, picture(kind)), member="ann")
            await library.to_api_input(media, member="ann")
            assert does == inputs.asked
        assert [] == results.asked


async def test_a_smaller_video_is_a_rendition_that_fits(
    library: MediaLibrary, storage: FolderStorage, tmp_path: Path
) -> None:
    source = video(tmp_path / "a", size=(640, 360), noise=True)
    media = await library.store_file(arrived(storage, source.read_bytes()))
    file = await library.smaller(media, media.size // 5)
    assert f"{media.file}.fit-{media.size // 5}" == file
    path = storage.path(file)
    assert path.stat().st_size <= media.size // 5
    with av.open(path) as container:
        assert "h264" == container.streams.video[0].codec_context.name


async def test_what_cannot_be_made_so_small_is_refused(
    library: MediaLibrary, storage: FolderStorage, tmp_path: Path
) -> None:
    shown = await library.store_file(arrived(storage, picture("PNG", (1200, 800))))
    film = await library.store_file(arrived(storage, video(tmp_path / "a", size=(640, 360)).read_bytes()))
    kept = files_in(storage)
    for media in (shown, film):
        with pytest.raises(MediaRefused, match=r"cannot be made as small as 0\.001 MB"):
            await library.smaller(media, 1000)
    assert kept == files_in(storage)


async def test_what_is_no_longer_stored_is_said_to_be(library: MediaLibrary, storage: FolderStorage) -> None:
    media = await library.store_file(arrived(storage, picture("WEBP")))
    await storage.remove(media.file)
    with pytest.raises(MediaUnavailable, match="no longer stored"):
        await library.to_api_input(media)


async def test_what_a_member_has_fetched_counts_as_it_arrives(tmp_path: Path, site: Site) -> None:
    """Results of providers do not: nobody but the operator's accounts makes them."""
    content = picture()
    storage = FolderStorage(tmp_path, quota=IncomingQuota(bytes_per_member=len(content) - 1))
    site.answers["/photo"] = plain(content)
    async with open_library(storage, trusted=site.url("/")) as library:
        url = site.url("/photo")
        with pytest.raises(IncomingFull):
            await library.fetch_and_store(
                url, max_bytes=10**6, timeout_s=60, from_platform=True, member="ann"
            )
        assert [] == files_in(storage)
        assert 0 == storage.incoming_quota.arriving("ann")
        assert await library.fetch_and_store(url, max_bytes=10**6, timeout_s=60, from_platform=True)
