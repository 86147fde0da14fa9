"""PostgreSQL behind a pooler that gives each transaction another session."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import StoreError
from bot.store.database.base import ConstraintViolated, Database, Transaction
from bot.store.database.connect import connect
from bot.store.database.migrate import migrate
from bot.store.database.named_sql import Query
from bot.store.database.postgres import PostgresDatabase
from tests.patience import PATIENCE_S
from tests.store.database.fake_pooler import FakePooler
from tests.store.database.note_table import ALL, CREATE, INSERT, Writing, count


@pytest.fixture
async def pooled_url(postgres_url: str, tmp_path: Path) -> AsyncIterator[str]:
    async with FakePooler(postgres_url).listening(tmp_path) as url:
        yield url


@pytest.fixture
async def notes(pooled_url: str) -> AsyncIterator[Database]:
    async with connect(pooled_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        yield database


async def test_everything_is_written_and_read_through_a_pooler(notes: Database) -> None:
    writing = Writing()
    await asyncio.gather(*(notes.write(writing.insert, f"{number}") for number in range(40)))
    found = await asyncio.gather(*(notes.fetch(ALL) for _ in range(20)))
    assert [{f"{number}" for number in range(40)}] * 20 == [{row["id"] for row in rows} for rows in found]


async def test_a_fresh_database_is_migrated_through_a_pooler(pooled_url: str) -> None:
    async with connect(pooled_url) as one, connect(pooled_url) as other:
        applied = await asyncio.gather(migrate(one), migrate(other))
        assert {*range(1, 1 + len(applied[0]) + len(applied[1]))} == {
            one.version for many in applied for one in many
        }


async def test_reading_refuses_to_write_through_a_pooler(notes: Database) -> None:
    with pytest.raises(StoreError):
        await notes.fetch(Query("write", "INSERT INTO note (id, amount) VALUES ('x', 1) RETURNING id"))
    assert 0 == await count(notes)


async def test_a_refused_row_leaves_no_transaction_behind(notes: Database) -> None:
    writing = Writing()
    await notes.write(writing.insert, "a")

    async def again(transaction: Transaction, items: Sequence[str]) -> Sequence[str]:
        await transaction.run(INSERT, items=[{"id": "a", "amount": 1}])
        return items

    for _ in range(10):
        with pytest.raises(ConstraintViolated):
            await notes.write(again, "a")
    await notes.write(writing.insert, "b")
    assert 2 == await count(notes)


async def test_commits_are_durable_whatever_the_pooler_s_sessions_say(
    postgres_url: str, tmp_path: Path
) -> None:
    async with connect(postgres_url) as direct:
        name = urlsplit(postgres_url).path.lstrip("/")
        await direct.exclusively(
            lambda tx: tx.run(Query("weaken", f"ALTER DATABASE {name} SET synchronous_commit = off"))
        )
    setting = Query("setting", "SELECT current_setting('synchronous_commit') AS value")

    async def read(transaction: Transaction, items: Sequence[int]) -> Sequence[str]:
        (row,) = await transaction.fetch(setting)
        return [row["value"]] * len(items)

    async with FakePooler(postgres_url).listening(tmp_path) as url, connect(url) as database:
        assert ["on"] * 8 == [await database.write(read, n) for n in range(8)]


async def test_replicas_without_a_direct_url_do_without_signals(pooled_url: str) -> None:
    with capture_logs() as logs:
        async with connect(pooled_url) as database:
            assert isinstance(database, PostgresDatabase)
            assert not database.listens
            seen = database.wakeups.mark("jobs")
            database.wakeups.notify("jobs")
            assert await database.wakeups.changed("jobs", since=seen, timeout_s=0)
    (told,) = [one for one in logs if one["event"] == "replicas_not_notified"]
    assert "REVERIE_DATABASE_DIRECT_URL" in told["remedy"]


async def test_with_a_direct_url_replicas_hear_each_other(postgres_url: str, pooled_url: str) -> None:
    async with (
        connect(pooled_url, direct_url=postgres_url) as one,
        connect(pooled_url, direct_url=postgres_url) as other,
    ):
        seen = other.wakeups.mark("jobs")
        one.wakeups.notify("jobs")
        assert await other.wakeups.changed("jobs", since=seen, timeout_s=PATIENCE_S)


async def test_a_server_without_a_pooler_is_recognised(postgres_url: str) -> None:
    async with connect(postgres_url) as database:
        assert isinstance(database, PostgresDatabase)
        assert database.listens
