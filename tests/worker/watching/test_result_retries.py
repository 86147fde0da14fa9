"""A result that could not be stored is fetched again, because it is paid at the provider."""

import asyncio
from collections import deque
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import MediaRefused, MediaUnavailable, OutcomeUnknown, ProcessingFailed
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import Job, State
from bot.providers.base import Generation
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine

BROKEN = MediaRefused("This picture is broken or not complete.")
AWAY = MediaUnavailable("The server of this URL answered with status 503.")
OURS = ProcessingFailed("The worker process has crashed.")


class _Renaming(FakeProvider):
    """Gives a generation's file another address with every look, as signed ones have."""

    async def get(self, generation_id: str) -> Generation:
        found = await super().get(generation_id)
        return replace(found, asset_url=f"{found.asset_url}?look={self.reads}")


async def is_given_up(engine: Engine, card: CardView, category: FailureCategory) -> Job:
    job = await engine.ends(card)
    assert State.FAILED is job.state
    assert job.failure is not None
    assert category is job.failure.category
    assert (0, 0) == await engine.money()
    return job


@pytest.mark.parametrize("error", [BROKEN, AWAY, OURS])
async def test_a_result_is_fetched_again_until_it_is_whole(any_engine: Open, error: Exception) -> None:
    """Half a file, a page of HTML, a full disk of ours: none of them is the end of a paid result."""
    async with any_engine() as bot:
        bot.library.setbacks["*"] = deque([error, error, error])
        card = await bot.ask()
        await bot.until(lambda: len(bot.library.fetched) > 1)
        assert State.SUBMITTED is (await bot.job(card)).state
        job = await bot.ends(card)
        assert State.COMPLETED is job.state
        assert (job.price, 0) == await bot.money()
        assert 4 <= len(bot.library.fetched)
        assert [] == bot.provider.deleted


@pytest.mark.parametrize("many", [1, 8])
async def test_every_try_asks_for_a_fresh_address(engine: Open, many: int) -> None:
    """Also where so many are in flight that they are read from the list."""
    clock = Clock()
    async with engine(clock=clock, providers=[_Renaming(clock)]) as bot:
        bot.library.errors["*"] = BROKEN
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(many)]
        await bot.until(lambda: len(bot.library.fetched) > 4 * many)
        bot.library.errors.clear()
        assert {State.COMPLETED} == {(await bot.ends(card)).state for card in cards}
        again = [url for url in bot.library.fetched if "?look=" in url]
        assert len(again) == len(set(again)), "no address was used twice"
        assert 3 * many <= len(again)


@pytest.mark.parametrize("error", [AWAY, BROKEN])
async def test_a_result_that_cannot_be_had_fails_the_job_unpaid(any_engine: Open, error: Exception) -> None:
    async with any_engine() as bot:
        bot.library.errors["*"] = error
        card = await bot.ask()
        await bot.until(lambda: len(bot.library.fetched) > 1)
        assert State.SUBMITTED is (await bot.job(card)).state
        bot.advance(300_001)
        job = await is_given_up(bot, card, FailureCategory.ASSET_LOST)
        await bot.until(lambda: bot.provider.deleted)
        assert {job.remote_id: "late"} == await bot.orphans()


async def test_a_result_that_only_we_fail_on_is_left_to_the_operator(any_engine: Open) -> None:
    """It is tried for hours; then the member has the money back, and the generation stays where it is."""
    async with any_engine(times={"orphan_retry": 25}) as bot, bot.http() as http:
        bot.library.errors["*"] = OURS
        card = await bot.ask()
        await bot.until(lambda: len(bot.library.fetched) > 1)
        for _ in range(5):
            tries = len(bot.library.fetched)
            bot.advance(3_600_000)
            await bot.until(lambda: len(bot.library.fetched) > tries)  # noqa: B023 - awaited at once
            assert State.SUBMITTED is (await bot.job(card)).state
        await bot.shown(card, lambda view: "Finished" in view.jobs[0].headline)
        bot.advance(3_600_000)

        job = await is_given_up(bot, card, FailureCategory.RESULT_UNPROCESSED)
        seen = await bot.shown(card, lambda view: view.settled)
        assert "could not process its file" in seen.jobs[0].headline
        assert "not charged" in seen.jobs[0].headline
        assert {job.remote_id: "unprocessed"} == await bot.orphans()
        remarks = (await http.get("/readyz")).json()["remarks"]
        assert any("1 results could not be processed" in remark for remark in remarks)
        # What is to be deleted is deleted, beside it.
        bot.library.errors.clear()
        other = await bot.made()
        await bot.delete(other.id)
        await bot.until(lambda: bot.provider.deleted)
        assert [other.remote_id] == bot.provider.deleted


async def test_a_result_that_we_fail_on_outlives_an_outage_of_its_provider(any_engine: Open) -> None:
    """Its deadline is no longer that of a generation, here and for whoever comes after a restart."""
    clock = Clock()
    providers = [FakeProvider(clock)]
    async with any_engine(clock=clock, providers=providers, owner="first") as bot:
        bot.library.errors["*"] = OURS
        card = await bot.ask()
        await bot.until(lambda: len(bot.library.fetched) > 1)
    async with any_engine(clock=clock, providers=providers, owner="second", start=None) as bot:
        away = OutcomeUnknown("503")
        bot.provider.get_error, bot.provider.list_error = lambda _: away, away
        bot.advance(1_800_000)
        reads = bot.provider.reads
        bot.start()
        await bot.until(lambda: bot.provider.reads > reads + 2)
        assert State.SUBMITTED is (await bot.job(card)).state
        bot.provider.get_error, bot.provider.list_error = lambda _: None, None
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_an_asset_that_is_lost_after_we_failed_on_it_is_left_to_the_operator(engine: Open) -> None:
    """Its address may have ended because we took so long."""
    async with engine() as bot:
        bot.library.setbacks["*"] = deque([OURS])
        bot.library.errors["*"] = AWAY
        card = await bot.ask()
        await bot.until(lambda: len(bot.library.fetched) > 2)
        bot.advance(300_001)
        job = await is_given_up(bot, card, FailureCategory.ASSET_LOST)
        assert {job.remote_id: "unprocessed"} == await bot.orphans()


class _LateReader(FakeProvider):
    """An account whose first answer about a generation waits for an event."""

    def __init__(self, clock: Clock, late: asyncio.Event) -> None:
        super().__init__(clock)
        self._late = late

    async def get(self, generation_id: str) -> Generation:
        generation = await super().get(generation_id)
        if self.reads == 1:
            await self._late.wait()
        return generation


async def test_a_look_that_began_before_the_result_was_stored_does_not_fetch_again(engine: Open) -> None:
    late = asyncio.Event()
    provider = _LateReader(Clock(), late)
    async with engine(providers=[provider]) as bot:
        card = await bot.ask()
        await bot.until(lambda: provider.reads)
        _, _, callback_url = provider.creates[0]
        assert callback_url is not None
        (generation,) = provider.generations
        async with bot.http() as client:
            await client.post(urlsplit(callback_url).path, json={"id": generation, "state": "completed"})
        await bot.ends(card)

        late.set()

        await bot.ends(await bot.ask("/imagine another fox"))
        assert 2 == len(bot.library.fetched)
