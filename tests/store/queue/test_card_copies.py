"""Copies: a result that is sent to a person is one more card, which shows all that changes about the job."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.domain.cards.card import Card
from bot.domain.errors import NotAllowed
from bot.store.admin.workspaces import AuditEntry, set_block, set_pause
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.file_refs import expire_media
from bot.store.queue.accept import accept
from bot.store.queue.acceptance import AcceptedCard
from bot.store.queue.cards import (
    CardLeaseRequest,
    ShownRevision,
    create_card_copy,
    find_card,
    lease_cards,
    record_shown,
)
from bot.store.queue.jobs import delete_job, jobs_of_cards, refund_job, toggle_star
from tests.store.conftest import one_loop
from tests.store.factories import (
    DAY,
    HOUR,
    NOW,
    SEAL,
    SECOND,
    Walk,
    acceptance,
    caller,
    completed,
    copy_of,
    count_of,
    open_account,
)
from tests.store.races import meet

BOSS = AuditEntry(actor="boss", workspace="chat:home", action="set", subject="x", now=NOW)


@one_loop()
async def store(store: Database) -> Database:
    await open_account(store)
    return store


async def card_of(database: Database, card: str) -> Card:
    found = await find_card(database, card, SEAL)
    assert found is not None
    return found


async def show_all(database: Database) -> Sequence[Card]:
    wanted = CardLeaseRequest(
        owner="one",
        adapters=("chat",),
        now=NOW,
        lease_until=NOW + SECOND,
        max_count=99,
        cipher=SEAL,
        retry_unreadable_at=NOW + HOUR,
        undeliverable_before=NOW - DAY,
    )
    cards: list[Card] = await database.write(lease_cards, wanted)
    for card in cards:
        await database.write(
            record_shown,
            ShownRevision(
                card=card.id, owner="one", rev=card.wanted_rev, digest="d", message="m", run_at=NOW
            ),
        )
    return cards


async def due(database: Database) -> set[str]:
    return {card.id for card in await show_all(database)}


async def test_a_copy_is_a_card_of_its_own_that_shows_the_job(store: Database) -> None:
    walk = await completed(store, acceptance(jobs=1))
    item = copy_of(walk)
    assert AcceptedCard(card=item.card) == await store.transact(create_card_copy, item)
    card = await card_of(store, item.card)
    assert (walk.job, "@chat:bob", "token") == (card.copy_of, card.place.channel, card.place.reply_token)
    assert (True, "chat:bob", 1, 0) == (card.place.private, card.person, card.wanted_rev, card.shown_rev)
    job = await walk.now_at()
    assert {item.card: [job], job.card: [job]} == await jobs_of_cards(store, [item.card, job.card])
    assert (await card_of(store, job.card)).copy_of is None
    assert {item.card, job.card} == await due(store)


async def test_a_copy_of_one_of_several_jobs_shows_that_one(store: Database) -> None:
    two = acceptance(jobs=2)
    await store.write(accept, two)
    first, second = (Walk(database=store, job=job.id) for job in two.jobs)
    item = copy_of(second)
    await store.transact(create_card_copy, item)
    shown = await jobs_of_cards(store, [item.card, (await first.now_at()).card])
    assert [second.job] == [job.id for job in shown[item.card]]
    assert [first.job, second.job] == [job.id for job in shown[(await first.now_at()).card]]


async def test_an_event_makes_one_copy_however_often_it_comes(store: Database) -> None:
    walk = await completed(store)
    items = [copy_of(walk, event="chat:1") for _ in range(3)]
    answers = await asyncio.gather(*(store.transact(create_card_copy, item) for item in items[:2]))
    answers.append(await store.transact(create_card_copy, items[2]))
    card = items[0].card
    assert [AcceptedCard(card=card, repeated=repeated) for repeated in (False, True, True)] == answers
    assert 2 == await count_of(store, "card")


async def test_an_event_that_two_replicas_hear_makes_one_copy(replicas: tuple[Database, Database]) -> None:
    await open_account(replicas[0])
    walk = await completed(replicas[0])
    for number in range(20):
        heard = [copy_of(walk, event=f"chat:{number}") for _ in replicas]
        answers = await asyncio.gather(
            *(replica.transact(create_card_copy, item) for replica, item in zip(replicas, heard, strict=True))
        )
        assert 1 == len({answer.card for answer in answers})
        assert [False, True] == sorted(answer.repeated for answer in answers)


@pytest.mark.parametrize("subject", ["chat:home", "chat:home:bob", "chat:bob"])
async def test_the_blocked_are_sent_nothing_and_the_others_of_the_batch_are(
    store: Database, subject: str
) -> None:
    walk = await completed(store)
    await store.transact(set_block, subject, audit=BOSS, blocked=True)
    items = [copy_of(walk, event="chat:1"), copy_of(walk, caller("eve", workspace="chat:other"))]
    answers = await asyncio.gather(
        *(store.transact(create_card_copy, item) for item in items), return_exceptions=True
    )
    assert isinstance(answers[0], NotAllowed)
    assert AcceptedCard(card=items[1].card) == answers[1]
    await store.transact(set_block, subject, audit=BOSS, blocked=False)
    assert not (await store.transact(create_card_copy, copy_of(walk, event="chat:1"))).repeated


async def test_a_pause_holds_up_new_jobs_and_no_copies(store: Database) -> None:
    walk = await completed(store)
    await store.transact(set_pause, "chat:home", audit=BOSS, paused=True)
    item = copy_of(walk)
    assert AcceptedCard(card=item.card) == await store.transact(create_card_copy, item)


async def test_copies_of_a_deleted_job_are_told(store: Database) -> None:
    walk, other = await completed(store), await completed(store)
    copies = [copy_of(walk, caller(name)) for name in ("bob", "eve")]
    bystander = copy_of(other)
    for item in (*copies, bystander):
        await store.transact(create_card_copy, item)
    await show_all(store)
    await store.transact(delete_job, walk.job, now=NOW)
    own = (await walk.now_at()).card
    assert {own, *(item.card for item in copies)} == await due(store)
    assert (await jobs_of_cards(store, [copies[0].card]))[copies[0].card][0].deleted


async def test_copies_are_told_of_stars_and_refunds_and_not_of_the_end_of_their_media(
    store: Database,
) -> None:
    walk = await completed(store)
    item = copy_of(walk)
    await store.transact(create_card_copy, item)
    await show_all(store)
    own = (await walk.now_at()).card
    await store.transact(toggle_star, walk.job, card=own, member="bob", now=NOW, event="1")
    assert {own, item.card} == await due(store)
    await store.transact(refund_job, walk.job, now=NOW, cause="operator")
    assert {own, item.card} == await due(store)
    await store.transact(toggle_star, walk.job, card=own, member="bob", now=NOW, event="2")
    await show_all(store)
    await store.transact(expire_media, finished_before=NOW + DAY, count=9)
    assert set() == await due(store)


async def test_a_copy_that_is_sent_while_its_job_is_deleted_is_told(
    replicas: tuple[Database, Database],
) -> None:
    await open_account(replicas[0])
    walk = await completed(replicas[0])
    item = copy_of(walk)
    await meet(
        replicas,
        create_card_copy,
        item,
        before="cards.insert_copy",
        meanwhile=lambda other: other.transact(delete_job, walk.job, now=NOW),
    )
    assert (await walk.now_at()).deleted
    assert 2 == (await card_of(replicas[0], item.card)).wanted_rev


async def test_copies_and_deletions_do_not_deadlock(replicas: tuple[Database, Database]) -> None:
    await open_account(replicas[0])
    walks = [await completed(replicas[0]) for _ in range(20)]
    for walk in walks:
        await replicas[0].transact(create_card_copy, copy_of(walk))
    waits = Query("deadlocks", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    before = await replicas[0].one(waits)
    await asyncio.gather(
        *(replicas[0].transact(delete_job, walk.job, now=NOW) for walk in walks),
        *(replicas[1].transact(create_card_copy, copy_of(walk)) for walk in reversed(walks)),
        *(replicas[1].transact(refund_job, walk.job, now=NOW, cause="operator") for walk in reversed(walks)),
    )
    assert before == await replicas[0].one(waits)
    assert all([(await walk.now_at()).deleted for walk in walks])
