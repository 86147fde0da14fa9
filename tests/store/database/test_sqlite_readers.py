"""SQLite reads: those of one moment share a call into a reader's thread, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.errors import StoreError
from bot.store.database import sqlite
from bot.store.database.named_sql import Query
from bot.store.database.sqlite import READERS, SqliteDatabase

ONE = Query("one", "SELECT CAST(:n AS bigint) AS n")
WRONG = Query("wrong", "SELECT n FROM nowhere")
SLOW = Query(
    "slow",
    "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < CAST(:n AS bigint)) "
    "SELECT max(n) AS n FROM count",
)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many questions went together, visit by visit."""
    seen: list[int] = []
    answer = sqlite._answer

    def counted(questions: Any, connection: Any) -> Any:
        seen.append(len(questions))
        return answer(questions, connection)

    monkeypatch.setattr(sqlite, "_answer", counted)
    return seen


async def ask(database: SqliteDatabase, n: int) -> Mapping[str, Any] | None:
    return await database.one(ONE, n=n)


async def until_sent(visits: list[int]) -> None:
    """Wait until a reader's thread has the first question."""
    while not visits:  # noqa: ASYNC110 - the thread itself appends to it
        await asyncio.sleep(0)


async def test_questions_of_one_moment_go_together(database: SqliteDatabase, visits: list[int]) -> None:
    answers = await asyncio.gather(*(ask(database, n) for n in range(6)))
    assert [{"n": n} for n in range(6)] == answers
    assert [6] == visits


async def test_a_question_alone_is_answered_at_once(database: SqliteDatabase, visits: list[int]) -> None:
    assert [{"n": 1}, {"n": 2}] == [await ask(database, n) for n in (1, 2)]
    assert [1, 1] == visits


async def test_a_crowd_is_shared_out_and_answered_to_the_last(
    database: SqliteDatabase, visits: list[int]
) -> None:
    asked = 5 * READERS * 16 + 3
    answers = await asyncio.gather(*(ask(database, n) for n in range(asked)))
    assert [{"n": n} for n in range(asked)] == answers
    assert max(visits) == 16


async def test_a_wrong_question_fails_alone(database: SqliteDatabase, visits: list[int]) -> None:
    first, wrong, last = await asyncio.gather(
        ask(database, 1), database.fetch(WRONG), ask(database, 2), return_exceptions=True
    )
    assert ({"n": 1}, {"n": 2}) == (first, last)
    assert isinstance(wrong, StoreError)
    assert [3] == visits


async def test_who_leaves_takes_nobody_s_answer_along(database: SqliteDatabase) -> None:
    leaving = asyncio.create_task(ask(database, 1))
    staying = asyncio.create_task(ask(database, 2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert {"n": 2} == await staying
    assert isinstance((await asyncio.gather(leaving, return_exceptions=True))[0], asyncio.CancelledError)
    assert {"n": 3} == await ask(database, 3)


async def test_a_slow_question_holds_up_nobody_who_asks_later(
    database: SqliteDatabase, visits: list[int]
) -> None:
    slow = asyncio.create_task(database.fetch(SLOW, n=3_000_000))
    await until_sent(visits)
    assert {"n": 1} == await ask(database, 1)
    assert {"n": 2} == await ask(database, 2)
    assert not slow.done()
    assert [{"n": 3_000_000}] == await slow


async def test_what_is_being_read_is_finished_before_the_store_closes(
    tmp_path: Path, visits: list[int]
) -> None:
    async with SqliteDatabase(tmp_path / "store.db") as database:
        slow = asyncio.create_task(database.fetch(SLOW, n=300_000))
        await until_sent(visits)
    assert [{"n": 300_000}] == await slow
