"""The life of a job in which nothing goes wrong."""

from pathlib import Path

from bot.domain.cards.card import JobPhase
from bot.domain.jobs.job import State
from tests.engine.conftest import Open
from tests.engine.harness import open_engine
from tests.store.database.fake_pooler import FakePooler


async def test_a_prompt_becomes_one_message_with_its_picture_charged_once(any_engine: Open) -> None:
    async with any_engine() as engine:
        card = await engine.ask("/imagine a red fox --ar 1:1")

        job = await engine.ends(card)

        assert State.COMPLETED is job.state
        seen = await engine.shown(card, lambda view: view.settled)
        assert JobPhase.DONE is seen.jobs[0].phase
        assert seen.jobs[0].media == job.result
        assert (job.price, 0) == await engine.money()
        assert 1 == engine.chat.posts
        assert ["accepted", "claimed", "submitted", "completed"] == await engine.causes(card)


async def test_jobs_are_made_through_a_pooler(tmp_path: Path, migrated_postgres_url: str) -> None:
    """On PostgreSQL behind a pooler that gives each transaction another session."""
    async with (
        FakePooler(migrated_postgres_url).listening(tmp_path) as url,
        open_engine(tmp_path / "data", url) as bot,
    ):
        cards = [await bot.ask() for _ in range(5)]
        assert [State.COMPLETED] * 5 == [(await bot.ends(card)).state for card in cards]
        for card in cards:
            await bot.shown(card, lambda view: view.settled)
