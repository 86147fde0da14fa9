"""Jobs whose media are in a bucket: charged once they are there, and tried again while it is at fault."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest

from bot.domain.errors import MediaUnavailable
from bot.domain.generations.media import Reference
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.jobs.file_reservations import DatabaseReservations
from bot.jobs.media import remove_unreferenced
from bot.settings import Switch
from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.file_refs import files_in_use, release_files
from bot.timing import Timing
from bot.worker.upkeep.media_budget import MediaBudget
from bot.worker.upkeep.retention import expire_uploads, remove_unreferenced_files
from tests.buckets import BucketProxy, GivenBucket
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG
from tests.engine.fakes import Clock, FakeProvider
from tests.patience import PATIENCE_S
from tests.worker.upkeep.test_media_budget import LOOPS, SIZE, kept, made, sized

FILE = "ab" * 32


@pytest.fixture
async def proxy(bucket: GivenBucket) -> AsyncIterator[BucketProxy]:
    async with BucketProxy(bucket.endpoint) as proxy:
        yield proxy


async def test_a_result_is_in_the_bucket_before_it_is_charged(engine: Open, bucket: GivenBucket) -> None:
    async with engine(**bucket.settings) as bot:
        job = await bot.made("/animate a fox that runs")
        assert job.result is not None
        name = job.result.file
        folder = f"{name[:2]}/{name[2:4]}"
        assert [f"{folder}/{name}", f"{folder}/{name}.still"] == sorted(await bucket.keys())
        assert (job.price, 0) == await bot.money()

        async def only_the_job_refers_to_it() -> bool:
            held = await bot.rows("SELECT holder FROM file_reference WHERE file = :file", file=name)
            return [job.id] == [row["holder"] for row in held]

        await bot.until(only_the_job_refers_to_it)


async def test_deleting_a_job_removes_its_files_from_the_bucket(engine: Open, bucket: GivenBucket) -> None:
    async with engine(**bucket.settings) as bot:
        job = await bot.made("/animate a fox that runs")
        assert job.result is not None
        await bot.services.database.transact(release_files, [job.id])
        await remove_unreferenced(bot.services, [job.result.file])
        assert [] == await bucket.keys()


async def test_a_file_that_a_killed_process_has_stored_is_removed_later(
    any_engine: Open, bucket: GivenBucket
) -> None:
    async with any_engine(start=None, **bucket.settings) as bot:
        storage = bot.services.storage
        # As after a kill: nothing is released.
        keeping = storage.reservations.keeping()
        await keeping.__aenter__()
        media = await storage.put(PNG, mime="image/png", width=1, height=1)
        await remove_unreferenced(bot.services, [media.file])
        await expire_uploads(bot.services)
        assert await storage.exists(media.file)
        bot.advance(3_600_001)
        await expire_uploads(bot.services)
        assert not await storage.exists(media.file)
        await keeping.__aexit__(None, None, None)


async def test_files_that_nothing_refers_to_are_found_by_listing_the_bucket(
    engine: Open, bucket: GivenBucket
) -> None:
    async with engine(**bucket.settings) as bot:
        job = await bot.made()
        await bot.services.storage.put(PNG + b"stray", mime="image/png", width=1, height=1)
        bot.clock.wall_ahead += 10**14
        await remove_unreferenced_files(bot.services)
        assert job.result is not None
        assert [job.result.file] == [key.rpartition("/")[2] for key in await bucket.keys()]


async def test_two_processes_do_not_store_and_remove_one_file_at_once(migrated_url: str) -> None:
    clock = Clock()
    async with connect(migrated_url) as database:
        one = DatabaseReservations(database, "one", clock.wall)
        other = DatabaseReservations(database, "other", clock.wall)
        async with other.alone([FILE, "cd" * 32]) as free:
            assert [FILE, "cd" * 32] == free
            async with one.alone([FILE]) as mine:
                assert [] == mine, "only one removes it"
            storing = asyncio.create_task(_store(one))
            await _until_referenced(database)
            assert not storing.done()
        await storing


async def _store(reservations: DatabaseReservations) -> None:
    async with reservations.reserved(FILE):
        pass


async def _until_referenced(database: Database) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await files_in_use(database, [FILE]):  # noqa: ASYNC110 - another task commits it
            await asyncio.sleep(0.01)


async def test_a_removal_that_takes_too_long_ends_before_its_lease(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.file_reservations._REMOVED_BY_S", 0.05)
    async with connect(migrated_url) as database:
        reservations = DatabaseReservations(database, "one", Clock().wall)
        with pytest.raises(MediaUnavailable, match="too long"):
            async with reservations.alone([FILE]):
                await asyncio.Event().wait()
        async with reservations.alone([FILE]) as free:
            assert [FILE] == free


async def test_results_wait_while_the_bucket_refuses(
    engine: Open, bucket: GivenBucket, proxy: BucketProxy
) -> None:
    async with engine(**bucket.at(proxy.url).settings) as bot, bot.http() as http:
        proxy.refuse()
        card = await bot.ask()
        await bot.until(lambda: len(bot.library.fetched) > 2)
        assert State.SUBMITTED is (await bot.job(card)).state
        (told,) = [one for one in (await http.get("/readyz")).json()["reasons"] if "Media" in one]
        assert "refuses access: check the bucket's policy" in told
        proxy.work()
        job = await bot.ends(card)
        assert State.COMPLETED is job.state
        assert (job.price, 0) == await bot.money()
        assert 1 == len(await bucket.keys())
        bot.services.storage.client._check_again_s = 0  # type: ignore[attr-defined]
        assert not [one for one in (await http.get("/readyz")).json()["reasons"] if "Media" in one]


async def test_a_lost_input_fails_its_job_with_the_reason(engine: Open, bucket: GivenBucket) -> None:
    async with engine(start=("submit", "watch", "deliver"), **bucket.settings) as bot:
        file = Reference.of(await bot.upload(PNG + b"mine"))
        card = await bot.ask("/animate it runs", files=(file,))
        assert file.file is not None
        await bot.services.storage.remove(file.file.file)
        bot.start("prepare")
        job = await bot.ends(card)
        assert job.failure is not None
        assert FailureCategory.INPUT_REFUSED is job.failure.category
        assert "no longer stored" in (job.failure.reason or "")


class _Luma(FakeProvider):
    """A provider outside of this process."""

    name = "luma"


async def test_a_provider_reads_from_the_bucket_though_it_cannot_reach_us(
    engine: Open, bucket: GivenBucket
) -> None:
    clock = Clock()
    money = {"default_ceiling": Decimal(100), "default_allowance": Decimal(100)}
    more = {"provider": ("luma",), "media_redirect": Switch.ON, **money}
    async with engine(clock=clock, providers=[_Luma(clock)], **bucket.settings, **more) as bot:
        assert "luma" not in bot.services.facing_urls
        file = Reference.of(await bot.upload(PNG + b"mine"))
        await bot.made("/animate it runs", files=(file,))
        sent = bot.provider.creates[-1][1][file.key]
        assert str(sent).startswith(f"{bucket.endpoint}/{bucket.name}/")
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(str(sent))
        assert (PNG + b"mine", "image/png") == (answer.content, answer.headers["content-type"])


async def test_the_oldest_results_leave_a_bucket_until_the_budget_holds(
    engine: Open, bucket: GivenBucket
) -> None:
    async with engine(start=LOOPS, media_max_bytes=int(2.5 * SIZE), **bucket.settings) as bot:
        sized(bot)
        jobs = [await made(bot) for _ in range(4)]
        await MediaBudget(bot.services).check()
        assert [False, False, True, True] == await kept(bot, *jobs)
        assert 2 == len(await bucket.keys())


async def test_a_full_disk_removes_nothing_from_a_bucket(engine: Open, bucket: GivenBucket) -> None:
    """That would make no room on it."""
    limits = {"media_max_bytes": 1 << 60, "min_free_bytes": 1 << 60}
    async with engine(start=LOOPS, **limits, **bucket.settings) as bot:
        sized(bot)
        job = await made(bot)
        await MediaBudget(bot.services).check()
        assert [True] == await kept(bot, job)


async def test_a_whole_bucket_is_listed_less_often_than_a_folder(engine: Open, bucket: GivenBucket) -> None:
    async with engine(start=None) as bot:
        assert bot.services.times.retention_interval == bot.services.media_scan_interval
    async with engine(start=None, **bucket.settings) as bot:
        assert bot.services.times.bucket_scan_interval == bot.services.media_scan_interval
        assert 21_600_000 == Timing().bucket_scan_interval
