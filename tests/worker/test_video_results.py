"""What a finished video generation leaves: a stored video, or no charge."""

from dataclasses import replace

import pytest

from bot.domain.cards import CardView
from bot.domain.errors import MediaRefused
from bot.domain.failures import FailureCategory
from bot.domain.jobs import State
from bot.domain.media import MediaKind
from bot.providers.base import GenerationState
from tests.engine.conftest import Open
from tests.engine.fake_library import Found, film
from tests.engine.house import House

FILM = "/animate a fox that runs"
ASSET = "http://api.invalid/one/1.mp4"


async def test_a_video_lies_in_the_storage_with_its_length_and_first_frame(any_house: Open) -> None:
    async with any_house(video_max_bytes=1_000, picture_max_bytes=100) as home:
        home.library.found[ASSET] = film(5_040)
        job = await home.made(FILM)

        assert job.result is not None
        assert (MediaKind.VIDEO, 5_040) == (job.result.kind, job.result.duration_ms)
        assert (1280, 720, "video/mp4") == (job.result.width, job.result.height, job.result.mime)
        assert await home.services.storage.exists(job.result.file)
        assert await home.services.storage.exists(job.result.poster)
        assert (1_000, (True, {})) == (home.library.most[ASSET], home.library.told[ASSET])
        await home.made()
        assert 100 == home.library.most["http://api.invalid/one/2"]


async def test_a_thumbnail_in_place_of_the_video_is_not_taken_for_it(any_house: Open) -> None:
    async with any_house() as home:
        home.library.found[ASSET] = Found()
        card = await home.ask(FILM)
        await home.until(lambda: home.library.fetched.count(ASSET) > 1)
        assert State.SUBMITTED is (await home.job(card)).state
        assert 0 == (await home.money())[0]

        home.library.found[ASSET] = film()
        job = await home.ends(card)
        assert State.COMPLETED is job.state
        assert job.result is not None
        assert MediaKind.VIDEO is job.result.kind


async def test_a_generation_that_names_no_file_yet_is_looked_at_again(any_house: Open) -> None:
    async with any_house() as home:
        home.provider.born = GenerationState.DREAMING
        card = await home.ask(FILM)
        job = await home.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        ready = home.provider.generations[job.remote_id]
        home.provider.generations[job.remote_id] = replace(
            ready, state=GenerationState.COMPLETED, asset_url=None
        )
        reads = home.provider.reads
        await home.until(lambda: home.provider.reads > reads + 2)
        assert State.SUBMITTED is (await home.job(card)).state
        assert [] == home.library.fetched

        home.provider.generations[job.remote_id] = replace(ready, state=GenerationState.COMPLETED)
        assert State.COMPLETED is (await home.ends(card)).state


async def test_an_asset_that_is_missing_is_asked_for_in_intervals(house: Open) -> None:
    async with house(times={"asset_retry": 60_000}) as home:
        home.library.found[ASSET] = Found()
        await home.ask(FILM)
        await home.until(lambda: home.library.fetched)
        # Others are looked at meanwhile, round by round.
        for number in range(3):
            await home.made(f"/imagine fox {number}")
        assert 1 == home.library.fetched.count(ASSET)
        home.advance(60_000)
        await home.until(lambda: home.library.fetched.count(ASSET) == 2)


async def test_a_video_that_stays_missing_is_not_paid(any_house: Open) -> None:
    async with any_house() as home:
        home.library.found[ASSET] = Found()
        card = await home.ask(FILM)
        await home.until(lambda: home.library.fetched.count(ASSET) > 1)
        home.advance(home.services.times.asset_deadline)
        await lost(home, card)


async def test_a_video_that_stays_broken_is_not_paid(any_house: Open) -> None:
    async with any_house() as home:
        home.library.errors[ASSET] = MediaRefused("This video is broken.")
        card = await home.ask(FILM)
        await home.until(lambda: home.library.fetched.count(ASSET) > 1)
        home.advance(home.services.times.asset_deadline)
        await lost(home, card)


async def lost(house: House, card: CardView) -> None:
    """The job ends without its result: unpaid, told, and the generation is removed."""
    job = await house.ends(card)
    assert State.FAILED is job.state
    assert job.failure is not None
    assert FailureCategory.ASSET_LOST is job.failure.category
    assert (0, 0) == await house.money()
    await house.until(lambda: [job.remote_id] == house.provider.deleted)
    seen = await house.shown(card, lambda view: view.settled)
    assert "not charged" in seen.jobs[0].headline


@pytest.mark.parametrize("state", [GenerationState.QUEUED, GenerationState.DREAMING])
async def test_whatever_lies_at_an_address_only_a_finished_generation_counts(
    house: Open, state: GenerationState
) -> None:
    """A running one may name a file already."""
    async with house() as home:
        home.provider.born = state
        card = await home.ask(FILM)
        job = await home.comes_to(card, State.SUBMITTED)
        reads = home.provider.reads
        await home.until(lambda: home.provider.reads > reads + 2)
        assert [] == home.library.fetched
        assert job.remote_id is not None
        home.provider.end(job.remote_id, GenerationState.COMPLETED)
        assert State.COMPLETED is (await home.ends(card)).state
