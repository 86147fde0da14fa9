"""What cards show about unfinished jobs: measured on jobs of the same class, and stable."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import pytest

from bot.domain.cards.card import CardView, JobView
from bot.domain.errors import RateLimited
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.store.database.base import Row
from bot.store.database.named_sql import Query
from bot.store.queue.queue_stats import duration_stats
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import BOB

SECOND = 1_000
#: what a wait may grow by before it is told anew
SLACK = 8 * SECOND


async def takes(engine: Engine, text: str, milliseconds: int) -> None:
    """Have a generation that takes so long."""
    engine.provider.born = GenerationState.DREAMING
    card = await engine.ask(text)
    job = await engine.comes_to(card, State.SUBMITTED)
    engine.advance(milliseconds)
    assert job.remote_id is not None
    engine.provider.end(job.remote_id, GenerationState.COMPLETED)
    engine.services.database.wakeups.wake_all()
    assert State.COMPLETED is (await engine.ends(card)).state


async def test_how_long_it_takes_is_learned_by_model_resolution_and_length(engine: Open) -> None:
    async with engine(simulator_speed=1) as bot:
        await takes(bot, "/animate a fox", 80 * SECOND)
        await takes(bot, "/animate a fox --resolution 540p", 40 * SECOND)
        await takes(bot, "/animate a fox --duration 9s", 160 * SECOND)
        await takes(bot, "/animate a fox --model ray-2", 120 * SECOND)

        kinds = ("ray-flash-2/720p/5s", "ray-flash-2/540p/5s", "ray-flash-2/720p/9s", "ray-2/720p/5s")
        learned = await duration_stats(bot.services.database, [f"video/{kind}" for kind in kinds])
        took = [learned[f"video/{kind}"].p50 / SECOND for kind in kinds]
        assert pytest.approx([80, 40, 160, 120], abs=15) == took

        card = await bot.ask("/animate a fox --resolution 540p")
        seen = await bot.shown(card, lambda view: view.jobs[0].running_since is not None)
        assert 40 * SECOND <= seen.jobs[0].expected_ms < 55 * SECOND


async def test_a_burst_of_commands_asks_once_what_its_kind_takes(
    engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(start=None) as bot:
        database, asked = bot.services.database, list[str]()

        async def fetch(query: Query, /, **values: object) -> list[Row]:
            asked.append(query.name)
            return await read(query, **values)

        read = database.fetch
        monkeypatch.setattr(database, "fetch", fetch)
        for _ in range(3):
            await bot.ask()
        assert 1 == asked.count("queue_stats.latest_durations")
        await bot.ask("/imagine a fox --model photon-flash-1")
        assert 2 == asked.count("queue_stats.latest_durations"), "each kind for itself"
        bot.advance(SECOND)
        await bot.ask()
        assert 3 == asked.count("queue_stats.latest_durations")


async def test_what_takes_longer_than_95_of_100_of_its_kind_says_so(engine: Open) -> None:
    async with engine(simulator_speed=1) as bot:
        for took in (20, 20, 20, 20, 60):
            await takes(bot, "/imagine a fox", took * SECOND)
        card = await bot.ask()
        await bot.shown(card, lambda view: view.jobs[0].headline == "Dreaming")

        bot.advance(50 * SECOND)
        bot.services.wake("cards")
        await bot.looks()
        assert not any("longer than usual" in view.jobs[0].headline for view in bot.chat.of(card.card))

        bot.advance(15 * SECOND)
        seen = await bot.shown(card, lambda view: "longer than usual" in view.jobs[0].headline)
        assert "most are done in about 25 s" in seen.jobs[0].headline
        (generation,) = [one for one in bot.provider.generations.values() if one.state.value == "dreaming"]
        bot.provider.end(generation.id, GenerationState.COMPLETED)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_who_falls_back_in_the_queue_is_told_why(engine: Open) -> None:
    async with engine(start=("deliver", "progress"), simulator_speed=1) as bot:
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(3)]
        last = await bot.shown(cards[2], lambda view: view.jobs[0].position == 3)
        assert "Place 3" in last.jobs[0].headline
        await bot.ask("/imagine a bear", by=BOB)

        await bot.shown(cards[2], lambda view: view.jobs[0].position == 4)
        told = next(text for text in said(bot, cards[2]) if "Place 4 in the queue" in text)
        assert "members with fewer jobs go first" in told


async def test_a_wait_that_grows_is_told_with_its_reason_and_small_changes_not_at_all(engine: Open) -> None:
    async with engine(start=("deliver", "progress"), simulator_speed=1) as bot:
        card = await bot.ask()
        first = await bot.shown(card, lambda view: view.jobs[0].ready_at is not None)
        await bot.until(lambda: _noted(bot, card))
        bot.advance(2 * SECOND)
        for _ in range(3):
            again = await bot.service.get_card(card.card, BOB)
            assert again is not None
            assert first.jobs[0].ready_at == again.jobs[0].ready_at
        bot.advance(60 * SECOND)
        await bot.until(lambda: any("it is slower than expected" in text for text in said(bot, card)))


def said(engine: Engine, card: CardView) -> list[str]:
    """Every headline of the card's one job: a reason is given once, and may be gone with the next view."""
    return [view.jobs[0].status.line() for view in engine.chat.of(card.card)]


async def _noted(engine: Engine, card: CardView) -> bool:
    """What the message says is known to the next who says something."""
    (row,) = await engine.rows("SELECT shown_estimates FROM card WHERE id = :id", id=card.card)
    return bool(row["shown_estimates"] != "{}")


@pytest.mark.parametrize("at_once", [1, 3])
async def test_nothing_shown_gets_worse_without_a_reason(any_engine: Open, at_once: int) -> None:
    """Over the whole way of many jobs of two members through a narrow lane."""
    async with any_engine(start=("deliver", "progress"), simulator_speed=1, image_concurrent=at_once) as bot:
        cards: list[CardView] = []
        for number in range(6):
            cards.append(await bot.ask(f"/imagine fox {number}"))
            if number % 2:
                cards.append(await bot.ask(f"/imagine bear {number}", by=BOB))
            bot.advance(SECOND)
        bot.start()
        for card in cards:
            await bot.until(partial(_has_ended, bot, card))
        for card in cards:
            await bot.shown(card, lambda view: view.settled)
            check_word([view.jobs[0] for view in bot.chat.of(card.card)])


async def _has_ended(engine: Engine, card: CardView) -> bool:
    """Whether a job has ended; time passes quickly meanwhile."""
    engine.advance(SECOND // 4)
    return (await engine.job(card)).is_final


def check_word(shown: Sequence[JobView]) -> None:
    """Every view keeps the word of the one before it, or says why not."""
    for before, after in pairwise(shown):
        if after.ready_at is None or before.ready_at is None:
            continue
        fell = before.position is not None and after.position is not None and after.position > before.position
        later = after.ready_at > before.ready_at + SLACK
        assert not (fell or later) or after.delay_reason or "longer" in after.headline


async def test_who_is_in_the_queue_again_is_told_why(engine: Open) -> None:
    async with engine(simulator_speed=1) as bot:
        bot.provider.steps.append(RateLimited("slow down", retry_after_ms=60 * SECOND))
        card = await bot.ask()
        seen = await bot.shown(card, lambda view: "submitted again" in view.jobs[0].delay_reason)
        assert "Place 1 in the queue" in seen.jobs[0].headline
        bot.advance(60 * SECOND)
        await bot.comes_to(card, State.SUBMITTED)
        bot.advance(10 * SECOND)
        assert State.COMPLETED is (await bot.ends(card)).state
