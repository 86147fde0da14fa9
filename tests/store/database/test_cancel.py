"""A caller cancelled at any point leaves a store that others can read and write."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import Query
from tests.patience import PATIENCE_S
from tests.store.database.note_table import ADD, ALL, INSERT, Writing

DELETE = Query("delete", "DELETE FROM note WHERE id = 'mine'")
DELETE_ALL = Query("delete_all", "DELETE FROM note")
#: turns of the loop after which the call is cancelled
TURNS = [*range(12), *range(12, 400, 29)]


async def transaction(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(INSERT, items=[{"id": "mine", "amount": 1}])
        await tx.run(ADD, id="mine", amount=1)
        await tx.fetch(ALL)

    await database.exclusively(work)


async def write(database: Database) -> None:
    await database.write(Writing().insert, "mine")


async def read(database: Database) -> None:
    await database.fetch(ALL)


async def cancelled_after(call: Awaitable[None], turns: int) -> None:
    task = asyncio.ensure_future(call)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("call", [transaction, write, read])
async def test_a_call_that_is_cancelled_at_any_point_fails_no_later_one(
    notes: Database, call: Callable[[Database], Awaitable[None]]
) -> None:
    writing = Writing()
    for number, turns in enumerate(TURNS):
        await cancelled_after(call(notes), turns)

        async with asyncio.timeout(PATIENCE_S):
            assert f"wrote n{number}" == await notes.write(writing.insert, f"n{number}")
            await notes.exclusively(lambda tx: tx.run(ADD, id="n0", amount=1))
            assert {f"n{one}" for one in range(number + 1)} <= {row["id"] for row in await notes.fetch(ALL)}
            await notes.exclusively(lambda tx: tx.run(DELETE))


async def test_many_that_are_cancelled_together_fail_no_later_one(notes: Database) -> None:
    for turns in TURNS:
        await asyncio.gather(
            *(cancelled_after(call(notes), turns) for call in (transaction, write, read) for _ in range(6))
        )
        async with asyncio.timeout(PATIENCE_S):
            assert "wrote other" == await notes.write(Writing().insert, "other")
            assert "other" in {row["id"] for row in await notes.fetch(ALL)}
            await notes.exclusively(lambda tx: tx.run(DELETE_ALL))
