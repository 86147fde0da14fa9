"""What the doctor finds about a bucket: it tries everything that the bot does there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.doctor.bucket import bucket_findings
from bot.media.storage.bucket_client import BucketClient
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings, Switch
from tests.buckets import BucketProxy, GivenBucket
from tests.cli.store import settings


async def _found(where: Settings) -> list[Diagnosis]:
    return [one async for one in bucket_findings(where)]


@pytest.fixture
async def proxy(bucket: GivenBucket) -> AsyncIterator[BucketProxy]:
    async with BucketProxy(bucket.endpoint) as proxy:
        yield proxy


async def test_a_bucket_that_works_is_well_and_left_empty(tmp_path: Path, bucket: GivenBucket) -> None:
    found = await _found(settings(tmp_path, **bucket.settings))
    assert [Severity.OK] * 2 == [one.level for one in found]
    assert f"media are stored in {bucket.url}" in found[-1].what
    assert "through the bot" in found[0].what
    assert [] == await bucket.keys()


async def test_links_are_tried_where_people_get_them(
    tmp_path: Path, bucket: GivenBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = settings(tmp_path, **bucket.settings, media_redirect=Switch.ON)
    assert "by links that end" in (await _found(where))[0].what

    async def elsewhere(_client: BucketClient, key: str, _lifetime: timedelta) -> str:
        return f"{bucket.endpoint}/{bucket.name}/elsewhere/{key}"

    monkeypatch.setattr(BucketClient, "sign", elsewhere)
    finding = (await _found(where))[0]
    assert Severity.FAULT is finding.level
    assert "REVERIE_MEDIA_REDIRECT=off" in finding.remedy


async def test_a_link_is_tried_past_a_proxy_that_is_not_for_the_bucket(
    tmp_path: Path, bucket: GivenBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "http://127.0.0.1:1"
    monkeypatch.setenv("HTTPS_PROXY", nowhere)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    where = settings(tmp_path, **bucket.settings, media_redirect=Switch.ON, https_proxy=nowhere)
    assert "by links that end" in (await _found(where))[0].what


async def test_a_bucket_that_refuses_is_a_fault_with_the_right_that_is_missing(
    tmp_path: Path, bucket: GivenBucket, proxy: BucketProxy
) -> None:
    proxy.refuse()
    (finding,) = await _found(settings(tmp_path, **bucket.at(proxy.url).settings))
    assert Severity.FAULT is finding.level
    assert "refuses access" in finding.what
    assert "s3:PutObject" in finding.remedy


async def test_a_bucket_that_is_not_there_is_a_fault(tmp_path: Path, bucket: GivenBucket) -> None:
    where = settings(tmp_path, **bucket.settings | {"media_url": "s3://no-such-bucket-of-ours"})
    (finding,) = await _found(where)
    assert "there is no bucket no-such-bucket-of-ours: check REVERIE_MEDIA_URL" in finding.what
    assert finding.remedy


async def test_a_folder_is_no_finding_on_one_machine_and_one_for_replicas(tmp_path: Path) -> None:
    assert [] == await _found(settings(tmp_path))
    (finding,) = await _found(settings(tmp_path, database_url="postgresql://localhost/reverie"))
    assert Severity.WARNING is finding.level
    assert "REVERIE_MEDIA_URL" in finding.remedy
