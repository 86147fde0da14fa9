"""Reactions: the same reaction of the same member counts once within its window, whatever its event."""

import asyncio

import pytest

from bot.domain.errors import QuotaExhausted
from bot.domain.money.quota import Meter
from bot.store.database.base import Database
from bot.store.queue.accept import accept
from bot.store.queue.acceptance import Acceptance, AcceptedCard
from tests.store.factories import MINUTE, NOW, acceptance, caller, count_of, member_scope, meter_of

WINDOW = 10 * MINUTE


def reaction(
    *, now: int = NOW, name: str = "ada", emoji: str = "🔁", event: str | None = None, allowance: int = 1_000
) -> Acceptance:
    who = caller(name)
    return acceptance(
        who,
        now=now,
        event=event,
        allowance=allowance,
        reaction=f"{who.member} job {emoji}",
        reaction_since=now - WINDOW,
    )


async def test_a_second_reaction_within_the_window_is_answered_with_the_first_card(store: Database) -> None:
    first = reaction()
    assert AcceptedCard(card=first.card) == await store.write(accept, first)
    again = AcceptedCard(card=first.card, repeated=True)
    assert again == await store.write(accept, reaction(now=NOW + 1))
    assert again == await store.write(accept, reaction(now=NOW + WINDOW - 1))
    assert 1 == await count_of(store, "job")
    assert Meter(reserved=10) == await meter_of(store, member_scope())


async def test_a_second_reaction_after_the_window_is_a_new_one(store: Database) -> None:
    first, second = reaction(), reaction(now=NOW + WINDOW)
    await store.write(accept, first)
    assert AcceptedCard(card=second.card) == await store.write(accept, second)
    third = reaction(now=NOW + WINDOW + 1)
    assert AcceptedCard(card=second.card, repeated=True) == await store.write(accept, third), (
        "the window begins with what was accepted last"
    )


async def test_another_member_or_emoji_is_another_reaction(store: Database) -> None:
    items = [reaction(), reaction(name="bob"), reaction(emoji="🎲"), acceptance(), acceptance()]
    answers = await asyncio.gather(*(store.write(accept, item) for item in items))
    assert [AcceptedCard(card=item.card) for item in items] == answers


async def test_of_two_reactions_in_one_batch_the_first_counts(store: Database) -> None:
    first, second = reaction(), reaction()
    answers = await asyncio.gather(*(store.write(accept, item) for item in (first, second)))
    assert [AcceptedCard(card=first.card), AcceptedCard(card=first.card, repeated=True)] == answers


async def test_each_reaction_of_a_batch_has_its_own_window(store: Database) -> None:
    earlier = [reaction(), reaction(emoji="🎲")]
    for item in earlier:
        await store.write(accept, item)
    late, soon = reaction(now=NOW + WINDOW), reaction(emoji="🎲", now=NOW + 1)
    answers = await asyncio.gather(*(store.write(accept, item) for item in (late, soon)))
    assert [AcceptedCard(card=late.card), AcceptedCard(card=earlier[1].card, repeated=True)] == answers


async def test_a_reaction_that_two_replicas_hear_counts_once(replicas: tuple[Database, Database]) -> None:
    for number in range(20):
        heard = [reaction(emoji=f"{number}", event=f"{number} {n}") for n in range(2)]
        answers = await asyncio.gather(
            *(replica.write(accept, item) for replica, item in zip(replicas, heard, strict=True))
        )
        assert [False, True] == sorted(answer.repeated for answer in answers)
    assert 20 == await count_of(replicas[0], "job")


async def test_a_refused_reaction_may_come_again(store: Database) -> None:
    with pytest.raises(QuotaExhausted):
        await store.write(accept, reaction(allowance=0))
    assert not (await store.write(accept, reaction(now=NOW + 1))).repeated


async def test_the_same_event_is_the_same_card_however_late(store: Database) -> None:
    first = reaction(event="chat:1")
    await store.write(accept, first)
    late = reaction(event="chat:1", now=NOW + 2 * WINDOW)
    assert AcceptedCard(card=first.card, repeated=True) == await store.write(accept, late)
