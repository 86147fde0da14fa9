"""The checked fetcher fetches what is public and nothing else, over real sockets."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.download.fetcher import Fetcher, SpeedLimits
from bot.media.download.ip_ranges import Address
from bot.media.download.transport import FetchRules
from tests.media.download.names import PRIVATE, PUBLIC, Names, fetch, reachable
from tests.media.download.site import Site, endless, plain, raw, redirect, silent
from tests.patience import PATIENCE_S


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def test_a_file_is_fetched(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    fetched = await fetch(fetcher, f"http://pictures.test:{site.port}/a.png", tmp_path / "new")
    assert _read(fetched.path) == b"picture"
    assert (fetched.bytes, fetched.content_type) == (7, "image/png")
    assert fetched.path.parent == tmp_path / "new"
    (head,) = site.requests
    assert f"host: pictures.test:{site.port}\r\n" in head.lower()
    assert "accept-encoding: identity\r\n" in head.lower()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001"])
async def test_no_spelling_of_loopback_is_reached(host: str, site: Site, tmp_path: Path) -> None:
    """With the system's resolver and the real rules."""
    async with Fetcher() as fetcher:
        with pytest.raises(MediaRefused, match="not on the public internet") as caught:
            await fetch(fetcher, f"http://{host}:{site.port}/a.png", tmp_path)
    assert "127" not in str(caught.value)
    assert site.requests == []


@pytest.mark.parametrize("host", ["localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"])  # noqa: S104
async def test_nothing_near_is_reached(host: str, tmp_path: Path) -> None:
    async with Fetcher() as fetcher:
        with pytest.raises(MediaRefused, match="not on the public internet"):
            await fetch(fetcher, f"http://{host}/latest/meta-data/", tmp_path)


async def test_a_name_with_a_private_address_is_refused(fetcher: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="not on the public internet") as caught:
        await fetch(fetcher, "http://inside.test/", tmp_path)
    assert str(PRIVATE) not in str(caught.value)
    assert _empty(tmp_path)


async def test_a_redirect_to_a_private_address_is_refused(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/name"] = redirect("http://inside.test/")
    site.answers["/address"] = redirect("http://169.254.169.254/latest/meta-data/")
    for path in ("name", "address"):
        with pytest.raises(MediaRefused, match="not on the public internet"):
            await fetch(fetcher, f"http://pictures.test:{site.port}/{path}", tmp_path)


async def test_the_connection_goes_to_the_address_that_was_checked(
    fetcher: Fetcher, names: Names, site: Site, tmp_path: Path
) -> None:
    """A name that is public when it is checked and private a moment later."""
    url = f"http://rebinding.test:{site.port}/a.png"
    assert (await fetch(fetcher, url, tmp_path)).bytes == 7
    assert names.asked == ["rebinding.test"]
    with pytest.raises(MediaRefused):
        await fetch(fetcher, url, tmp_path)
    assert len(site.requests) == 1


async def test_a_redirect_is_checked_anew(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    """The same name, public at first and private when the redirect comes back to it."""
    site.answers["/again"] = redirect("/a.png")
    with pytest.raises(MediaRefused, match="not on the public internet"):
        await fetch(fetcher, f"http://rebinding.test:{site.port}/again", tmp_path)


async def test_public_addresses_are_tried_in_turn_and_private_ones_never(site: Site, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> Sequence[Address]:
        del host, port
        return [PRIVATE, ip_address("::1"), PUBLIC]

    def may_reach(address: Address) -> bool:
        return address != PRIVATE

    async with Fetcher(FetchRules(resolve=resolve, may_reach=may_reach)) as fetcher:
        assert (await fetch(fetcher, f"http://pictures.test:{site.port}/a.png", tmp_path)).bytes == 7


async def test_a_server_that_does_not_answer_is_given_up(names: Names, site: Site, tmp_path: Path) -> None:
    site.answers["/silent"] = silent()
    async with Fetcher(
        FetchRules(resolve=names, may_reach=reachable), speed=SpeedLimits(head_s=0.05)
    ) as fetcher:
        with pytest.raises(MediaUnavailable, match="does not answer"):
            await fetch(fetcher, f"http://pictures.test:{site.port}/silent", tmp_path, timeout_s=PATIENCE_S)


async def test_five_redirects_are_followed_and_no_more(
    fetcher: Fetcher, names: Names, site: Site, tmp_path: Path
) -> None:
    for hop in range(6, 1, -1):
        site.answers[f"/{hop}"] = redirect(f"/{hop - 1}")
    site.answers["/1"] = redirect("/a.png")
    assert (await fetch(fetcher, f"http://pictures.test:{site.port}/5", tmp_path)).bytes == 7
    assert len(names.asked) == 6
    with pytest.raises(MediaRefused, match="redirects too often"):
        await fetch(fetcher, f"http://pictures.test:{site.port}/6", tmp_path)


async def test_the_body_of_a_redirect_is_not_read(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/endless"] = endless("location: /a.png\r\n", status="302 Found")
    assert (await fetch(fetcher, f"http://pictures.test:{site.port}/endless", tmp_path)).bytes == 7


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://me:secret@pictures.test/", "user name or password"),  # pragma: allowlist secret
        ("http://pictures.test@inside.test/", "user name or password"),
        ("ftp://pictures.test/", "Only http and https"),
        ("file:///etc/passwd", "Only http and https"),
        ("gopher://pictures.test/_x", "Only http and https"),
        ("data:image/png;base64,AA", "Only http and https"),
        ("//pictures.test/", "Only http and https"),
        ("pictures.test/a.png", "Only http and https"),
        ("", "Only http and https"),
        ("http:///a.png", "Only http and https"),
        ("http://pictures.test:22/", "port 22"),
        ("http://pictures.test:25/", "port 25"),
        ("http://pictures.test:0/", "port 0"),
        ("http://pictures.test:99999/", "port 99999"),
        ("http://[::1/", "not a valid URL"),
        ("http://pictures.test\r\nx: y/", "not a valid URL"),
        (f"http://{'a' * 64}.test/", "not a valid URL"),
        ("http://pictures..test/", "not a valid URL"),
        (f"http://{'a.' * 130}test/", "not a valid URL"),
    ],
)
async def test_odd_urls_are_refused(url: str, says: str, names: Names, tmp_path: Path) -> None:
    """Before anybody is asked for anything, so that they can be refused as soon as they are named."""
    async with Fetcher(FetchRules(resolve=names, may_reach=reachable)) as fetcher:
        with pytest.raises(MediaRefused, match=says) as caught:
            await fetch(fetcher, url, tmp_path)
        with pytest.raises(MediaRefused, match=says):
            fetcher.check(url)
    assert "secret" not in str(caught.value)
    assert names.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "localhost",
        "a.localhost",
        "localhost.",
        "printer.local",
        "metadata.google.internal",
        "router.home.arpa",
        "intranet",
    ],
)
def test_what_can_only_be_near_is_refused_by_its_spelling(host: str) -> None:
    with pytest.raises(MediaRefused, match="not on the public internet"):
        Fetcher().check(f"http://{host}/a.png")


def test_what_may_be_public_is_left_to_the_fetch() -> None:
    for url in ("http://pictures.example/a.png", "https://1.1.1.1:8443/", "http://[2606:4700::1111]/"):
        Fetcher().check(url)


def test_behind_a_proxy_every_url_of_a_person_is_refused_by_the_settings() -> None:
    fetcher = Fetcher(FetchRules(proxy="http://proxy.example:3128"))
    with pytest.raises(MediaRefused, match="attach the file"):
        fetcher.check("https://pictures.example/a.png")
    fetcher.check("https://pictures.example/a.png", from_platform=True)
    Fetcher(FetchRules(proxy="http://proxy.example:3128", proxy_resolves=True)).check(
        "https://pictures.example/a.png"
    )


@pytest.mark.parametrize(
    "location",
    ["ftp://pictures.test/", "http://me:secret@pictures.test/", "http://[::1/"],  # pragma: allowlist secret
)
async def test_odd_redirects_are_refused(location: str, fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/odd"] = redirect(location)
    with pytest.raises(MediaRefused):
        await fetch(fetcher, f"http://pictures.test:{site.port}/odd", tmp_path)


@pytest.mark.parametrize(
    ("number", "error", "says"),
    [
        (socket.EAI_NONAME, MediaRefused, "does not exist"),
        (socket.EAI_AGAIN, MediaUnavailable, "could not be looked up"),
        (socket.EAI_FAIL, MediaUnavailable, "could not be looked up"),
        (socket.EAI_SYSTEM, MediaUnavailable, "could not be looked up"),
    ],
)
async def test_an_unknown_name_differs_from_a_failed_lookup(
    number: int, error: type[Exception], says: str, tmp_path: Path
) -> None:
    async def resolve(host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror(number, f"{host}:{port}")

    async with Fetcher(FetchRules(resolve=resolve)) as fetcher:
        with pytest.raises(error, match=says) as caught:
            await fetch(fetcher, "http://pictures.example/", tmp_path)
    assert error is type(caught.value)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 2", b"SSH-2.0-server\r\n\r\n", b"HTTP/1.1 200 OK\r\nx" + b"x" * 200_000]
)
async def test_a_broken_answer_is_unavailable(
    answer: bytes, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/broken"] = raw(answer)
    with pytest.raises(MediaUnavailable):
        await fetch(fetcher, f"http://pictures.test:{site.port}/broken", tmp_path)


async def test_a_closed_port_is_unavailable(fetcher: Fetcher, tmp_path: Path) -> None:
    async with Site() as site:
        port = site.port
    with pytest.raises(MediaUnavailable, match="cannot be reached"):
        await fetch(fetcher, f"http://pictures.test:{port}/", tmp_path)


async def test_no_cookies_are_kept(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/cookie"] = plain(
        b"", status="302 Found", headers="location: /a.png\r\nset-cookie: a=b\r\n"
    )
    await fetch(fetcher, f"http://pictures.test:{site.port}/cookie", tmp_path)
    assert not any("cookie:" in head.lower() for head in site.requests)


async def test_a_cancelled_fetch_leaves_no_file(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/slow"] = endless("", pause_s=0.01, chunk=b"x" * 300_000)
    call = asyncio.create_task(fetch(fetcher, f"http://pictures.test:{site.port}/slow", tmp_path))
    async with asyncio.timeout(PATIENCE_S):
        while _empty(tmp_path):  # noqa: ASYNC110 - a folder announces nothing
            await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert _empty(tmp_path)
