"""Stars: added and removed once per event."""

import asyncio

from bot.domain.cards.card import Card
from bot.store.database.base import Database
from bot.store.queue.cards import find_card
from bot.store.queue.jobs import toggle_star
from tests.store.factories import NOW, SEAL, Walk, completed, open_account


async def star(walk: Walk, event: str, *, member: str = "ada", on: bool | None = None) -> bool:
    job = await walk.now_at()
    return await walk.database.transact(
        toggle_star, job.id, card=job.card, member=member, event=event, now=NOW, on=on
    )


async def card_of(walk: Walk) -> Card:
    found = await find_card(walk.database, (await walk.now_at()).card, SEAL)
    assert found is not None
    return found


async def test_a_star_is_put_and_taken_and_an_event_counts_once(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    before = (await card_of(walk)).wanted_rev
    assert [True, True, True] == [
        await star(walk, "1"),
        await star(walk, "1"),
        await star(walk, "2", member="b"),
    ]
    assert 2 == (await walk.now_at()).stars
    assert not await star(walk, "3")
    assert 1 == (await walk.now_at()).stars
    assert before + 3 == (await card_of(walk)).wanted_rev, "one for each change"


async def test_a_repeated_event_is_told_what_holds_now(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    assert await star(walk, "1")
    assert not await star(walk, "2")
    assert [False, False] == [await star(walk, "1"), await star(walk, "2")]
    assert 0 == (await walk.now_at()).stars


async def test_a_star_that_is_asked_for_is_there_and_one_that_is_taken_back_is_not(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    before = (await card_of(walk)).wanted_rev
    answers = [await star(walk, f"{n}", on=on) for n, on in enumerate((False, True, True, False, False))]
    assert [False, True, True, False, False] == answers
    assert before + 2 == (await card_of(walk)).wanted_rev, "what changed nothing is not shown again"


async def test_stars_of_one_batch_are_counted_in_the_order_in_which_they_came(store: Database) -> None:
    await open_account(store)
    first, second = [await (await completed(store)).now_at() for _ in range(2)]
    came = ((second, "1"), (first, "2"), (first, "3"), (first, "2"), (first, "4"))
    answers = await asyncio.gather(
        *(
            store.transact(toggle_star, job.id, card=job.card, member="ada", now=NOW, event=event)
            for job, event in came
        )
    )
    assert [True, True, False, False, True] == answers
