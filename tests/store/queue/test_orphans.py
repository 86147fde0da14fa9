"""Orphans: recorded once, retried until they are removed, counted for the operator."""

import asyncio
from dataclasses import replace

from bot.store.database.base import Database
from bot.store.queue.orphans import (
    Orphan,
    OrphanCause,
    count_orphans,
    count_unprocessed,
    due_orphans,
    list_orphans,
    record_orphan,
    record_removal,
    resolve_orphan,
)
from tests.store.factories import ACCOUNT, MINUTE, NOW

ORPHAN = Orphan(
    account=ACCOUNT, remote_id="g1", job="job", cause=OrphanCause.SUPERSEDED, price=15_000, found_at=NOW
)


async def remove(database: Database, orphan: Orphan, *, now: int = NOW, run_at: int | None = None) -> None:
    await database.transact(record_removal, orphan.account, orphan.remote_id, now=now, retry_at=run_at)


async def test_an_orphan_is_listed_once(store: Database) -> None:
    assert [True, False] == await asyncio.gather(*(store.transact(record_orphan, ORPHAN) for _ in range(2)))
    assert not await store.transact(record_orphan, replace(ORPHAN, cause=OrphanCause.LATE))
    assert [ORPHAN] == await list_orphans(store, count=10)


async def test_the_same_id_of_two_accounts_is_two_orphans(store: Database) -> None:
    await store.transact(record_orphan, ORPHAN)
    assert await store.transact(record_orphan, replace(ORPHAN, account="luma-2"))


async def test_an_orphan_is_tried_again_later_and_not_after_it_is_gone(store: Database) -> None:
    await store.transact(record_orphan, ORPHAN)
    assert [] == await due_orphans(store, "luma-2", now=NOW)
    assert [("g1", 0)] == await due_orphans(store, ACCOUNT, now=NOW)
    await remove(store, ORPHAN, run_at=NOW + MINUTE)
    assert [] == await due_orphans(store, ACCOUNT, now=NOW)
    assert [("g1", 1)] == await due_orphans(store, ACCOUNT, now=NOW + MINUTE)
    await remove(store, ORPHAN, now=NOW + MINUTE)
    assert [] == await due_orphans(store, ACCOUNT, now=NOW + MINUTE)
    assert [replace(ORPHAN, removed_at=NOW + MINUTE)] == await list_orphans(store, count=10)


async def test_the_operator_bears_what_is_found_and_not_what_members_delete(store: Database) -> None:
    assert (0, 0, 0) == await count_orphans(store)
    second = replace(ORPHAN, remote_id="g2", job=None, cause=OrphanCause.UNBOUND, found_at=NOW + 1)
    deleted = replace(ORPHAN, remote_id="g3", cause=OrphanCause.DELETED, price=0)
    for orphan in (ORPHAN, second, deleted):
        await store.transact(record_orphan, orphan)
    await remove(store, ORPHAN)
    assert (2, 1, 30_000) == await count_orphans(store)
    assert [second, replace(ORPHAN, removed_at=NOW)] == await list_orphans(store, count=10)
    assert [second] == await list_orphans(store, count=1)


async def test_what_we_could_not_process_is_told_and_stays_at_the_provider(store: Database) -> None:
    kept = replace(ORPHAN, remote_id="g2", cause=OrphanCause.UNPROCESSED)
    for orphan in (ORPHAN, kept):
        await store.transact(record_orphan, orphan)
    assert [("g1", 0)] == await due_orphans(store, ACCOUNT, now=NOW)
    assert (2, 1, 30_000) == await count_orphans(store)
    assert 1 == await count_unprocessed(store, since=NOW)
    assert 0 == await count_unprocessed(store, since=NOW + 1)


async def test_what_was_left_at_the_provider_is_told_until_it_is_dealt_with(store: Database) -> None:
    kept = replace(ORPHAN, remote_id="g2", cause=OrphanCause.UNPROCESSED)
    for orphan in (ORPHAN, kept):
        await store.transact(record_orphan, orphan)
    assert not await store.transact(resolve_orphan, "g1", now=NOW), "removed by itself"
    assert await store.transact(resolve_orphan, "g2", now=NOW)
    assert await store.transact(resolve_orphan, "g2", now=NOW + 1)
    assert 0 == await count_unprocessed(store, since=NOW)
    assert replace(kept, removed_at=NOW) in await list_orphans(store, count=10)
    assert [("g1", 0)] == await due_orphans(store, ACCOUNT, now=NOW)
