"""The checked fetcher fetches what is public and nothing else, over real sockets.

Here 127.0.0.1, where the sites of the tests are, plays the public internet and 10.0.0.1 what is near to us.
"""

import asyncio
import datetime as dt
import gzip
import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.addresses import Address
from bot.media.fetcher import FetchedFile, Fetcher
from tests.media.site import Site, endless, plain, raw, redirect

PUBLIC, PRIVATE = IPv4Address("127.0.0.1"), IPv4Address("10.0.0.1")
MAX_BYTES = 1_000_000


class Names:
    """Answers each question for a name with its next address, and the last one for ever."""

    def __init__(self, **answers: Sequence[Address]) -> None:
        self.answers = {name: list(addresses) for name, addresses in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        del port
        self.asked.append(host)
        addresses = self.answers.get(host.removesuffix(".test"))
        if addresses is None:
            return [ip_address(host)]
        return [addresses.pop(0) if len(addresses) > 1 else addresses[0]]


def _reachable(address: Address) -> bool:
    return address == PUBLIC


@pytest.fixture
def names() -> Names:
    return Names(pictures=[PUBLIC], inside=[PRIVATE], rebinding=[PUBLIC, PRIVATE])


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        site.answers["/a.png"] = plain(b"picture", headers="content-type: image/png\r\n")
        yield site


@pytest.fixture
async def fetcher(names: Names) -> AsyncIterator[Fetcher]:
    async with Fetcher(resolve=names, may_reach=_reachable) as fetcher:
        yield fetcher


async def _fetch(fetcher: Fetcher, url: str, into: Path, *, timeout_s: float = 20) -> FetchedFile:
    return await fetcher.fetch(url, max_bytes=MAX_BYTES, timeout_s=timeout_s, into=into)


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def test_a_file_is_fetched(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    fetched = await _fetch(fetcher, f"http://pictures.test:{site.port}/a.png", tmp_path / "new")
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
            await _fetch(fetcher, f"http://{host}:{site.port}/a.png", tmp_path)
    assert "127" not in str(caught.value)
    assert site.requests == []


@pytest.mark.parametrize("host", ["localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"])  # noqa: S104
async def test_nothing_near_is_reached(host: str, tmp_path: Path) -> None:
    async with Fetcher() as fetcher:
        with pytest.raises(MediaRefused, match="not on the public internet"):
            await _fetch(fetcher, f"http://{host}/latest/meta-data/", tmp_path)


async def test_a_name_with_a_private_address_is_refused(fetcher: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="not on the public internet") as caught:
        await _fetch(fetcher, "http://inside.test/", tmp_path)
    assert str(PRIVATE) not in str(caught.value)
    assert _empty(tmp_path)


async def test_a_redirect_to_a_private_address_is_refused(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/name"] = redirect("http://inside.test/")
    site.answers["/address"] = redirect("http://169.254.169.254/latest/meta-data/")
    for path in ("name", "address"):
        with pytest.raises(MediaRefused, match="not on the public internet"):
            await _fetch(fetcher, f"http://pictures.test:{site.port}/{path}", tmp_path)


async def test_the_connection_goes_to_the_address_that_was_checked(
    fetcher: Fetcher, names: Names, site: Site, tmp_path: Path
) -> None:
    """A name that is public when it is checked and private a moment later."""
    url = f"http://rebinding.test:{site.port}/a.png"
    assert (await _fetch(fetcher, url, tmp_path)).bytes == 7
    assert names.asked == ["rebinding.test"]
    with pytest.raises(MediaRefused):
        await _fetch(fetcher, url, tmp_path)
    assert len(site.requests) == 1


async def test_a_redirect_is_checked_anew(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    """The same name, public at first and private when the redirect comes back to it."""
    site.answers["/again"] = redirect("/a.png")
    with pytest.raises(MediaRefused, match="not on the public internet"):
        await _fetch(fetcher, f"http://rebinding.test:{site.port}/again", tmp_path)


async def test_public_addresses_are_tried_in_turn_and_private_ones_never(site: Site, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> Sequence[Address]:
        del host, port
        return [PRIVATE, ip_address("::1"), PUBLIC]

    def may_reach(address: Address) -> bool:
        return address != PRIVATE

    async with Fetcher(resolve=resolve, may_reach=may_reach) as fetcher:
        assert (await _fetch(fetcher, f"http://pictures.test:{site.port}/a.png", tmp_path)).bytes == 7


async def test_an_endless_body_is_refused(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/endless"] = endless("")
    site.answers["/chunked"] = endless(
        "transfer-encoding: chunked\r\n", chunk=b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    )
    for path in ("endless", "chunked"):
        with pytest.raises(MediaRefused, match="too big: at most 1 MB"):
            await _fetch(fetcher, f"http://pictures.test:{site.port}/{path}", tmp_path)
    assert _empty(tmp_path)


async def test_a_slow_body_ends_at_the_deadline(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/slow"] = endless("", pause_s=0.01, chunk=b"x")
    with pytest.raises(MediaUnavailable, match="did not arrive within"):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/slow", tmp_path, timeout_s=0.2)
    assert _empty(tmp_path)


async def test_a_length_beyond_the_limit_is_refused_unread(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/big"] = endless(f"content-length: {MAX_BYTES + 1}\r\n", pause_s=600, chunk=b"x")
    with pytest.raises(MediaRefused, match="too big"):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/big", tmp_path)


async def test_a_body_shorter_than_its_length_is_unavailable(
    fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/short"] = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort")
    with pytest.raises(MediaUnavailable):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/short", tmp_path)
    assert _empty(tmp_path)


async def test_a_body_longer_than_its_length_is_cut(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/long"] = endless("content-length: 5\r\n")
    assert (await _fetch(fetcher, f"http://pictures.test:{site.port}/long", tmp_path)).bytes == 5


async def test_a_compressed_body_is_refused(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(10 * MAX_BYTES))
    assert len(bomb) < MAX_BYTES
    site.answers["/bomb"] = plain(bomb, headers="content-encoding: gzip\r\n")
    with pytest.raises(MediaRefused, match="compressed"):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/bomb", tmp_path)


async def test_five_redirects_are_followed_and_no_more(
    fetcher: Fetcher, names: Names, site: Site, tmp_path: Path
) -> None:
    for hop in range(6, 1, -1):
        site.answers[f"/{hop}"] = redirect(f"/{hop - 1}")
    site.answers["/1"] = redirect("/a.png")
    assert (await _fetch(fetcher, f"http://pictures.test:{site.port}/5", tmp_path)).bytes == 7
    assert len(names.asked) == 6
    with pytest.raises(MediaRefused, match="redirects too often"):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/6", tmp_path)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://me:secret@pictures.test/", "user name or password"),
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
    ],
)
async def test_odd_urls_are_refused(url: str, says: str, tmp_path: Path) -> None:
    async with Fetcher(may_reach=_reachable) as fetcher:
        with pytest.raises(MediaRefused, match=says) as caught:
            await _fetch(fetcher, url, tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "location", ["ftp://pictures.test/", "http://me:secret@pictures.test/", "http://[::1/"]
)
async def test_odd_redirects_are_refused(location: str, fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/odd"] = redirect(location)
    with pytest.raises(MediaRefused):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/odd", tmp_path)


@pytest.mark.parametrize(
    "status", ["403 Forbidden", "404 Not Found", "410 Gone", "500 Oops", "204 No Content"]
)
async def test_other_answers_may_become_a_file_later(
    status: str, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/none"] = plain(b"", status=status)
    with pytest.raises(MediaUnavailable, match=status[:3]):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/none", tmp_path)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 2", b"SSH-2.0-server\r\n\r\n", b"HTTP/1.1 200 OK\r\nx" + b"x" * 200_000]
)
async def test_a_broken_answer_is_unavailable(
    answer: bytes, fetcher: Fetcher, site: Site, tmp_path: Path
) -> None:
    site.answers["/broken"] = raw(answer)
    with pytest.raises(MediaUnavailable):
        await _fetch(fetcher, f"http://pictures.test:{site.port}/broken", tmp_path)


async def test_a_closed_port_is_unavailable(fetcher: Fetcher, tmp_path: Path) -> None:
    async with Site() as site:
        port = site.port
    with pytest.raises(MediaUnavailable, match="cannot be reached"):
        await _fetch(fetcher, f"http://pictures.test:{port}/", tmp_path)


async def test_no_cookies_are_kept(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/cookie"] = plain(
        b"", status="302 Found", headers="location: /a.png\r\nset-cookie: a=b\r\n"
    )
    await _fetch(fetcher, f"http://pictures.test:{site.port}/cookie", tmp_path)
    assert not any("cookie:" in head.lower() for head in site.requests)


async def test_a_cancelled_fetch_leaves_no_file(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/slow"] = endless("", pause_s=0.01, chunk=b"x" * 300_000)
    call = asyncio.create_task(_fetch(fetcher, f"http://pictures.test:{site.port}/slow", tmp_path))
    async with asyncio.timeout(20):
        while _empty(tmp_path):  # noqa: ASYNC110 - a folder announces nothing
            await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert _empty(tmp_path)


async def test_a_trusted_origin_may_be_near(site: Site, tmp_path: Path) -> None:
    origin = f"http://127.0.0.1:{site.port}"
    async with Site() as other, Fetcher(trusted_origins=frozenset({origin})) as fetcher:
        assert (await _fetch(fetcher, f"{origin}/a.png", tmp_path)).bytes == 7
        for url in (
            f"http://127.0.0.1:{other.port}/a.png",
            f"http://localhost:{site.port}/a.png",
            f"https://127.0.0.1:{site.port}/a.png",
        ):
            with pytest.raises(MediaRefused):
                await _fetch(fetcher, url, tmp_path)
        site.answers["/away"] = redirect(f"http://127.0.0.1:{other.port}/")
        with pytest.raises(MediaRefused):
            await _fetch(fetcher, f"{origin}/away", tmp_path)
    assert other.requests == []


async def test_trust_can_be_limited_to_a_path(site: Site, tmp_path: Path) -> None:
    origin = f"http://127.0.0.1:{site.port}"
    site.answers["/media/a"] = plain(b"picture")
    async with Fetcher(trusted_origins=frozenset({f"{origin}/media/"})) as fetcher:
        assert (await _fetch(fetcher, f"{origin}/media/a", tmp_path)).bytes == 7
        for path in ("/metrics", "/media/../metrics", "/media/%2e%2e/metrics", "/mediametrics"):
            with pytest.raises(MediaRefused):
                await _fetch(fetcher, origin + path, tmp_path)
    assert len(site.requests) == 1


async def test_behind_a_proxy_peoples_urls_are_refused(names: Names, tmp_path: Path) -> None:
    async with Site() as proxy, Fetcher(proxy=f"http://127.0.0.1:{proxy.port}", resolve=names) as fetcher:
        for url in ("http://pictures.test/a.png", "https://pictures.test/a.png"):
            with pytest.raises(MediaRefused, match="attach the file"):
                await _fetch(fetcher, url, tmp_path)
    assert proxy.requests == names.asked == []


async def test_behind_a_proxy_vouched_urls_are_left_to_it(names: Names, tmp_path: Path) -> None:
    async with Site() as proxy, Fetcher(proxy=f"http://127.0.0.1:{proxy.port}", resolve=names) as fetcher:
        proxy.answers["http://pictures.test/a.png"] = plain(b"picture")
        proxy.answers["pictures.test:443"] = plain(b"", status="502 Bad Gateway")
        fetched = await fetcher.fetch(
            "http://pictures.test/a.png", max_bytes=MAX_BYTES, timeout_s=20, into=tmp_path, vouched=True
        )
        assert fetched.bytes == 7
        with pytest.raises(MediaUnavailable):
            await fetcher.fetch("https://pictures.test/", max_bytes=1, timeout_s=20, vouched=True)
        for host in ("127.0.0.1", "0x7f.1", "169.254.169.254", "localhost"):
            with pytest.raises(MediaRefused):
                await fetcher.fetch(f"http://{host}/", max_bytes=1, timeout_s=20, vouched=True)
    assert [head.split()[0] for head in proxy.requests] == ["GET", "CONNECT"]
    assert names.asked == []


async def test_behind_a_proxy_a_setting_allows_peoples_urls(names: Names, tmp_path: Path) -> None:
    async with (
        Site() as proxy,
        Fetcher(proxy=f"http://127.0.0.1:{proxy.port}", proxy_resolves=True, resolve=names) as fetcher,
    ):
        proxy.answers["http://pictures.test/a.png"] = plain(b"picture")
        assert (await _fetch(fetcher, "http://pictures.test/a.png", tmp_path)).bytes == 7


async def test_a_trusted_origin_on_loopback_is_reached_past_the_proxy(site: Site, tmp_path: Path) -> None:
    origin = f"http://127.0.0.1:{site.port}"
    async with (
        Site() as proxy,
        Fetcher(proxy=f"http://127.0.0.1:{proxy.port}", trusted_origins=frozenset({origin})) as fetcher,
    ):
        assert (await _fetch(fetcher, f"{origin}/a.png", tmp_path)).bytes == 7
    assert proxy.requests == []


async def test_tls_is_verified_for_the_name(names: Names, tmp_path: Path) -> None:
    """Though the connection goes to an address, the certificate must be the name's."""
    names.answers["others"] = [PUBLIC]
    server, client = _tls("pictures.test", tmp_path)
    async with (
        Site(ssl_context=server) as site,
        Fetcher(resolve=names, may_reach=_reachable, ssl_context=client) as fetcher,
    ):
        site.answers["/a.png"] = plain(b"picture")
        assert (await _fetch(fetcher, f"https://pictures.test:{site.port}/a.png", tmp_path)).bytes == 7
        with pytest.raises(MediaUnavailable):
            await _fetch(fetcher, f"https://others.test:{site.port}/a.png", tmp_path)


def _tls(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for one name, and contexts for its server and for a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    pem = folder / "server.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=certificate.decode())
