"""Reactions: what counts, how often, and what removing one undoes."""

import pytest

from bot.domain.actions import Action
from bot.domain.cards import CardView
from bot.domain.errors import InvalidRequest, QuotaExhausted
from bot.domain.identity import Caller
from bot.domain.jobs import Job
from bot.service.replies import CardReply, PrivateReply, Reply
from bot.store.jobs import find_job
from tests.engine.conftest import Open
from tests.engine.house import ADA, BOB, BOSS, EVE, House

FILM = "/animate a fox that runs"


async def react(house: House, emoji: str, job: Job, *, by: Caller = ADA, key: str = "") -> Reply | None:
    return await house.service.react(emoji, job.id, house.invocation(by, key=key))


async def unreact(house: House, emoji: str, job: Job, *, key: str = "") -> Reply | None:
    return await house.service.unreact(emoji, job.id, house.invocation(key=key))


async def stars_of(house: House, job: Job) -> int:
    found = await find_job(house.services.database, job.id)
    assert found is not None
    return found.stars


async def test_a_reaction_counts_for_its_member_its_emoji_and_its_job(any_house: Open) -> None:
    async with any_house() as home:
        job, other = await home.made(), await home.made()

        async def counts(emoji: str, on: Job, by: Caller = ADA) -> bool:
            answer = await react(home, emoji, on, by=by)
            assert isinstance(answer, CardReply)
            return not answer.repeated

        assert await counts("🔁", job)
        assert not await counts("🔁", job)
        assert await counts("🎲", job)
        assert await counts("🔁", other)
        assert await counts("🔁", job, BOB)
        assert not await counts("🔁", job, BOB)


async def test_the_same_event_counts_once_for_ever(any_house: Open) -> None:
    async with any_house() as home:
        job = await home.made()
        first = await react(home, "🔁", job, key="one")
        home.advance(2 * home.services.times.reaction_window)
        again = await react(home, "🔁", job, key="one")
        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (first.view.card, True) == (again.view.card, again.repeated)


async def test_a_button_counts_as_often_as_it_is_pressed(house: Open) -> None:
    async with house() as home:
        job = await home.made()
        cards = {(await home.press(Action.AGAIN, job.id)).view.card for _ in range(3)}
        assert 3 == len(cards)


async def test_a_reaction_that_was_refused_did_not_count(any_house: Open) -> None:
    async with any_house(default_allowance="0.02") as home:
        job = await home.made()
        with pytest.raises(QuotaExhausted):
            await react(home, "🔁", job)
        await home.learn("/quotas reset ada", by=BOSS)
        answer = await react(home, "🔁", job)
        assert isinstance(answer, CardReply)
        assert not answer.repeated


@pytest.mark.parametrize("emoji", ["👍", "🧡", "1️⃣", ""])
async def test_what_means_nothing_costs_nothing_of_the_rate(house: Open, emoji: str) -> None:
    async with house(commands_burst=1) as home:
        job = await home.made()
        for _ in range(3):
            assert await react(home, emoji, job) is None


async def test_an_emoji_is_understood_however_a_keyboard_spells_it(house: Open) -> None:
    async with house() as home:
        job = await home.made()
        for spelled in ("✉", "✉️", "⭐", "⭐️"):
            assert isinstance(await react(home, spelled, job), PrivateReply)


async def test_what_cannot_apply_says_so(house: Open) -> None:
    async with house() as home:
        picture, film = await home.made(), await home.made(FILM)
        for emoji, job, told in (("🎬", film, "only on a picture"), ("⏩", picture, "only on a video")):
            with pytest.raises(InvalidRequest, match=told):
                await react(home, emoji, job)
        with pytest.raises(InvalidRequest, match="Write the new prompt"):
            await react(home, "✏️", picture)


async def test_nothing_can_be_done_with_what_has_not_finished(house: Open) -> None:
    async with house(start=None) as home:
        card = await home.ask()
        for action in set(Action) - {Action.DELETE}:
            with pytest.raises(InvalidRequest, match="not finished yet"):
                await home.press(action, card.jobs[0].id)


async def test_a_star_that_comes_late_is_not_the_one_that_was_taken_back(any_house: Open) -> None:
    """The same event twice, with another between."""
    async with any_house() as home:
        job = await home.made(FILM)
        await react(home, "⭐", job)
        await unreact(home, "⭐", job, key="off")
        assert 0 == await stars_of(home, job)
        await react(home, "⭐", job)
        await unreact(home, "⭐", job, key="off")
        assert 1 == await stars_of(home, job)


async def test_taking_back_a_star_of_what_is_gone_is_no_mistake(house: Open) -> None:
    async with house() as home:
        job = await home.made()
        await react(home, "⭐", job)
        await home.delete(job.id)
        assert await unreact(home, "⭐", job) is None


async def test_a_letter_to_one_member_counts_once_in_a_while(any_house: Open) -> None:
    async with any_house() as home:
        job = await home.made(FILM)
        for _ in range(3):
            assert isinstance(await react(home, "✉️", job, by=BOB), PrivateReply)
        await copies(home, 1)
        await react(home, "✉️", job, by=EVE)
        await copies(home, 2)
        home.advance(home.services.times.reaction_window + 1)
        await react(home, "✉️", job, by=BOB)
        await copies(home, 3)
        await home.press(Action.SEND, job.id, by=BOB)
        await home.press(Action.SEND, job.id, by=BOB)
        await copies(home, 5)


async def test_a_copy_follows_what_becomes_of_its_job(any_house: Open) -> None:
    async with any_house() as home:
        job = await home.made()
        await home.press(Action.SEND, job.id, by=BOB)
        (copy,) = await copies(home, 1)
        await home.press(Action.GALLERY, job.id)
        await home.until(lambda: home.chat.of(copy.card)[-1].jobs[0].stars)
        await home.delete(job.id)
        await home.until(lambda: len(home.chat.removed) == 2)
        assert {job.card, copy.card} == {home.chat.card_of[message] for message in home.chat.removed}


async def copies(house: House, many: int) -> list[CardView]:
    """Wait until all copies are shown; there are so many."""

    async def shown() -> list[CardView]:
        rows = await house.rows("SELECT id FROM card WHERE copy_of IS NOT NULL ORDER BY id")
        views = [house.chat.of(row["id"]) for row in rows]
        return [seen[-1] for seen in views] if views and all(views) else []

    found: list[CardView] = await house.until(shown)
    assert many == len(found)
    return found
