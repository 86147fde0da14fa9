"""An answer becomes a file only where it is whole, not too large and not too slow."""

import gzip
import random
import zlib
from pathlib import Path

import httpx
import pytest

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.download.fetcher import Fetcher, SpeedLimits
from bot.media.download.transport import FetchRules
from tests.media.download.names import MAX_BYTES, Names, fetch, reachable
from tests.media.download.site import Answer, Site, endless, plain, raw
from tests.patience import PATIENCE_S


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _empty(folder: Path) -> bool:
    return not any(folder.iterdir())


#: so fast that only a server which sends nothing for a while is too slow for it
_SPEED = SpeedLimits(head_s=PATIENCE_S, window_s=0.05, bytes_per_s=10_000)


async def test_an_endless_body_is_refused(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/endless"] = endless("")
    site.answers["/chunked"] = endless(
        "transfer-encoding: chunked\r\n", chunk=b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    )
    for path in ("endless", "chunked"):
        with pytest.raises(MediaRefused, match="too big: at most 1 MB"):
            await fetch(fetcher, f"http://pictures.test:{site.port}/{path}", tmp_path)
    assert _empty(tmp_path)


async def test_a_slow_body_ends_at_the_deadline(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/slow"] = endless("", pause_s=0.01, chunk=b"x")
    with pytest.raises(MediaUnavailable, match="did not arrive within"):
        await fetch(fetcher, f"http://pictures.test:{site.port}/slow", tmp_path, timeout_s=0.2)
    assert _empty(tmp_path)


async def test_a_length_beyond_the_limit_is_refused_unread(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/big"] = endless(f"content-length: {MAX_BYTES + 1}\r\n", pause_s=600, chunk=b"x")
    with pytest.raises(MediaRefused, match="too big"):
        await fetch(fetcher, f"http://pictures.test:{site.port}/big", tmp_path)


async def test_a_body_shorter_than_its_length_is_unavailable(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/short"] = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort")
    with pytest.raises(MediaUnavailable):
        await fetch(fetcher, f"http://pictures.test:{site.port}/short", tmp_path)
    assert _empty(tmp_path)


@pytest.mark.parametrize(
    "head",
    ["content-length: -1\r\n", "content-length: many\r\n", "content-length: 7\r\ncontent-length: 9\r\n"],
)
async def test_a_length_that_makes_no_sense_is_unavailable(
    head: str, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/odd"] = raw(f"HTTP/1.1 200 OK\r\n{head}\r\npicture".encode())
    with pytest.raises(MediaUnavailable):
        await fetch(fetcher, f"http://pictures.test:{site.port}/odd", tmp_path)
    assert _empty(tmp_path)


async def test_a_body_longer_than_its_length_is_cut(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/long"] = endless("content-length: 5\r\n")
    assert (await fetch(fetcher, f"http://pictures.test:{site.port}/long", tmp_path)).bytes == 5


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"picture", mtime=0)),
        ("x-gzip", gzip.compress(b"picture", mtime=0)),
        ("deflate", zlib.compress(b"picture")),
        ("Identity", b"picture"),
    ],
)
async def test_a_compressed_body_is_decoded(
    encoding: str, body: bytes, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    """Though nobody asked for that: some servers compress whatever they send."""
    site.answers["/packed"] = plain(body, headers=f"content-encoding: {encoding}\r\n")
    fetched = await fetch(fetcher, f"http://pictures.test:{site.port}/packed", tmp_path)
    assert (_read(fetched.path), fetched.bytes) == (b"picture", 7)


async def test_a_large_body_is_decoded_whole(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(300_000) + bytes(MAX_BYTES - 300_000)  # noqa: S311 - no secret
    site.answers["/packed"] = plain(gzip.compress(content), headers="content-encoding: gzip\r\n")
    fetched = await fetch(fetcher, f"http://pictures.test:{site.port}/packed", tmp_path)
    assert content == _read(fetched.path)


async def test_a_body_that_is_large_once_decoded_is_refused(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    bomb = gzip.compress(bytes(10 * MAX_BYTES))
    assert len(bomb) < MAX_BYTES
    site.answers["/bomb"] = plain(bomb, headers="content-encoding: gzip\r\n")
    with pytest.raises(MediaRefused, match="too big: at most 1 MB"):
        await fetch(fetcher, f"http://pictures.test:{site.port}/bomb", tmp_path)
    assert _empty(tmp_path)


@pytest.mark.parametrize(
    ("body", "says"),
    [(gzip.compress(b"picture", mtime=0)[:-9], "only a part"), (b"picture", "broken answer")],
)
async def test_a_compressed_body_that_is_broken_is_unavailable(
    body: bytes, says: str, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/packed"] = plain(body, headers="content-encoding: gzip\r\n")
    with pytest.raises(MediaUnavailable, match=says):
        await fetch(fetcher, f"http://pictures.test:{site.port}/packed", tmp_path)
    assert _empty(tmp_path)


async def test_a_body_compressed_in_another_way_is_refused(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/packed"] = plain(b"picture", headers="content-encoding: br\r\n")
    with pytest.raises(MediaRefused, match="compressed in a way"):
        await fetch(fetcher, f"http://pictures.test:{site.port}/packed", tmp_path)


@pytest.mark.parametrize("headers", ["", "content-encoding: gzip\r\n"])
async def test_an_empty_body_is_unavailable(
    headers: str, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    body = gzip.compress(b"") if headers else b""
    site.answers["/empty"] = plain(body, headers=headers)
    with pytest.raises(MediaUnavailable, match="empty file"):
        await fetch(fetcher, f"http://pictures.test:{site.port}/empty", tmp_path)
    assert _empty(tmp_path)


async def test_a_body_shorter_than_its_length_is_unavailable_in_process_too(tmp_path: Path) -> None:
    """No HTTP library stands between us and a server in this process."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-length": "9"}, stream=httpx.ByteStream(b"picture"))

    async with Fetcher(FetchRules(in_process={"http://near.test/": httpx.MockTransport(answer)})) as fetcher:
        with pytest.raises(MediaUnavailable, match="only a part"):
            await fetch(fetcher, "http://near.test/a.png", tmp_path, from_platform=True)
    assert _empty(tmp_path)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (endless("", pause_s=0.01, chunk=b"x"), "too slowly"),
        (endless("", pause_s=600), "stopped sending"),
    ],
)
async def test_a_body_that_trickles_is_cut_off(
    answer: Answer, says: str, names: Names, site: Site, tmp_path: Path
) -> None:
    """Long before its time is over."""
    site.answers["/slow"] = answer
    async with Fetcher(FetchRules(resolve=names, may_reach=reachable), speed=_SPEED) as fetcher:
        with pytest.raises(MediaUnavailable, match=says):
            await fetch(fetcher, f"http://pictures.test:{site.port}/slow", tmp_path, timeout_s=PATIENCE_S)
    assert _empty(tmp_path)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 400, 402, 405, 418, 451])
async def test_what_a_server_refuses_is_refused_at_once(
    status: int, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/none"] = plain(b"", status=f"{status} No")
    with pytest.raises(MediaRefused, match=rf"{status}.*attach the file"):
        await fetch(fetcher, f"http://pictures.test:{site.port}/none", tmp_path)


@pytest.mark.parametrize("status", [204, 206, 304, 408, 425, 429, 500, 502, 503, 504])
async def test_other_answers_may_become_a_file_later(
    status: int, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/none"] = raw(f"HTTP/1.1 {status} No\r\n\r\n".encode())
    with pytest.raises(MediaUnavailable, match=str(status)):
        await fetch(fetcher, f"http://pictures.test:{site.port}/none", tmp_path)
