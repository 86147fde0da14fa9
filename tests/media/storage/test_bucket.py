"""Files in a bucket: how they are served, uploaded in parts, and what a bucket at fault looks like."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from bot.domain.errors import MediaLost, ProcessingFailed
from bot.domain.generations.media import Media
from bot.media.storage.base import relative_path
from bot.media.storage.bucket import BucketStorage
from bot.media.storage.bucket_client import PART_BYTES, BucketClient
from bot.media.storage.bucket_location import Bucket
from tests.buckets import BucketProxy, GivenBucket, open_bucket, signature_of
from tests.media.download.site import Site, plain, raw, silent
from tests.platforms.fake_discord.transport.certificates import make_certificates

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 100


@pytest.fixture
def storage(bucket: GivenBucket, tmp_path: Path) -> Iterator[BucketStorage]:
    with open_bucket(bucket, tmp_path, links=True) as opened:
        yield opened


async def _put(storage: BucketStorage, content: bytes = PNG, mime: str = "image/png") -> Media:
    return await storage.put(content, mime=mime, width=4, height=3)


async def test_a_link_is_signed_for_an_hour_and_for_one_file_alone(storage: BucketStorage) -> None:
    url = (await storage.serve((await _put(storage)).file)).url
    assert url is not None
    values = dict(parse_qsl(urlsplit(url).query))
    assert values["X-Amz-Signature"] == signature_of(url)
    assert "3600" == values["X-Amz-Expires"]
    made = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=5)
    for altered in (
        url.replace("X-Amz-Expires=3600", "X-Amz-Expires=99999"),
        url.replace("/media/of-tests/", "/media/of-others/"),
        url.replace(values["X-Amz-Date"], "20990101T000000Z"),
    ):
        assert values["X-Amz-Signature"] != signature_of(altered)


async def test_a_link_serves_the_file_with_its_type_and_parts_of_it(storage: BucketStorage) -> None:
    url = (await storage.serve((await _put(storage)).file)).url
    assert url is not None
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(url, headers={"Range": "bytes=0-3"})
    assert (206, PNG[:4]) == (answer.status_code, answer.content)
    assert "image/png" == answer.headers["content-type"]
    assert 'inline; filename="reverie.png"' == answer.headers["content-disposition"]
    assert url.startswith(f"{storage.links_origin}/")


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (b"\x1a\x45\xdf\xa3matroska", "video/x-matroska"),
        (b"<html><script>alert(1)</script>", "text/html"),
        (b"<html><script>alert(1)</script>", "image/png"),
        (PNG, "text/html"),
    ],
)
async def test_only_a_file_of_a_type_that_browsers_just_show_has_a_link(
    content: bytes, mime: str, storage: BucketStorage
) -> None:
    assert (await storage.serve((await _put(storage, content, mime)).file)).url is None


async def test_without_links_only_we_read_from_the_bucket(bucket: GivenBucket, tmp_path: Path) -> None:
    with open_bucket(bucket, tmp_path) as storage:
        assert (await storage.serve((await _put(storage)).file)).url is None
        assert storage.links_origin is None


@pytest.mark.parametrize(
    ("location", "origin"),
    [
        (Bucket(name="films"), "https://films.s3.us-east-1.amazonaws.com"),
        (Bucket(name="films", region="eu-west-1"), "https://films.s3.eu-west-1.amazonaws.com"),
        (Bucket(name="our.films", region="eu-west-1"), "https://s3.eu-west-1.amazonaws.com"),
        (Bucket(name="films", endpoint="https://x.r2.example:9000/path"), "https://x.r2.example:9000"),
    ],
)
async def test_links_have_the_origin_that_pages_allow(location: Bucket, origin: str) -> None:
    given = GivenBucket(endpoint="", name="").location
    client = BucketClient(
        Bucket(
            name=location.name,
            endpoint=location.endpoint,
            region=location.region,
            access_key_id=given.access_key_id,
            secret_access_key=given.secret_access_key,
        )
    )
    assert origin == location.origin
    assert (await client.sign("ab/cd/file", timedelta(minutes=1))).startswith(f"{origin}/")


async def test_a_large_file_is_stored_whole(storage: BucketStorage) -> None:
    content = os.urandom(2 * PART_BYTES + 5)
    media = await _put(storage, content, "video/mp4")
    await storage.cache.drop(media.file)
    async with storage.local(media.file) as path:
        assert content == await asyncio.to_thread(path.read_bytes)


async def test_a_file_whose_content_has_changed_is_not_used(storage: BucketStorage) -> None:
    media = await _put(storage)
    await storage.cache.drop(media.file)
    await storage.client.put(relative_path(media.file), b"something else", {})
    with pytest.raises(MediaLost, match="has changed"):
        async with storage.local(media.file):
            pass
    assert [] == list(storage.incoming.iterdir())


async def test_objects_of_others_below_the_prefix_are_left_alone(
    storage: BucketStorage, bucket: GivenBucket
) -> None:
    media = await _put(storage)
    for key in ("readme.txt", f"elsewhere/{media.file}", f"{media.file[:2]}/{media.file[2:4]}/notes"):
        await storage.client.put(key, b"not ours", {})
    later = 10**15
    assert [[media.file]] == [batch async for batch in storage.unreferenced_files(1, now=later)]
    assert len(PNG) == await storage.used_bytes()
    await storage.remove(media.file)
    assert 3 == len(await bucket.keys())


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site


_KEY = relative_path(hashlib.sha256(PNG).hexdigest())


def _error(status: str, code: str, headers: str = "") -> bytes:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        ("403 Forbidden", "AccessDenied", "refuses access.*policy.*AWS_ACCESS_KEY_ID"),
        ("403 Forbidden", "SignatureDoesNotMatch", "refuses access"),
        ("404 Not Found", "NoSuchBucket", "no bucket films.*REVERIE_MEDIA_URL"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", "another region: set AWS_REGION"),
        ("301 Moved Permanently", "PermanentRedirect", "another region: set AWS_REGION"),
        ("500 Internal Server Error", "InternalError", "answers 500"),
    ],
)
async def test_a_bucket_that_refuses_is_told_with_its_remedy(
    status: str, code: str, says: str, site: Site, tmp_path: Path
) -> None:
    site.answers[f"/films/media/of-tests/{_KEY}"] = raw(_error(status, code))
    given = GivenBucket(endpoint=site.url(""), name="films")
    with open_bucket(given, tmp_path) as storage:
        with pytest.raises(ProcessingFailed, match=says):
            await _put(storage)
        assert await storage.fault() is not None
        assert [] == list(storage.incoming.iterdir())


async def test_a_bucket_that_does_not_answer_is_told(site: Site) -> None:
    site.answers[f"/films/media/of-tests/{_KEY}"] = silent()
    given = GivenBucket(endpoint=site.url(""), name="films")
    client = BucketClient(given.location, answer_s=0.2)
    with pytest.raises(ProcessingFailed, match=r"cannot be reached or is too slow.*HTTPS_PROXY"):
        await client.look(_KEY)


async def test_a_bucket_that_cannot_be_reached_is_told(unused_tcp_port: int) -> None:
    given = GivenBucket(endpoint=f"http://127.0.0.1:{unused_tcp_port}", name="films")
    with pytest.raises(ProcessingFailed, match="cannot be reached"):
        await BucketClient(given.location).look(_KEY)


async def test_a_fault_is_told_until_the_bucket_works(site: Site) -> None:
    """Whoever wants to know asks it again, so that an idle bot need not store anything first."""
    refuses = raw(_error("403 Forbidden", "AccessDenied"))
    site.answers |= {f"/films/media/of-tests/{key}": refuses for key in (_KEY, "check")}
    given = GivenBucket(endpoint=site.url(""), name="films")
    client = BucketClient(given.location, check_again_s=0)
    with pytest.raises(ProcessingFailed):
        await client.look(_KEY)
    assert "refuses access" in (await client.fault() or "")
    site.answers["/films/media/of-tests/check"] = raw(_error("404 Not Found", "NoSuchKey"))
    assert await client.fault() is None


async def test_a_lost_file_is_no_fault_of_the_bucket(storage: BucketStorage) -> None:
    with pytest.raises(MediaLost):
        await storage.serve("0" * 64)
    assert await storage.fault() is None


async def test_without_credentials_the_remedy_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", site.url(""))
    site.answers["/latest/api/token"] = plain(b"", status="403 Forbidden")
    with pytest.raises(ProcessingFailed, match=r"no credentials for s3://films.*AWS_ACCESS_KEY_ID"):
        await BucketClient(Bucket(name="films")).look(_KEY)


async def test_the_role_of_the_machine_opens_the_bucket(
    bucket: GivenBucket, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Amazon's machines, which tell their credentials to whoever runs there."""
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", site.url(""))
    credentials = (
        b'{"AccessKeyId": "ROLEKEY", "SecretAccessKey": "role secret", "Token": "role token", '
        b'"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2024-01-01T00:00:00Z", '
        b'"Expiration": "2999-01-01T00:00:00Z"}'
    )
    folder = "/latest/meta-data/iam/security-credentials/"
    site.answers |= {
        "/latest/api/token": plain(b"t"),
        folder: plain(b"role"),
        f"{folder}role": plain(credentials),
    }
    client = BucketClient(Bucket(name=bucket.name, prefix="p", endpoint=bucket.endpoint))
    await client.put("key", b"content", {})
    values = dict(parse_qsl(urlsplit(await client.sign("key", timedelta(minutes=1))).query))
    assert values["X-Amz-Credential"].startswith("ROLEKEY/")
    assert "role token" == values["X-Amz-Security-Token"]


async def test_the_proxy_of_the_environment_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", site.url(""))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    site.answers["s3.invalid:443"] = plain(b"", status="403 Forbidden")
    given = GivenBucket(endpoint="https://s3.invalid", name="films")
    with pytest.raises(ProcessingFailed, match="cannot be reached"):
        await BucketClient(given.location).look(_KEY)
    assert "CONNECT s3.invalid:443" in site.requests[0]


async def test_the_authorities_of_the_environment_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = make_certificates(tmp_path, ["localhost"])
    async with Site(ssl_context=certificates.for_server()) as secure:
        secure.answers[f"/films/media/of-tests/{_KEY}"] = raw(_error("404 Not Found", "NoSuchKey"))
        given = GivenBucket(endpoint=f"https://localhost:{secure.port}", name="films")
        with pytest.raises(ProcessingFailed, match="cannot be reached"):
            await BucketClient(given.location).look(_KEY)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
        with pytest.raises(MediaLost):
            await BucketClient(given.location).look(_KEY)


async def test_a_download_that_breaks_off_goes_on_where_it_was(bucket: GivenBucket, tmp_path: Path) -> None:
    content = os.urandom(300_000)
    async with BucketProxy(bucket.endpoint) as proxy:
        with open_bucket(bucket.at(proxy.url), tmp_path) as storage:
            media = await _put(storage, content)
            await storage.cache.drop(media.file)
            proxy.break_off(100_000)
            async with storage.local(media.file) as path:
                assert content == await asyncio.to_thread(path.read_bytes)
