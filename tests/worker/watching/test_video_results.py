"""What a finished video generation leaves: a stored video, or no charge."""

from dataclasses import replace

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import MediaRefused
from bot.domain.generations.media import MediaKind
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from tests.engine.conftest import Open
from tests.engine.fake_library import Found, film
from tests.engine.harness import Engine

FILM = "/animate a fox that runs"
ASSET = "http://api.invalid/one/1.mp4"


async def test_a_video_lies_in_the_storage_with_its_length_and_first_frame(any_engine: Open) -> None:
    async with any_engine(video_max_bytes=1_000, picture_max_bytes=100) as bot:
        bot.library.found[ASSET] = film(5_040)
        job = await bot.made(FILM)

        assert job.result is not None
        assert (MediaKind.VIDEO, 5_040) == (job.result.kind, job.result.duration_ms)
        assert (1280, 720, "video/mp4") == (job.result.width, job.result.height, job.result.mime)
        assert await bot.services.storage.exists(job.result.file)
        assert await bot.services.storage.exists(job.result.poster)
        assert (1_000, (True, {})) == (bot.library.most[ASSET], bot.library.told[ASSET])
        await bot.made()
        assert 100 == bot.library.most["http://api.invalid/one/2"]


async def test_a_thumbnail_in_place_of_the_video_is_not_taken_for_it(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.library.found[ASSET] = Found()
        card = await bot.ask(FILM)
        await bot.until(lambda: bot.library.fetched.count(ASSET) > 1)
        assert State.SUBMITTED is (await bot.job(card)).state
        assert 0 == (await bot.money())[0]

        bot.library.found[ASSET] = film()
        job = await bot.ends(card)
        assert State.COMPLETED is job.state
        assert job.result is not None
        assert MediaKind.VIDEO is job.result.kind


async def test_a_generation_that_names_no_file_yet_is_looked_at_again(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask(FILM)
        job = await bot.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        ready = bot.provider.generations[job.remote_id]
        bot.provider.generations[job.remote_id] = replace(
            ready, state=GenerationState.COMPLETED, asset_url=None
        )
        reads = bot.provider.reads
        await bot.until(lambda: bot.provider.reads > reads + 2)
        assert State.SUBMITTED is (await bot.job(card)).state
        assert [] == bot.library.fetched

        bot.provider.generations[job.remote_id] = replace(ready, state=GenerationState.COMPLETED)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_an_asset_that_is_missing_is_asked_for_in_intervals(engine: Open) -> None:
    async with engine(times={"asset_retry": 60_000}) as bot:
        bot.library.found[ASSET] = Found()
        await bot.ask(FILM)
        await bot.until(lambda: bot.library.fetched)
        # Others are looked at meanwhile, round by round.
        for number in range(3):
            await bot.made(f"/imagine fox {number}")
        assert 1 == bot.library.fetched.count(ASSET)
        bot.advance(60_000)
        await bot.until(lambda: bot.library.fetched.count(ASSET) == 2)


async def test_a_video_that_stays_missing_is_not_paid(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.library.found[ASSET] = Found()
        card = await bot.ask(FILM)
        await bot.until(lambda: bot.library.fetched.count(ASSET) > 1)
        bot.advance(bot.services.times.asset_deadline)
        await lost(bot, card)


async def test_a_video_that_stays_broken_is_not_paid(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.library.errors[ASSET] = MediaRefused("This video is broken.")
        card = await bot.ask(FILM)
        await bot.until(lambda: bot.library.fetched.count(ASSET) > 1)
        bot.advance(bot.services.times.asset_deadline)
        await lost(bot, card)


async def lost(engine: Engine, card: CardView) -> None:
    """The job ends without its result: unpaid, told, and the generation is removed."""
    job = await engine.ends(card)
    assert State.FAILED is job.state
    assert job.failure is not None
    assert FailureCategory.ASSET_LOST is job.failure.category
    assert (0, 0) == await engine.money()
    await engine.until(lambda: [job.remote_id] == engine.provider.deleted)
    seen = await engine.shown(card, lambda view: view.settled)
    assert "not charged" in seen.jobs[0].headline


@pytest.mark.parametrize("state", [GenerationState.QUEUED, GenerationState.DREAMING])
async def test_whatever_lies_at_an_address_only_a_finished_generation_counts(
    engine: Open, state: GenerationState
) -> None:
    """A running one may name a file already."""
    async with engine() as bot:
        bot.provider.born = state
        card = await bot.ask(FILM)
        job = await bot.comes_to(card, State.SUBMITTED)
        reads = bot.provider.reads
        await bot.until(lambda: bot.provider.reads > reads + 2)
        assert [] == bot.library.fetched
        assert job.remote_id is not None
        bot.provider.end(job.remote_id, GenerationState.COMPLETED)
        assert State.COMPLETED is (await bot.ends(card)).state
