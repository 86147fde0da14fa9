"""Adapter data: numbered in the order of commits, encrypted at rest."""

import asyncio
from pathlib import Path

import pytest

from bot.security.encryption import DecryptionFailed
from bot.service.adapter_data import AdapterData
from bot.store.adapter_data import (
    Entry,
    get,
    latest,
    pop,
    put,
    put_new,
    remove,
    reserve_rate_slot,
    since,
)
from bot.store.database.base import Database
from tests.patience import PATIENCE_S
from tests.store.factories import SEAL


async def keep(database: Database, key: str, sealed: str = "value", *, adapter: str = "chat") -> int:
    seq: int = await database.transact(put, adapter, key, sealed)
    return seq


async def test_what_is_put_is_kept_until_it_is_removed(store: Database) -> None:
    assert 1 == await keep(store, "a", "first")
    assert 2 == await keep(store, "a", "second")
    assert Entry(key="a", encrypted="second", seq=2) == await get(store, "chat", "a")
    await store.transact(remove, "chat", "a")
    assert await get(store, "chat", "a") is None
    assert 3 == await keep(store, "a"), "a number is never given twice"


async def test_adapters_do_not_see_each_other(store: Database) -> None:
    await keep(store, "a", "mine")
    assert 1 == await keep(store, "a", "theirs", adapter="other")
    found = await get(store, "chat", "a")
    assert found is not None
    assert "mine" == found.encrypted
    assert ["theirs"] == [one.encrypted for one in await since(store, "other", "", 0, limit=10)]


async def test_values_of_one_batch_are_numbered_in_their_order(store: Database) -> None:
    answers = await asyncio.gather(*(keep(store, key, f"{n}") for n, key in enumerate("abab")))
    assert [1, 2, 3, 4] == answers
    assert [("a", "2", 3), ("b", "3", 4)] == [
        (one.key, one.encrypted, one.seq) for one in await since(store, "chat", "", 0, limit=10)
    ]


async def test_what_came_since_is_read_in_order_by_the_start_of_the_key(store: Database) -> None:
    for key in ("line/1", "note/1", "line/2", "line%", "line/3"):
        await keep(store, key)
    assert ["line/2", "line/3"] == [one.key for one in await since(store, "chat", "line/", 1, limit=10)]
    assert ["line/1", "line/2"] == [one.key for one in await since(store, "chat", "line/", 0, limit=2)]
    assert ["line/2", "line/3"] == [one.key for one in await latest(store, "chat", "line/", limit=2)]
    assert ["line%"] == [one.key for one in await latest(store, "chat", "line%", limit=9)]
    assert 5 == len(await since(store, "chat", "", 0, limit=10))


async def test_numbers_become_visible_in_their_order(replicas: tuple[Database, Database]) -> None:
    """Whoever reads on from the highest number seen misses nothing, though two replicas write."""
    seen: list[int] = []

    async def read_on() -> None:
        while len(seen) < 120:
            seen.extend(
                one.seq for one in await since(replicas[0], "chat", "", max(seen, default=0), limit=9)
            )

    async def write_on(replica: Database, name: str) -> None:
        for n in range(30):
            await asyncio.gather(*(keep(replica, f"{name}{n}.{k}") for k in range(2)))

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(
            read_on(), *(write_on(one, name) for one, name in zip(replicas, "ab", strict=True))
        )
    assert list(range(1, 121)) == seen


async def test_of_all_who_put_a_new_value_the_first_is_kept(replicas: tuple[Database, Database]) -> None:
    kept = await asyncio.gather(
        *(replicas[number % 2].transact(put_new, "chat", "new", str(number)) for number in range(10))
    )
    assert 1 == len({one.encrypted for one in kept})
    assert kept[0] == await get(replicas[0], "chat", "new")
    assert kept[0] == await replicas[1].exclusively(lambda tx: put_new(tx, "chat", "new", "later"))


async def test_values_are_sealed_at_rest(sqlite_store: Database, tmp_path: Path) -> None:
    adapter_data = AdapterData(sqlite_store, SEAL, "chat")
    await adapter_data.put("token", "plain-words-of-a-secret")
    written = b"".join((tmp_path / f"reverie.db{part}").read_bytes() for part in ("", "-wal"))
    assert b"token" in written
    assert b"plain-words" not in written
    assert "plain-words-of-a-secret" == await adapter_data.get("token")


async def test_a_value_that_was_moved_to_another_key_or_adapter_does_not_open(store: Database) -> None:
    chat, other = AdapterData(store, SEAL, "chat"), AdapterData(store, SEAL, "other")
    await chat.put("token of one team", "hush")
    (kept,) = await since(store, "chat", "", 0, limit=1)
    await keep(store, "token of another", kept.encrypted)
    await keep(store, "token of one team", kept.encrypted, adapter="other")
    for adapter_data, key in ((chat, "token of another"), (other, "token of one team")):
        with pytest.raises(DecryptionFailed):
            await adapter_data.get(key)
        with pytest.raises(DecryptionFailed):
            await adapter_data.take(key)
    assert ["hush"] == [entry.value for entry in await chat.since("token", 0)]
    assert [] == await other.latest("token")


async def test_of_all_who_take_a_value_one_has_it(replicas: tuple[Database, Database]) -> None:
    await keep(replicas[0], "state", "once")
    taken = await asyncio.gather(*(one.transact(pop, "chat", "state") for one in replicas * 5))
    assert ["once"] == [kept.encrypted for kept in taken if kept is not None]
    assert await get(replicas[0], "chat", "state") is None


async def test_turns_of_all_processes_lie_apart(replicas: tuple[Database, Database]) -> None:
    taken = await asyncio.gather(
        *(one.transact(reserve_rate_slot, "chat", "identify", now=1_000, every=5) for one in replicas * 5)
    )
    assert [1_000 + 5 * place for place in range(10)] == sorted(taken)


async def test_turns_that_nobody_took_are_not_made_up_for(store: Database) -> None:
    adapter_data = AdapterData(store, SEAL, "chat")
    assert 1_000 == await adapter_data.turn("identify", now=1_000, every=5)
    assert 9_000 == await adapter_data.turn("identify", now=9_000, every=5)
    assert 9_000 == await adapter_data.turn("another", now=9_000, every=5), "each name has turns of its own"
