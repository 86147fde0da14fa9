"""Reactions: what counts, how often, and what removing one undoes."""

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import InvalidRequest, QuotaExhausted
from bot.domain.identity import Caller
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import Job
from bot.service.replies import CardReply, PrivateReply, Reply
from bot.store.queue.jobs import find_job
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE

FILM = "/animate a fox that runs"


async def react(engine: Engine, emoji: str, job: Job, *, by: Caller = ADA, key: str = "") -> Reply | None:
    return await engine.service.react(emoji, job.id, engine.invocation(by, key=key))


async def unreact(engine: Engine, emoji: str, job: Job, *, key: str = "") -> Reply | None:
    return await engine.service.unreact(emoji, job.id, engine.invocation(key=key))


async def stars_of(engine: Engine, job: Job) -> int:
    found = await find_job(engine.services.database, job.id)
    assert found is not None
    return found.stars


async def test_a_reaction_counts_for_its_member_its_emoji_and_its_job(engine: Open) -> None:
    async with engine() as bot:
        job, other = await bot.made(), await bot.made()

        async def counts(emoji: str, on: Job, by: Caller = ADA) -> bool:
            answer = await react(bot, emoji, on, by=by)
            assert isinstance(answer, CardReply)
            return not answer.repeated

        assert await counts("🔁", job)
        assert not await counts("🔁", job)
        assert await counts("🎲", job)
        assert await counts("🔁", other)
        assert await counts("🔁", job, BOB)
        assert not await counts("🔁", job, BOB)


async def test_the_same_event_counts_once_for_ever(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        first = await react(bot, "🔁", job, key="one")
        bot.advance(2 * bot.services.times.reaction_window)
        again = await react(bot, "🔁", job, key="one")
        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (first.view.card, True) == (again.view.card, again.repeated)


async def test_a_button_counts_as_often_as_it_is_pressed(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        cards = {(await bot.press(Action.AGAIN, job.id)).view.card for _ in range(3)}
        assert 3 == len(cards)


async def test_a_reaction_that_was_refused_did_not_count(engine: Open) -> None:
    async with engine(default_allowance="0.02") as bot:
        job = await bot.made()
        with pytest.raises(QuotaExhausted):
            await react(bot, "🔁", job)
        await bot.learn("/quotas reset ada", by=BOSS)
        answer = await react(bot, "🔁", job)
        assert isinstance(answer, CardReply)
        assert not answer.repeated


@pytest.mark.parametrize("emoji", ["👍", "🧡", "1️⃣", ""])
async def test_what_means_nothing_costs_nothing_of_the_rate(engine: Open, emoji: str) -> None:
    async with engine(commands_burst=1) as bot:
        job = await bot.made()
        for _ in range(3):
            assert await react(bot, emoji, job) is None


async def test_an_emoji_is_understood_however_a_keyboard_spells_it(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        for spelled in ("✉", "✉️", "⭐", "⭐️"):
            assert isinstance(await react(bot, spelled, job), PrivateReply)


async def test_what_cannot_apply_says_so(engine: Open) -> None:
    async with engine() as bot:
        picture, film = await bot.made(), await bot.made(FILM)
        for emoji, job, told in (("🎬", film, "only on a picture"), ("⏩", picture, "only on a video")):
            with pytest.raises(InvalidRequest, match=told):
                await react(bot, emoji, job)
        with pytest.raises(InvalidRequest, match="Write the new prompt"):
            await react(bot, "✏️", picture)


async def test_nothing_can_be_done_with_what_has_not_finished(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        for action in set(Action) - {Action.DELETE}:
            with pytest.raises(InvalidRequest, match="not finished yet"):
                await bot.press(action, card.jobs[0].id)


async def test_a_star_that_comes_late_is_not_the_one_that_was_taken_back(any_engine: Open) -> None:
    """The same event twice, with another between."""
    async with any_engine() as bot:
        job = await bot.made(FILM)
        await react(bot, "⭐", job)
        await unreact(bot, "⭐", job, key="off")
        assert 0 == await stars_of(bot, job)
        await react(bot, "⭐", job)
        await unreact(bot, "⭐", job, key="off")
        assert 1 == await stars_of(bot, job)


async def test_taking_back_a_star_of_what_is_gone_is_no_mistake(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        await react(bot, "⭐", job)
        await bot.delete(job.id)
        assert await unreact(bot, "⭐", job) is None


async def test_a_letter_to_one_member_counts_once_in_a_while(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made(FILM)
        for _ in range(3):
            assert isinstance(await react(bot, "✉️", job, by=BOB), PrivateReply)
        await copies(bot, 1)
        await react(bot, "✉️", job, by=EVE)
        await copies(bot, 2)
        bot.advance(bot.services.times.reaction_window + 1)
        await react(bot, "✉️", job, by=BOB)
        await copies(bot, 3)
        await bot.press(Action.SEND, job.id, by=BOB)
        await bot.press(Action.SEND, job.id, by=BOB)
        await copies(bot, 5)


async def test_a_copy_follows_what_becomes_of_its_job(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        await bot.press(Action.SEND, job.id, by=BOB)
        (copy,) = await copies(bot, 1)
        await bot.press(Action.GALLERY, job.id)
        await bot.until(lambda: bot.chat.of(copy.card)[-1].jobs[0].stars)
        await bot.delete(job.id)
        await bot.until(lambda: len(bot.chat.removed) == 2)
        assert {job.card, copy.card} == {bot.chat.card_of[message] for message in bot.chat.removed}


async def copies(engine: Engine, many: int) -> list[CardView]:
    """Wait until all copies are shown; there are so many."""

    async def shown() -> list[CardView]:
        rows = await engine.rows("SELECT id FROM card WHERE copy_of IS NOT NULL ORDER BY id")
        views = [engine.chat.of(row["id"]) for row in rows]
        return [seen[-1] for seen in views] if views and all(views) else []

    found: list[CardView] = await engine.until(shown)
    assert many == len(found)
    return found
