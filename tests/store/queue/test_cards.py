"""Cards: one publisher at a time, no older revision over a newer one, results before progress."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.cards.card import Card
from bot.domain.generations.estimates import ShownEstimate
from bot.domain.jobs.job import State
from bot.store.database.base import ConstraintViolated, Database
from bot.store.database.named_sql import Query
from bot.store.queue.accept import accept
from bot.store.queue.cards import (
    CardLeaseRequest,
    ShownOutcome,
    ShownRevision,
    cards_in_progress,
    clear_posting,
    find_card,
    lease_cards,
    mark_undeliverable,
    postpone_card,
    record_posting,
    record_shown,
    request_progress,
    show_card_again,
)
from bot.store.queue.transition import Transition, transition
from tests.store.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SEAL,
    SECOND,
    Walk,
    acceptance,
    accepted,
    claim_next,
    completed,
    open_account,
    submitted,
)

LEASE = 30 * SECOND


def wanted(
    owner: str = "one", *, now: int = NOW, count: int = 100, adapters: tuple[str, ...] = ("chat",)
) -> CardLeaseRequest:
    return CardLeaseRequest(
        owner=owner,
        adapters=adapters,
        now=now,
        lease_until=now + LEASE,
        max_count=count,
        cipher=SEAL,
        retry_unreadable_at=NOW + HOUR,
        undeliverable_before=NOW - DAY,
    )


def shown(card: Card, *, owner: str = "one", rev: int | None = None, run_at: int = NOW) -> ShownRevision:
    return ShownRevision(
        card=card.id,
        owner=owner,
        rev=card.wanted_rev if rev is None else rev,
        digest=f"digest {rev}",
        message="message",
        run_at=run_at,
    )


async def lease(database: Database, owner: str = "one", *, now: int = NOW) -> list[Card]:
    cards: list[Card] = await database.write(lease_cards, wanted(owner, now=now))
    return cards


async def show_all(database: Database, *, now: int = NOW) -> None:
    for card in await lease(database, now=now):
        assert await database.write(record_shown, shown(card, run_at=now)) is ShownOutcome.UP_TO_DATE


async def look_again(database: Database, *, now: int = NOW, count: int = 10, each: int = 10) -> int:
    """Want progress of what has not ended; answers of how many cards."""
    cards = await cards_in_progress(database, now=now, count=count, each=each)
    return await database.transact(request_progress, cards, now=now)


async def card_of(database: Database, card: str) -> Card:
    found = await find_card(database, card, SEAL)
    assert found is not None
    return found


async def test_a_card_is_leased_to_one_at_a_time_until_the_lease_ends(store: Database) -> None:
    await store.write(accept, acceptance(reach="token"))
    (card,) = await lease(store)
    assert "token" == card.place.reply_token
    assert [] == await lease(store, "other", now=NOW + LEASE)
    assert [card] == await lease(store, "other", now=NOW + LEASE + 1)


async def test_two_replicas_lease_each_card_once(replicas: tuple[Database, Database]) -> None:
    await asyncio.gather(*(replicas[0].write(accept, acceptance()) for _ in range(100)))
    answers = await asyncio.gather(
        *(
            replica.write(lease_cards, wanted(f"{n}", count=7))
            for _ in range(9)
            for n, replica in enumerate(replicas)
        )
    )
    leased = [card.id for answer in answers for card in answer]
    assert len(leased) == len(set(leased))
    assert 100 == len(leased) + len(await lease(replicas[0]))


async def test_cards_go_to_who_can_show_them_the_longest_due_first(store: Database) -> None:
    items = [acceptance(now=NOW + n) for n in (3, 1, 2)]
    for item in items:
        await store.write(accept, item)
    assert [] == await store.write(lease_cards, wanted(adapters=("elsewhere",)))
    assert [] == await store.write(lease_cards, wanted(adapters=()))
    (first,) = await store.write(lease_cards, wanted(now=NOW + 9, count=1))
    assert items[1].card == first.id
    (next_one,) = await store.write(lease_cards, wanted("other", now=NOW + 9, count=1))
    assert items[2].card == next_one.id, "who is busy with one card does not hold up the others"


async def test_an_inlet_that_answers_by_itself_has_the_card_for_its_time(store: Database) -> None:
    await store.write(accept, acceptance(lease_owner="one"))
    assert [] == await lease(store, "other", now=NOW + 3 * SECOND)
    (card,) = await lease(store, "other", now=NOW + 3 * SECOND + 1)
    assert NOW == card.posting_since, "it may have posted before it could say so"


async def test_what_is_shown_is_noted_and_the_card_is_free(store: Database) -> None:
    await store.write(accept, acceptance())
    (card,) = await lease(store)
    assert await store.transact(record_posting, card.id, owner="one", now=NOW + 1)
    assert await store.transact(record_posting, card.id, owner="one", now=NOW + 2)
    assert NOW + 1 == (await card_of(store, card.id)).posting_since
    await store.transact(clear_posting, card.id, owner="other")
    assert NOW + 1 == (await card_of(store, card.id)).posting_since, "only its holder knows"
    await store.transact(clear_posting, card.id, owner="one")
    assert (await card_of(store, card.id)).posting_since is None
    assert await store.transact(record_posting, card.id, owner="one", now=NOW + 3)
    assert await store.write(record_shown, shown(card)) is ShownOutcome.UP_TO_DATE
    noted = await card_of(store, card.id)
    assert (1, "message", None) == (noted.shown_rev, noted.place.message, noted.posting_since)
    assert [] == await lease(store)
    await store.transact(show_card_again, card.id, now=NOW)
    assert [card.id] == [one.id for one in await lease(store, "other")]


async def test_what_a_message_said_is_kept_with_what_was_shown(store: Database) -> None:
    await store.write(accept, acceptance())
    (card,) = await lease(store)
    assert {} == card.shown_estimates
    said = {
        "job": ShownEstimate(position=3, ready_at=NOW + MINUTE),
        "other": ShownEstimate(position=None, ready_at=NOW),
    }
    assert (
        await store.write(record_shown, replace(shown(card), shown_estimates=said)) is ShownOutcome.UP_TO_DATE
    )
    assert said == (await card_of(store, card.id)).shown_estimates
    await store.transact(show_card_again, card.id, now=NOW)
    (card,) = await lease(store)
    assert said == card.shown_estimates
    assert (
        await store.write(record_shown, replace(shown(card, rev=1), shown_estimates={}))
        is ShownOutcome.BEHIND
    )
    assert said == (await card_of(store, card.id)).shown_estimates, "an older revision says nothing any more"
    (card,) = await lease(store)
    assert await store.write(record_shown, shown(card)) is ShownOutcome.UP_TO_DATE
    assert {} == (await card_of(store, card.id)).shown_estimates


async def test_only_the_holder_notes_anything(store: Database) -> None:
    await store.write(accept, acceptance())
    (card,) = await lease(store)
    before = await card_of(store, card.id)
    assert await store.write(record_shown, shown(card, owner="other")) is ShownOutcome.LOST
    assert not await store.transact(record_posting, card.id, owner="other", now=NOW)
    await store.transact(postpone_card, card.id, owner="other", run_at=NOW + MINUTE)
    await store.transact(mark_undeliverable, card.id, owner="other", reason="none")
    assert before == await card_of(store, card.id)
    assert await store.write(record_shown, shown(card)) is ShownOutcome.UP_TO_DATE
    assert await store.write(record_shown, shown(card)) is ShownOutcome.LOST, "its lease ended with the note"


async def test_an_older_revision_never_takes_the_place_of_a_newer_one(store: Database) -> None:
    await store.write(accept, acceptance())
    (card,) = await lease(store)
    for _ in range(3):
        await store.transact(show_card_again, card.id, now=NOW)
    assert await store.write(record_shown, shown(card, rev=3)) is ShownOutcome.BEHIND
    (card,) = await lease(store)
    assert await store.write(record_shown, shown(card, rev=2)) is ShownOutcome.BEHIND
    noted = await card_of(store, card.id)
    assert (3, "digest 3") == (noted.shown_rev, noted.shown_digest)
    (card,) = await lease(store)
    both = await asyncio.gather(*(store.write(record_shown, shown(card, rev=rev)) for rev in (4, 2)))
    assert [ShownOutcome.UP_TO_DATE, ShownOutcome.UP_TO_DATE] == both
    assert 4 == (await card_of(store, card.id)).shown_rev


async def test_nobody_sees_a_revision_that_was_never_asked_for(store: Database) -> None:
    await store.write(accept, acceptance())
    (card,) = await lease(store)
    with pytest.raises(ConstraintViolated):
        await store.write(record_shown, shown(card, rev=2))


async def test_a_result_is_due_at_once_while_progress_waits(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    for card in await lease(store):
        await store.write(record_shown, shown(card, run_at=NOW + 3 * SECOND))
    await walk.move(State.QUEUED)
    assert [] == await lease(store, now=NOW + SECOND)
    await walk.move(State.FAILED, now=NOW + SECOND)
    assert 1 == len(await lease(store, now=NOW + SECOND))


async def test_a_result_that_comes_while_progress_is_shown_does_not_wait(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    (card,) = await lease(store)
    await walk.move(State.COMPLETED, now=NOW + SECOND)
    await store.write(record_shown, shown(card, run_at=NOW + 4 * SECOND))
    assert 1 == len(await lease(store, now=NOW + SECOND))


async def test_a_card_that_is_put_off_comes_back_at_its_time(store: Database) -> None:
    await store.write(accept, acceptance())
    for tries in (0, 1):
        (card,) = await lease(store, now=NOW + tries * MINUTE)
        assert tries == card.tries
        await store.transact(postpone_card, card.id, owner="one", run_at=NOW + (tries + 1) * MINUTE)
        assert [] == await lease(store, now=NOW + (tries + 1) * MINUTE - 1)
    (card,) = await lease(store, now=NOW + 2 * MINUTE)
    await store.write(record_shown, shown(card))
    assert 0 == (await card_of(store, card.id)).tries


async def test_a_platform_that_asks_to_wait_is_obeyed_though_more_has_come(store: Database) -> None:
    await store.write(accept, acceptance())
    (card,) = await lease(store)
    await store.transact(show_card_again, card.id, now=NOW)
    await store.transact(postpone_card, card.id, owner="one", run_at=NOW + MINUTE)
    assert [] == await lease(store, now=NOW + MINUTE - 1)


async def test_a_card_that_cannot_be_shown_is_never_tried_again(store: Database) -> None:
    job = await accepted(store)
    (card,) = await lease(store)
    await store.transact(mark_undeliverable, card.id, owner="one", reason="the channel is gone")
    await Walk(database=store, job=job).move(State.CANCELLED)
    assert [] == await lease(store, now=NOW + MINUTE)
    assert 0 == await look_again(store, now=NOW + MINUTE)


async def test_progress_is_wanted_of_what_has_not_ended_and_is_shown(store: Database) -> None:
    await open_account(store)
    done = await completed(store)
    running = await submitted(store)
    waiting = Walk(database=store, job=await accepted(store))
    await show_all(store)
    hidden = await accepted(store)
    assert 2 == await look_again(store)
    cards = {card.id for card in await lease(store)}
    expected = {(await walk.now_at()).card for walk in (running, waiting)}
    assert expected | {(await Walk(database=store, job=hidden).now_at()).card} == cards
    assert (await done.now_at()).card not in cards


async def test_progress_is_wanted_once_until_it_is_shown(store: Database) -> None:
    await store.write(accept, acceptance(jobs=4))
    await show_all(store)
    assert [1, 0] == [await look_again(store, now=NOW + n) for n in (0, 1)]


async def test_two_processes_that_have_seen_the_same_want_progress_once(store: Database) -> None:
    await store.write(accept, acceptance())
    await show_all(store)
    cards = await cards_in_progress(store, now=NOW, count=10, each=10)
    assert [1, 0] == [await store.transact(request_progress, cards, now=NOW) for _ in range(2)]


async def test_progress_waits_for_the_card_s_next_turn(store: Database) -> None:
    await store.write(accept, acceptance())
    (card,) = await lease(store)
    await store.write(record_shown, shown(card, run_at=NOW + 3 * SECOND))
    assert 0 == await look_again(store, now=NOW + 3 * SECOND - 1)
    assert 1 == await look_again(store, now=NOW + 3 * SECOND)


async def test_of_many_waiting_cards_a_few_are_looked_at_in_turn_and_what_runs_first(store: Database) -> None:
    await open_account(store)
    items = [acceptance() for _ in range(7)]
    for item in items:
        await store.write(accept, item)
    await show_all(store)
    running = items[0]
    assert [running.jobs[0].id] == await claim_next(store)
    await show_all(store)
    seen = []
    for n in range(1, 4):
        now = NOW + n * SECOND
        assert 3 == await look_again(store, now=now, count=3)
        seen += [card.id for card in await lease(store, now=now)]
        for card in seen[-3:]:
            await store.write(record_shown, shown(await card_of(store, card), run_at=now))
    assert 3 == seen.count(running.card)
    assert {item.card for item in items} == set(seen)


async def test_a_busy_channel_has_a_few_of_its_cards_looked_at_of_each_kind(store: Database) -> None:
    await open_account(store)
    running = [acceptance() for _ in range(4)]
    waiting = [acceptance() for _ in range(4)]
    elsewhere = acceptance()
    elsewhere = replace(elsewhere, place=replace(elsewhere.place, channel="elsewhere"))
    for item in (*running, *waiting, elsewhere):
        await store.write(accept, item)
    assert 4 == len(await claim_next(store, most=4))
    await show_all(store)
    assert 5 == await look_again(store, each=2)
    seen = {card.id for card in await lease(store)}
    assert elsewhere.card in seen
    assert [2, 2] == [len(seen & {item.card for item in items}) for items in (running, waiting)]


async def test_transitions_and_deliveries_of_the_same_cards_do_not_deadlock(
    replicas: tuple[Database, Database],
) -> None:
    """Both change sets of cards; each locks them in the order of their ids."""
    items = [acceptance() for _ in range(60)]
    await asyncio.gather(*(replicas[0].write(accept, item) for item in items))
    cards = await lease(replicas[0])
    waits = Query("deadlocks", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    before = await replicas[0].one(waits)
    await asyncio.gather(
        *(replicas[0].write(record_shown, shown(card)) for card in reversed(cards)),
        *(
            replicas[1].write(
                transition,
                Transition(
                    job=item.jobs[0].id,
                    before=State.QUEUED,
                    attempt=0,
                    after=State.CANCELLED,
                    now=NOW,
                    cause="test",
                ),
            )
            for item in items
        ),
    )
    assert before == await replicas[0].one(waits)
    assert 60 == len(await lease(replicas[1], "other"))
