"""What becomes of a job whose generation has failed."""

import pytest

from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import BOSS

DREAMING, COMPLETED = GenerationState.DREAMING, GenerationState.COMPLETED


def _fail_all(engine: Engine, reason: str | None) -> None:
    for identifier in engine.provider.generations:
        engine.provider.end(identifier, GenerationState.FAILED, reason)


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("Advanced prompt moderation failed", "The prompt was refused by moderation"),
        ("Prompt contains blacklisted words", "The prompt was refused by moderation"),
        ("Frame moderation failed", "The picture was refused by moderation"),
        ("Advanced moderation failed", "The prompt or its picture was refused by moderation"),
        ("Failed to read user input frames", "The picture could not be read"),
        ("Job failed", "The generation service failed"),
        ("A reason that nobody knows", "A reason that nobody knows"),
        (None, "no reason was given"),
    ],
)
async def test_a_failed_generation_tells_why_and_is_not_charged(
    engine: Open, reason: str | None, part: str
) -> None:
    async with engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)

        _fail_all(bot, reason)

        seen = await bot.shown(card, lambda view: view.settled)
        assert part in seen.jobs[0].headline
        assert "not charged" in seen.jobs[0].headline
        assert (0, 0) == await bot.money()
        assert 1 == len(bot.provider.creates)
        assert [] == bot.provider.deleted


async def test_a_prompt_that_could_not_be_processed_is_asked_once_more(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        bot.provider.born = COMPLETED

        _fail_all(bot, "Prompt processing failed")

        job = await bot.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)
        assert "asked_once_more" in await bot.causes(card)
        assert (job.price, 0) == await bot.money()


async def test_it_is_asked_once_more_only_once(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        first = await bot.comes_to(card, State.SUBMITTED)
        _fail_all(bot, "Prompt processing failed")
        await bot.until(lambda: len(bot.provider.creates) == 2)
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE attempt = 2 AND state = 'submitted'"))

        _fail_all(bot, "Prompt processing failed")

        job = await bot.ends(card)
        assert State.FAILED is job.state
        assert first.remote_id != job.remote_id
        assert 2 == len(bot.provider.creates)
        assert (0, 0) == await bot.money()


async def test_what_is_asked_once_more_may_wait_as_long_as_any_other(engine: Open) -> None:
    async with engine(start=("submit", "watch", "recover")) as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        await bot.say("/studio pause", by=BOSS)
        _fail_all(bot, "Prompt processing failed")
        await bot.comes_to(card, State.QUEUED)
        bot.advance(3_600_000)
        bot.provider.born = COMPLETED
        await bot.say("/studio resume", by=BOSS)

        assert State.COMPLETED is (await bot.ends(card)).state
