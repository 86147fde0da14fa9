"""What only PostgreSQL guarantees: replicas, lost connections, deadlocks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from bot.domain.errors import StoreError
from bot.store.database.base import (
    CommitUnknown,
    ConstraintViolated,
    Database,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
    Transaction,
)
from bot.store.database.connect import connect
from bot.store.database.named_sql import Query
from tests.patience import PATIENCE_S
from tests.store.database.note_table import ADD, ALL, CREATE, INSERT, Gate, Writing, count

END_OWN_CONNECTION = Query("end", "SELECT pg_terminate_backend(pg_backend_pid())")
DIE = """
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$
"""
DIE_AT_COMMIT = """
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION die()
"""


async def die_at_commit(transaction: Transaction) -> None:
    await transaction.run(Query("die", DIE))
    await transaction.run(Query("die_at_commit", DIE_AT_COMMIT))


@pytest.fixture
async def notes(postgres_url: str) -> AsyncIterator[Database]:
    async with connect(postgres_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        yield database


async def test_kinds_of_writes_do_not_wait_for_each_other(notes: Database) -> None:
    gate = Gate()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        slow = group.create_task(notes.write(gate.insert, "slow"))
        await gate.entered.wait()
        assert "wrote quick" == await notes.write(Writing().insert, "quick")
        assert not slow.done()
        gate.opened.set()


async def test_opposite_orders_end_in_no_deadlock(postgres_url: str, notes: Database) -> None:
    """Both hold what the other wants next; the one who loses is run again."""
    held = {"a": asyncio.Event(), "b": asyncio.Event()}
    runs: list[str] = []

    async def add(transaction: Transaction, orders: Sequence[tuple[str, str]]) -> Sequence[None]:
        ((mine, theirs),) = orders
        runs.append(mine)
        await transaction.run(ADD, id=mine, amount=1)
        held[mine].set()
        await held[theirs].wait()
        await transaction.run(ADD, id=theirs, amount=1)
        return [None]

    writing = Writing()
    await asyncio.gather(notes.write(writing.insert, "a"), notes.write(writing.insert, "b"))
    async with connect(postgres_url) as other, asyncio.timeout(PATIENCE_S):
        await asyncio.gather(notes.write(add, ("a", "b")), other.write(add, ("b", "a")))
    assert [3, 3] == [row["amount"] for row in await notes.fetch(ALL)]
    assert len(runs) > 2, "there was a deadlock to survive"


async def test_a_connection_lost_before_the_commit_is_replaced(notes: Database) -> None:
    runs: list[int] = []

    async def insert(transaction: Transaction, ids: Sequence[str]) -> Sequence[str]:
        runs.append(len(ids))
        await transaction.run(INSERT, items=[{"id": one, "amount": 1} for one in ids])
        if len(runs) == 1:
            await transaction.fetch(END_OWN_CONNECTION)
        return ids

    assert ["a", "b"] == list(await asyncio.gather(notes.write(insert, "a"), notes.write(insert, "b")))
    assert [2, 2] == runs
    assert 2 == await count(notes)


async def test_a_connection_lost_during_the_commit_is_told_and_not_repeated(notes: Database) -> None:
    writing = Writing()
    await notes.write(writing.insert, "before")
    await notes.exclusively(die_at_commit)
    answers = await asyncio.gather(
        *(notes.write(writing.insert, f"n{n}") for n in range(3)), return_exceptions=True
    )
    assert [CommitUnknown] * 3 == [type(answer) for answer in answers]
    assert [1, 3] == writing.groups


async def test_all_connections_may_break_at_once(postgres_url: str, notes: Database) -> None:
    await asyncio.gather(*(count(notes) for _ in range(8)))
    server = await asyncpg.connect(postgres_url)
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await server.close()
    assert "wrote n" == await notes.write(Writing().insert, "n")
    assert 1 == await count(notes)


async def test_an_error_that_is_held_back_does_not_pass_for_a_commit(notes: Database) -> None:
    """PostgreSQL answers COMMIT with a rollback then, and with no error."""

    async def careless(transaction: Transaction, ids: Sequence[str]) -> Sequence[str]:
        rows = [{"id": one, "amount": 1} for one in ids]
        await transaction.run(INSERT, items=rows)
        with pytest.raises(ConstraintViolated):
            await transaction.run(INSERT, items=rows)
        return ids

    with pytest.raises(StoreError, match="rolled back"):
        await notes.write(careless, "n")
    assert 0 == await count(notes)


async def test_a_cancelled_transaction_leaves_its_connection_usable(notes: Database) -> None:
    entered = asyncio.Event()

    async def work(transaction: Transaction) -> None:
        entered.set()
        await transaction.fetch(Query("sleep", "SELECT pg_sleep(60)"))

    task = asyncio.create_task(notes.exclusively(work))
    await entered.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await notes.exclusively(lambda transaction: transaction.run(ADD, id="n", amount=1))


async def test_commits_are_durable_even_where_the_server_is_set_otherwise(postgres_url: str) -> None:
    server = await asyncpg.connect(postgres_url)
    name = await server.fetchval("SELECT current_database()")
    await server.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    await server.close()
    setting = Query("setting", "SHOW synchronous_commit")

    async def read(transaction: Transaction, items: Sequence[int]) -> Sequence[str]:
        row = await transaction.one(setting)
        return [row["synchronous_commit"] if row else "" for _ in items]

    async with connect(postgres_url) as database:
        assert "on" == await database.write(read, 1)
        assert {"synchronous_commit": "on"} == await database.exclusively(lambda tx: tx.one(setting))


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await connect(f"postgresql://me:s3cret@/reverie?host={tmp_path}").open()  # pragma: allowlist secret


async def test_a_database_that_is_not_there_is_named(postgres_url: str) -> None:
    with pytest.raises(StoreError, match='"nothing_like_this" does not exist'):
        await connect(urlsplit(postgres_url)._replace(path="/nothing_like_this").geturl()).open()


async def test_a_server_that_takes_no_writes_is_told_and_left(notes: Database) -> None:
    """After a failover the old server goes on, read-only; a new connection finds the new one."""

    async def become_read_only(transaction: Transaction, items: Sequence[str]) -> Sequence[None]:
        await transaction.run(Query("demote", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
        return [None] * len(items)

    await notes.write(become_read_only, "")
    with pytest.raises(StoreReadOnly):
        await notes.write(Writing().insert, "lost")
    assert "StoreReadOnly" == type(notes.write_fault).__name__
    await notes.write(Writing().insert, "kept")
    assert notes.write_fault is None
    assert ["kept"] == [row["id"] for row in await notes.fetch(ALL)]


async def test_a_full_disk_of_the_server_is_told_at_once(notes: Database) -> None:
    async def fill(transaction: Transaction, items: Sequence[str]) -> Sequence[None]:
        await transaction.run(Query("full", "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '53100'; END $$"))
        return [None] * len(items)

    with pytest.raises(StoreFull):
        await notes.write(fill, "")
    assert isinstance(notes.write_fault, StoreFull)
