"""Leases: one owner at a time, and a fence that rises with every change of owner."""

import asyncio

from bot.domain.jobs.job import State
from bot.store.database.base import Database
from bot.store.queue.accept import accept
from bot.store.queue.attempts import expired_claims
from bot.store.queue.cards import CardLeaseRequest, lease_cards
from bot.store.queue.claim import acquire_lease, expire_all_leases, release_lease
from tests.store.factories import (
    DAY,
    HOUR,
    NOW,
    SEAL,
    SECOND,
    Walk,
    acceptance,
    accepted,
    claim_next,
    open_account,
)

NAME = "watch:luma-1"


async def acquire(database: Database, owner: str, *, now: int = NOW, name: str = NAME) -> int | None:
    return await database.transact(acquire_lease, name, owner=owner, now=now, until=now + 10 * SECOND)


async def test_a_lease_has_one_holder_until_it_ends(store: Database) -> None:
    assert 1 == await acquire(store, "one")
    assert await acquire(store, "other", now=NOW + 10 * SECOND) is None
    assert 1 == await acquire(store, "other", name="watch:luma-2")
    assert 2 == await acquire(store, "other", now=NOW + 10 * SECOND + 1)
    assert await acquire(store, "one", now=NOW + 11 * SECOND) is None


async def test_a_holder_renews_its_lease_and_keeps_its_fence(store: Database) -> None:
    for n in range(3):
        assert 1 == await acquire(store, "one", now=NOW + n * 9 * SECOND)
    assert await acquire(store, "other", now=NOW + 27 * SECOND) is None


async def test_a_lease_is_freed_by_its_holder_only(store: Database) -> None:
    await acquire(store, "one")
    await store.transact(release_lease, NAME, owner="other")
    assert await acquire(store, "other") is None
    await store.transact(release_lease, NAME, owner="one")
    assert 2 == await acquire(store, "other")


async def test_of_many_that_ask_at_once_one_gets_it(replicas: tuple[Database, Database]) -> None:
    for round_ in range(5):
        now = NOW + round_ * 20 * SECOND
        answers = await asyncio.gather(
            *(
                acquire(replica, f"{round_} {n} {k}", now=now)
                for k in range(5)
                for n, replica in enumerate(replicas)
            )
        )
        assert [round_ + 1] == [fence for fence in answers if fence is not None]


async def test_whoever_holds_the_folder_alone_ends_the_leases_of_the_dead(store: Database) -> None:
    await open_account(store)
    job = await accepted(store)
    await claim_next(store)
    cards = CardLeaseRequest(
        owner="dead",
        adapters=("chat",),
        now=NOW,
        lease_until=NOW + 1,
        max_count=9,
        cipher=SEAL,
        retry_unreadable_at=NOW + HOUR,
        undeliverable_before=NOW - DAY,
    )
    await store.write(lease_cards, cards)
    await acquire(store, "dead")
    await store.write(accept, acceptance())
    assert [] == await expired_claims(store, now=NOW)
    await store.transact(expire_all_leases)
    assert [job] == [lost.id for lost, _ in await expired_claims(store, now=NOW)]
    assert 2 == len(await store.write(lease_cards, cards))
    assert 2 == await acquire(store, "one")
    assert State.SUBMITTING == (await Walk(database=store, job=job).now_at()).state
