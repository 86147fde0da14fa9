"""Whom the fetcher trusts, and to whom it shows a key: the operator's own, their hosts, a proxy."""

import datetime as dt
import re
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.download.fetcher import FetchedFile, Fetcher
from bot.media.download.transport import FetchRules
from tests.media.download.names import MAX_BYTES, PRIVATE, PUBLIC, Names, fetch, reachable
from tests.media.download.site import Site, plain, redirect

KEY = "Bearer a-key"


def behind(proxy: Site, **rules: Any) -> Fetcher:
    return Fetcher(FetchRules(proxy=f"http://127.0.0.1:{proxy.port}", **rules))


async def _fetch_with_key(fetcher: Fetcher, url: str, into: Path) -> FetchedFile:
    return await fetcher.fetch(
        url,
        max_bytes=MAX_BYTES,
        timeout_s=20,
        into=into,
        headers={"Authorization": KEY, "X-Key": KEY, "Host": "other.test", "Accept-Encoding": "gzip"},
    )


async def test_headers_are_shown_to_the_urls_own_host(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    """Also where it redirects within itself; how a file is asked for is not theirs to say."""
    site.answers["/again"] = redirect("/a.png")
    await _fetch_with_key(fetcher, f"http://pictures.test:{site.port}/again", tmp_path)
    for head in (head.lower() for head in site.requests):
        for name in ("authorization", "x-key"):
            assert 1 == head.count(f"\r\n{name}: {KEY.lower()}\r\n")
        assert [f"pictures.test:{site.port}"] == re.findall(r"\r\nhost: (.*)\r\n", head)
        assert ["identity"] == re.findall(r"\r\naccept-encoding: (.*)\r\n", head)
    assert 2 == len(site.requests)


async def test_headers_are_shown_to_nobody_else(
    fetcher: Fetcher, names: Names, site: Site, tmp_path: Path
) -> None:
    """Another name, another port: neither gets the key, nor the first host after them."""
    names.answers["others"] = [PUBLIC]
    async with Site() as other:
        site.answers["/name"] = redirect(f"http://others.test:{site.port}/back")
        site.answers["/back"] = redirect(f"http://pictures.test:{site.port}/a.png")
        site.answers["/port"] = redirect(f"http://pictures.test:{other.port}/a.png")
        other.answers["/a.png"] = plain(b"picture")
        for path in ("name", "port"):
            await _fetch_with_key(fetcher, f"http://pictures.test:{site.port}/{path}", tmp_path)
        shown = [KEY in head for head in site.requests]
        assert [True, False, False, True] == shown
        assert [False] == [KEY in head for head in other.requests]


async def test_a_trusted_origin_may_be_near(site: Site, tmp_path: Path) -> None:
    trusted = f"http://127.0.0.1:{site.port}"
    async with Site() as other, Fetcher(FetchRules(trusted_origins=frozenset({trusted}))) as fetcher:
        assert (await fetch(fetcher, f"{trusted}/a.png", tmp_path, from_platform=True)).bytes == 7
        for url in (
            f"http://127.0.0.1:{other.port}/a.png",
            f"http://localhost:{site.port}/a.png",
            f"https://127.0.0.1:{site.port}/a.png",
        ):
            with pytest.raises(MediaRefused):
                await fetch(fetcher, url, tmp_path, from_platform=True)
        site.answers["/away"] = redirect(f"http://127.0.0.1:{other.port}/")
        with pytest.raises(MediaRefused):
            await fetch(fetcher, f"{trusted}/away", tmp_path, from_platform=True)
    assert other.requests == []


async def test_trust_can_be_limited_to_a_path(site: Site, tmp_path: Path) -> None:
    trusted = f"http://127.0.0.1:{site.port}"
    site.answers["/media/a"] = plain(b"picture")
    async with Fetcher(FetchRules(trusted_origins=frozenset({f"{trusted}/media/"}))) as fetcher:
        assert (await fetch(fetcher, f"{trusted}/media/a", tmp_path, from_platform=True)).bytes == 7
        for path in ("/metrics", "/media/../metrics", "/media/%2e%2e/metrics", "/mediametrics"):
            with pytest.raises(MediaRefused):
                await fetch(fetcher, trusted + path, tmp_path, from_platform=True)
    assert len(site.requests) == 1


async def test_trust_is_not_for_peoples_urls(names: Names, site: Site, tmp_path: Path) -> None:
    """Neither named by them, nor reached through a redirect of a public site of theirs."""
    names.answers["gateway"] = [PRIVATE]
    async with Site() as near:
        near.answers["/a.png"] = plain(b"picture")
        trusted = frozenset({f"http://127.0.0.1:{near.port}", f"http://gateway.test:{near.port}"})
        async with Fetcher(
            FetchRules(trusted_origins=trusted, resolve=names, may_reach=lambda address: address != PRIVATE)
        ) as fetcher:
            site.answers["/to"] = redirect(f"http://gateway.test:{near.port}/a.png")
            for url in (f"http://gateway.test:{near.port}/a.png", f"http://pictures.test:{site.port}/to"):
                with pytest.raises(MediaRefused, match="not on the public internet"):
                    await fetch(fetcher, url, tmp_path)
        async with Fetcher(FetchRules(trusted_origins=trusted)) as fetcher:
            with pytest.raises(MediaRefused, match="not on the public internet"):
                await fetch(fetcher, f"http://127.0.0.1:{near.port}/a.png", tmp_path)
        assert near.requests == []


async def test_peoples_urls_do_not_lead_to_our_own_server(names: Names, site: Site, tmp_path: Path) -> None:
    """By its public name, on whatever port and in whatever case, nor through a redirect."""
    names.answers["own"] = [PUBLIC]
    async with Site() as own:
        own.answers["/a.png"] = plain(b"picture")
        site.answers["/to"] = redirect(f"http://own.test:{own.port}/a.png")
        async with Fetcher(
            FetchRules(own_hosts=frozenset({"own.test"}), resolve=names, may_reach=reachable)
        ) as fetcher:
            for url in (
                f"http://own.test:{own.port}/a.png",
                f"http://OWN.test.:{own.port}/a.png",
                f"http://pictures.test:{site.port}/to",
            ):
                with pytest.raises(MediaRefused, match="address of the bot itself"):
                    await fetch(fetcher, url, tmp_path)
        assert own.requests == []


@pytest.mark.parametrize("own", ["xn--bcher-kva.example", "bücher.example", "BÜCHER.example."])
def test_our_own_name_in_another_script_is_known_in_both_spellings(own: str) -> None:
    fetcher = Fetcher(FetchRules(own_hosts=frozenset({own})))
    for url in ("https://xn--bcher-kva.example/metrics", "https://bücher.example/metrics"):
        with pytest.raises(MediaRefused, match="address of the bot itself"):
            fetcher.check(url)


async def test_vouched_urls_of_an_origin_in_process_go_to_its_transport(names: Names, tmp_path: Path) -> None:
    """Without a name being asked for; a redirect leads back to the checked way."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path.endswith("/away"):
            return httpx.Response(302, headers={"location": "http://inside.test/"})
        return httpx.Response(200, stream=httpx.ByteStream(b"picture"))

    near = httpx.MockTransport(answer)
    async with Fetcher(
        FetchRules(in_process={"http://generator.test/assets/": near}, resolve=names, may_reach=reachable)
    ) as fetcher:
        url = "http://generator.test/assets/a.png"
        assert (await fetch(fetcher, url, tmp_path, from_platform=True)).bytes == 7
        assert names.asked == []
        with pytest.raises(MediaRefused):
            await fetch(fetcher, "http://generator.test/assets/away", tmp_path, from_platform=True)
    assert asked == ["/assets/a.png", "/assets/away"]
    assert names.asked == ["inside.test"]


async def test_nothing_else_reaches_a_transport_in_process(names: Names, site: Site, tmp_path: Path) -> None:
    """Neither a person's URL, nor where it redirects to, nor one from a platform outside of its path."""
    names.answers["generator"] = [PRIVATE]
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200)

    url = "http://generator.test/assets/a.png"
    site.answers["/to"] = redirect(url)
    async with Fetcher(
        FetchRules(
            in_process={"http://generator.test/assets/": httpx.MockTransport(answer)},
            resolve=names,
            may_reach=reachable,
        ),
    ) as fetcher:
        for person in (url, f"http://pictures.test:{site.port}/to"):
            with pytest.raises(MediaRefused):
                await fetch(fetcher, person, tmp_path)
        for path in ("/control", "/assets/../control", "/assets/%2e%2e/control"):
            with pytest.raises(MediaRefused):
                await fetch(fetcher, f"http://generator.test{path}", tmp_path, from_platform=True)
    assert asked == []


async def test_behind_a_proxy_peoples_urls_are_refused(names: Names, tmp_path: Path) -> None:
    async with Site() as proxy, behind(proxy, resolve=names) as fetcher:
        for url in ("http://pictures.test/a.png", "https://pictures.test/a.png"):
            with pytest.raises(MediaRefused, match="attach the file"):
                await fetch(fetcher, url, tmp_path)
    assert proxy.requests == names.asked == []


async def test_behind_a_proxy_vouched_urls_are_left_to_it(names: Names, tmp_path: Path) -> None:
    async with Site() as proxy, behind(proxy, resolve=names) as fetcher:
        proxy.answers["http://pictures.test/a.png"] = plain(b"picture")
        proxy.answers["pictures.test:443"] = plain(b"", status="502 Bad Gateway")
        fetched = await fetcher.fetch(
            "http://pictures.test/a.png", max_bytes=MAX_BYTES, timeout_s=20, into=tmp_path, from_platform=True
        )
        assert fetched.bytes == 7
        with pytest.raises(MediaUnavailable):
            await fetcher.fetch("https://pictures.test/", max_bytes=1, timeout_s=20, from_platform=True)
        for host in ("127.0.0.1", "0x7f.1", "169.254.169.254", "localhost"):
            with pytest.raises(MediaRefused):
                await fetcher.fetch(f"http://{host}/", max_bytes=1, timeout_s=20, from_platform=True)
    assert [head.split()[0] for head in proxy.requests] == ["GET", "CONNECT"]
    assert names.asked == []


async def test_behind_a_proxy_names_of_a_local_network_are_refused(names: Names, tmp_path: Path) -> None:
    """The proxy would resolve them where it stands."""
    async with (
        Site() as proxy,
        behind(proxy, proxy_resolves=True, resolve=names) as fetcher,
    ):
        for host in ("metadata.google.internal", "intranet", "printer.local", "localhost.", "10.0.0.1"):
            with pytest.raises(MediaRefused, match="not on the public internet"):
                await fetch(fetcher, f"http://{host}/", tmp_path)
    assert proxy.requests == []


async def test_behind_a_proxy_a_setting_allows_peoples_urls(names: Names, tmp_path: Path) -> None:
    async with (
        Site() as proxy,
        behind(proxy, proxy_resolves=True, resolve=names) as fetcher,
    ):
        proxy.answers["http://pictures.test/a.png"] = plain(b"picture")
        assert (await fetch(fetcher, "http://pictures.test/a.png", tmp_path)).bytes == 7


async def test_a_trusted_origin_on_loopback_is_reached_past_the_proxy(site: Site, tmp_path: Path) -> None:
    trusted = f"http://127.0.0.1:{site.port}"
    async with (
        Site() as proxy,
        behind(proxy, trusted_origins=frozenset({trusted})) as fetcher,
    ):
        assert (await fetch(fetcher, f"{trusted}/a.png", tmp_path, from_platform=True)).bytes == 7
    assert proxy.requests == []


async def test_tls_is_verified_for_the_name(names: Names, tmp_path: Path) -> None:
    """Though the connection goes to an address, the certificate must be the name's."""
    names.answers["others"] = [PUBLIC]
    server, client = _tls("pictures.test", tmp_path)
    async with (
        Site(ssl_context=server) as site,
        Fetcher(FetchRules(resolve=names, may_reach=reachable, ssl_context=client)) as fetcher,
    ):
        site.answers["/a.png"] = plain(b"picture")
        assert (await fetch(fetcher, f"https://pictures.test:{site.port}/a.png", tmp_path)).bytes == 7
        with pytest.raises(MediaRefused, match=r"certificate .* is not valid"):
            await fetch(fetcher, f"https://others.test:{site.port}/a.png", tmp_path)


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
