"""The whole way of a job on PostgreSQL behind a pooler that hands each transaction another session."""

from pathlib import Path

from bot.domain.jobs import State
from tests.engine.house import open_house
from tests.store.fake_pooler import FakePooler


async def test_jobs_are_made_through_a_pooler(tmp_path: Path, migrated_postgres_url: str) -> None:
    async with (
        FakePooler(migrated_postgres_url).listening(tmp_path) as url,
        open_house(tmp_path / "data", url) as home,
    ):
        cards = [await home.ask() for _ in range(5)]
        assert [State.COMPLETED] * 5 == [(await home.ends(card)).state for card in cards]
        for card in cards:
            await home.shown(card, lambda view: view.settled)
