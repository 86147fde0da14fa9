"""The life of a job in which nothing goes wrong."""

from pathlib import Path

from bot.domain.cards import JobPhase
from bot.domain.jobs import State
from tests.engine.conftest import Open
from tests.engine.house import open_house
from tests.store.fake_pooler import FakePooler


async def test_a_prompt_becomes_one_message_with_its_picture_charged_once(any_house: Open) -> None:
    async with any_house() as house:
        card = await house.ask("/imagine a red fox --ar 1:1")

        job = await house.ends(card)

        assert State.COMPLETED is job.state
        seen = await house.shown(card, lambda view: view.settled)
        assert JobPhase.DONE is seen.jobs[0].phase
        assert seen.jobs[0].media == job.result
        assert (job.price, 0) == await house.money()
        assert 1 == house.chat.posts
        assert ["accepted", "claimed", "submitted", "completed"] == await house.causes(card)


async def test_jobs_are_made_through_a_pooler(tmp_path: Path, migrated_postgres_url: str) -> None:
    """On PostgreSQL behind a pooler that gives each transaction another session."""
    async with (
        FakePooler(migrated_postgres_url).listening(tmp_path) as url,
        open_house(tmp_path / "data", url) as home,
    ):
        cards = [await home.ask() for _ in range(5)]
        assert [State.COMPLETED] * 5 == [(await home.ends(card)).state for card in cards]
        for card in cards:
            await home.shown(card, lambda view: view.settled)
