"""A running video's preview is shown on its card until the result replaces it."""

from dataclasses import replace

from bot.domain.cards.card import CardView, JobPhase
from bot.domain.errors import MediaUnavailable
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from tests.engine.conftest import Open
from tests.engine.harness import Engine

FILM = "/animate a fox that runs"
PREVIEW = "http://api.invalid/one/progress.mp4"


async def dreaming(bot: Engine, url: str = PREVIEW) -> CardView:
    """Ask for a video whose generation gives a preview, once polls are due."""
    bot.provider.born = GenerationState.DREAMING
    card = await bot.ask(FILM)
    job = await bot.comes_to(card, State.SUBMITTED)
    give(bot, job.remote_id or "", url)
    bot.advance(60_000)
    return card


def give(bot: Engine, remote_id: str, url: str) -> None:
    generation = bot.provider.generations[remote_id]
    bot.provider.generations[remote_id] = replace(generation, preview_url=url)


def has_preview(view: CardView) -> bool:
    return view.jobs[0].preview is not None


async def test_the_preview_is_shown_and_gives_way_to_the_result(engine: Open) -> None:
    async with engine() as bot:
        card = await dreaming(bot)
        seen = await bot.shown(card, has_preview)
        assert JobPhase.RUNNING is seen.jobs[0].phase
        assert seen.jobs[0].media is None

        job = await bot.job(card)
        bot.provider.end(job.remote_id or "", GenerationState.COMPLETED)
        seen = await bot.shown(card, lambda view: view.jobs[0].phase is JobPhase.DONE)
        assert seen.jobs[0].preview is None
        assert seen.jobs[0].media is not None
        assert (await bot.job(card)).preview is None


async def test_a_preview_that_is_the_result_itself_is_kept_as_the_result(any_engine: Open) -> None:
    async with any_engine() as bot:
        card = await dreaming(bot, "http://api.invalid/one/1.mp4")
        await bot.shown(card, has_preview)
        job = await bot.job(card)
        bot.provider.end(job.remote_id or "", GenerationState.COMPLETED)
        result = (await bot.ends(card)).result
        assert result is not None
        bot.advance(bot.services.times.upload_hold + bot.services.times.retention_interval)
        await bot.until(lambda: previews_have_expired(bot))
        assert await bot.services.storage.exists(result.file)


async def previews_have_expired(bot: Engine) -> bool:
    return not await bot.rows("SELECT file FROM file_reference WHERE holder LIKE 'preview:%'")


async def test_previews_of_a_job_are_fetched_now_and_then(engine: Open) -> None:
    async with engine() as bot:
        card = await dreaming(bot)
        await bot.shown(card, has_preview)
        before = len(bot.library.fetched)
        job = await bot.job(card)
        give(bot, job.remote_id or "", f"{PREVIEW}?2.mp4")
        reads = bot.provider.reads + 5
        await bot.until(lambda: bot.provider.reads >= reads)
        assert before == len(bot.library.fetched)
        bot.advance(bot.services.times.preview_interval)
        await bot.until(lambda: len(bot.library.fetched) == before + 1)


async def test_a_preview_that_cannot_be_fetched_costs_nothing_else(engine: Open) -> None:
    async with engine() as bot:
        bot.library.errors[PREVIEW] = MediaUnavailable("gone")
        card = await dreaming(bot)
        await bot.until(lambda: bot.library.fetched or bot.provider.reads > 1)
        job = await bot.job(card)
        bot.provider.end(job.remote_id or "", GenerationState.COMPLETED)
        assert State.COMPLETED is (await bot.ends(card)).state
