"""`/media/{token}` for files in a bucket: redirected where people can reach it, else served through us."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from bot.media.storage.bucket import BucketStorage
from bot.settings import Switch
from tests.buckets import BucketProxy, GivenBucket, signature_of
from tests.engine.harness import Engine, open_engine
from tests.web.running_app import RunningApp
from tests.web.test_media import PNG, keep, link

MP4 = b"\0\0\0\x20ftypisom film"


@asynccontextmanager
async def _engine(
    folder: Path, given: GivenBucket, redirect: Switch
) -> AsyncIterator[tuple[Engine, httpx.AsyncClient]]:
    async with (
        open_engine(folder, start=None, media_redirect=redirect, **given.settings) as bot,
        bot.http() as http,
    ):
        yield bot, http


async def test_a_link_redirects_to_a_url_of_the_bucket_that_ends(tmp_path: Path, bucket: GivenBucket) -> None:
    async with _engine(tmp_path, bucket, Switch.ON) as (bot, http), httpx.AsyncClient(trust_env=False) as net:
        url = link(bot, await keep(bot))
        answer = await http.get(url)
        assert 302 == answer.status_code
        target = answer.headers["location"]
        assert target.startswith(f"{bucket.endpoint}/{bucket.name}/{bucket.prefix}/")
        query = dict(parse_qsl(urlsplit(target).query))
        assert ("3600", signature_of(target)) == (query["X-Amz-Expires"], query["X-Amz-Signature"])
        # A browser that comes back to the redirect finds a URL that still works.
        assert "private, max-age=600" == answer.headers["cache-control"]
        assert "no-referrer" == answer.headers["referrer-policy"]
        served = await net.get(target, headers={"Range": "bytes=8-9"})
        assert (206, b"a ") == (served.status_code, served.content)


async def test_a_link_that_has_ended_leads_nowhere(tmp_path: Path, bucket: GivenBucket) -> None:
    async with _engine(tmp_path, bucket, Switch.ON) as (bot, http):
        file = await keep(bot)
        assert 404 == (await http.get(link(bot, file, lasts=-1))).status_code
        await bot.services.storage.remove(file)
        assert 410 == (await http.get(link(bot, file))).status_code
        assert 410 == (await http.get(link(bot, file) + "/still")).status_code


@pytest.mark.parametrize("redirect", [Switch.ON, Switch.AUTO])
async def test_a_download_comes_through_us(tmp_path: Path, bucket: GivenBucket, redirect: Switch) -> None:
    """As does everything where people cannot reach the bucket, which is what http stands for."""
    async with _engine(tmp_path, bucket, redirect) as (bot, http):
        url = link(bot, await keep(bot))
        answer = await http.get(f"{url}?download" if redirect is Switch.ON else url)
        assert (200, PNG + b"a fox") == (answer.status_code, answer.content)
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "default-src 'none'; sandbox" == answer.headers["content-security-policy"]
        part = await http.get(f"{url}?download", headers={"Range": "bytes=1-3"})
        assert (206, b"PNG") == (part.status_code, part.content)


async def test_what_a_browser_might_run_is_not_redirected_to(tmp_path: Path, bucket: GivenBucket) -> None:
    """Somebody else has stored an object with a type of their own."""
    async with _engine(tmp_path, bucket, Switch.ON) as (bot, http):
        file = await keep(bot)
        storage = bot.services.storage
        assert isinstance(storage, BucketStorage)
        key = f"{file[:2]}/{file[2:4]}/{file}"
        await storage.client.put(key, PNG + b"a fox", {"Content-Type": "text/html"})
        answer = await http.get(link(bot, file))
        assert (200, "image/png") == (answer.status_code, answer.headers["content-type"])


async def test_the_head_is_answered_without_the_file(tmp_path: Path, bucket: GivenBucket) -> None:
    async with _engine(tmp_path, bucket, Switch.ON) as (bot, http):
        file = await keep(bot)
        storage = bot.services.storage
        assert isinstance(storage, BucketStorage)
        await storage.cache.drop(file)
        answer = await http.head(link(bot, file))
        assert (200, "image/png") == (answer.status_code, answer.headers["content-type"])
        assert str(len(PNG + b"a fox")) == answer.headers["content-length"]
        assert not list(storage.cache.folder.glob(f"{file}*"))


@pytest.mark.parametrize("redirect", [Switch.ON, Switch.OFF])
async def test_the_page_may_show_what_it_is_redirected_to(
    tmp_path: Path, bucket: GivenBucket, redirect: Switch
) -> None:
    async with _engine(tmp_path, bucket, redirect) as (bot, http):
        page = await http.get(link(bot, await keep(bot, MP4)) + "/view")
        sources = "'self'" if redirect is Switch.OFF else f"'self' {bucket.endpoint}"
        allowed = f"img-src {sources}; media-src {sources};"
        assert allowed in page.headers["content-security-policy"]


async def test_a_bucket_at_fault_is_not_a_file_that_is_gone(tmp_path: Path, bucket: GivenBucket) -> None:
    """The provider, who reads what a job builds on here, is to ask again."""
    async with (
        BucketProxy(bucket.endpoint) as proxy,
        _engine(tmp_path, bucket.at(proxy.url), Switch.OFF) as (bot, http),
    ):
        url = link(bot, await keep(bot))
        proxy.refuse()
        assert 503 == (await http.get(url)).status_code
        proxy.work()
        assert 200 == (await http.get(url)).status_code


@pytest.mark.parametrize("redirect", [Switch.AUTO, Switch.ON])
async def test_a_whole_bot_stores_and_builds_on_what_is_in_the_bucket(
    tmp_path: Path, bucket: GivenBucket, redirect: Switch
) -> None:
    """Pictures and videos of the simulator, which reads its inputs from us again."""
    running = RunningApp(tmp_path, media_redirect=redirect, **bucket.settings)
    async with running.running():
        view = await running.ended(await running.say("/imagine a red fox"))
        source = view.jobs[0]
        assert source.media is not None
        film = await running.ended(await running.say(f"/animate it runs --start {source.id}"))
        assert film.jobs[0].media is not None
        names = {key.rpartition("/")[2] for key in await bucket.keys()}
        media = film.jobs[0].media
        assert {source.media.file, media.file, media.poster} <= names
    assert not await asyncio.to_thread((tmp_path / "media").exists)
