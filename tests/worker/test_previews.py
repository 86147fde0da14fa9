"""A running video's preview is shown on its card until the result replaces it."""

from dataclasses import replace

from bot.domain.cards import CardView, JobPhase
from bot.domain.errors import MediaUnavailable
from bot.domain.jobs import State
from bot.providers.base import GenerationState
from tests.engine.conftest import Open
from tests.engine.house import House

FILM = "/animate a fox that runs"
PREVIEW = "http://api.invalid/one/progress.mp4"


async def dreaming(home: House, url: str = PREVIEW) -> CardView:
    """Ask for a video whose generation gives a preview, once polls are due."""
    home.provider.born = GenerationState.DREAMING
    card = await home.ask(FILM)
    job = await home.comes_to(card, State.SUBMITTED)
    give(home, job.remote_id or "", url)
    home.advance(60_000)
    return card


def give(home: House, remote_id: str, url: str) -> None:
    generation = home.provider.generations[remote_id]
    home.provider.generations[remote_id] = replace(generation, preview_url=url)


def has_preview(view: CardView) -> bool:
    return view.jobs[0].preview is not None


async def test_the_preview_is_shown_and_gives_way_to_the_result(any_house: Open) -> None:
    async with any_house() as home:
        card = await dreaming(home)
        seen = await home.shown(card, has_preview)
        assert JobPhase.RUNNING is seen.jobs[0].phase
        assert seen.jobs[0].media is None

        job = await home.job(card)
        home.provider.end(job.remote_id or "", GenerationState.COMPLETED)
        seen = await home.shown(card, lambda view: view.jobs[0].phase is JobPhase.DONE)
        assert seen.jobs[0].preview is None
        assert seen.jobs[0].media is not None
        assert (await home.job(card)).preview is None


async def test_a_preview_that_is_the_result_itself_is_kept_as_the_result(any_house: Open) -> None:
    async with any_house() as home:
        card = await dreaming(home, "http://api.invalid/one/1.mp4")
        await home.shown(card, has_preview)
        job = await home.job(card)
        home.provider.end(job.remote_id or "", GenerationState.COMPLETED)
        result = (await home.ends(card)).result
        assert result is not None
        home.advance(home.services.times.upload_hold + home.services.times.retention_interval)
        await home.until(lambda: previews_have_expired(home))
        assert await home.services.storage.exists(result.file)


async def previews_have_expired(home: House) -> bool:
    return not await home.rows("SELECT file FROM file_reference WHERE holder LIKE 'preview:%'")


async def test_previews_of_a_job_are_fetched_now_and_then(house: Open) -> None:
    async with house() as home:
        card = await dreaming(home)
        await home.shown(card, has_preview)
        before = len(home.library.fetched)
        job = await home.job(card)
        give(home, job.remote_id or "", f"{PREVIEW}?2.mp4")
        reads = home.provider.reads + 5
        await home.until(lambda: home.provider.reads >= reads)
        assert before == len(home.library.fetched)
        home.advance(home.services.times.preview_interval)
        await home.until(lambda: len(home.library.fetched) == before + 1)


async def test_a_preview_that_cannot_be_fetched_costs_nothing_else(house: Open) -> None:
    async with house() as home:
        home.library.errors[PREVIEW] = MediaUnavailable("gone")
        card = await dreaming(home)
        await home.until(lambda: home.library.fetched or home.provider.reads > 1)
        job = await home.job(card)
        home.provider.end(job.remote_id or "", GenerationState.COMPLETED)
        assert State.COMPLETED is (await home.ends(card)).state
