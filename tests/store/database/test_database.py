"""What both databases guarantee."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from bot.domain.errors import NotAllowed, StoreError
from bot.store.database.base import ConstraintViolated, Database, Transaction
from bot.store.database.connect import connect
from bot.store.database.group_commit import BATCH_MAX
from bot.store.database.named_sql import Query
from tests.patience import PATIENCE_S
from tests.store.database.note_table import ADD, ALL, AMOUNT, INSERT, Gate, Writing, count


async def test_writes_of_one_moment_share_a_commit(notes: Database) -> None:
    writing = Writing()
    answers = await asyncio.gather(*(notes.write(writing.insert, f"n{n}") for n in range(100)))
    assert [100] == writing.groups
    assert [f"wrote n{n}" for n in range(100)] == answers
    assert 100 == await count(notes)


async def test_writes_that_pile_up_during_a_commit_are_the_next_one(notes: Database) -> None:
    writing, gate = Writing(), Gate()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(notes.write(gate.insert, "first"))
        await gate.entered.wait()
        later = [group.create_task(notes.write(gate.insert, f"n{n}")) for n in range(5)]
        group.create_task(notes.write(writing.insert, "other"))
        gate.opened.set()
    assert ["n0", "n1", "n2", "n3", "n4"] == [task.result() for task in later]
    assert 7 == await count(notes)


async def test_what_nobody_waits_for_rides_along(notes: Database) -> None:
    """Where all share a transaction it goes with the next one; with lines of their own, with its own kind."""
    writing = Writing()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        riding = [group.create_task(notes.write(writing.insert, f"r{n}", max_delay_s=3600)) for n in range(2)]
        await asyncio.sleep(0)
        assert not writing.groups
        await notes.write(writing.insert, "n")
    assert [3] == writing.groups
    assert ["wrote r0", "wrote r1"] == [task.result() for task in riding]


async def test_what_rides_along_does_not_go_alone_behind_a_commit(notes: Database) -> None:
    writing, gate = Writing(), Gate()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        first = group.create_task(notes.write(gate.insert, "first"))
        await gate.entered.wait()
        riding = group.create_task(notes.write(writing.insert, "r", max_delay_s=3600))
        gate.opened.set()
        await first
        assert not riding.done()
        await notes.write(writing.insert, "n")
        await riding
    assert [2] == writing.groups


async def test_what_rides_along_goes_alone_after_a_while(notes: Database) -> None:
    async with asyncio.timeout(PATIENCE_S):
        assert "wrote r" == await notes.write(Writing().insert, "r", max_delay_s=0.01)
    assert 1 == await count(notes)


async def test_a_commit_is_never_larger_than_the_limit(notes: Database) -> None:
    writing = Writing()
    await asyncio.gather(*(notes.write(writing.insert, f"n{n}") for n in range(BATCH_MAX + 44)))
    assert [BATCH_MAX, 44] == writing.groups


async def test_a_caller_is_answered_only_after_the_commit(notes: Database) -> None:
    gate = Gate()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(notes.write(gate.insert, "n"))
        await gate.entered.wait()
        assert not task.done()
        assert 0 == await count(notes)
        gate.opened.set()
        await task
        assert 1 == await count(notes)


async def test_a_refusal_is_raised_to_its_caller_and_fails_nobody_else(notes: Database) -> None:
    writing = Writing(refused=frozenset({"n1"}))
    answers = await asyncio.gather(
        *(notes.write(writing.insert, f"n{n}") for n in range(3)), return_exceptions=True
    )
    assert isinstance(answers[1], NotAllowed)
    assert ["wrote n0", "wrote n2"] == [answers[0], answers[2]]
    assert [3] == writing.groups


async def test_a_poisoned_item_fails_alone(notes: Database) -> None:
    """A group that breaks is rolled back and tried again in ever smaller parts."""
    writing, other = Writing(), Writing()
    await notes.write(writing.insert, "n13")
    answers = await asyncio.gather(
        *(notes.write(writing.insert, f"n{n}") for n in range(20)),
        notes.write(other.insert, "other"),
        return_exceptions=True,
    )
    assert isinstance(answers.pop(13), ConstraintViolated)
    assert "wrote other" == answers.pop()
    assert [f"wrote n{n}" for n in range(20) if n != 13] == answers
    assert 21 == await count(notes)
    assert len(writing.groups) < 1 + 20, "halving needs fewer commits than one for each"


async def test_an_operation_that_loses_count_fails_its_callers(notes: Database) -> None:
    async def short(transaction: Transaction, ids: Sequence[str]) -> Sequence[str]:
        await transaction.run(INSERT, items=[{"id": one, "amount": 1} for one in ids])
        return []

    with pytest.raises(RuntimeError, match="0 results for 1 items"):
        await notes.write(short, "n")
    assert 0 == await count(notes)


async def test_a_caller_that_leaves_while_it_waits_leaves_nothing(notes: Database) -> None:
    gate = Gate()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        first = group.create_task(notes.write(gate.insert, "first"))
        await gate.entered.wait()
        leaving = [group.create_task(notes.write(gate.insert, f"n{n}")) for n in range(BATCH_MAX)]
        staying = group.create_task(notes.write(gate.insert, "staying"))
        await asyncio.sleep(0)  # they ask
        for task in leaving:
            task.cancel()
        gate.opened.set()
    assert ["first", "staying"] == [first.result(), staying.result()]
    assert ["first", "staying"] == [row["id"] for row in await notes.fetch(ALL)]


async def test_a_caller_that_leaves_during_its_commit_harms_nobody(notes: Database) -> None:
    gate = Gate()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        leaving = group.create_task(notes.write(gate.insert, "leaving"))
        staying = group.create_task(notes.write(gate.insert, "staying"))
        await gate.entered.wait()
        leaving.cancel()
        await asyncio.wait([leaving])
        gate.opened.set()
    assert "staying" == staying.result()
    assert 2 == await count(notes)


async def test_an_exclusive_transaction_waits_for_its_turn(notes: Database) -> None:
    gate, writing = Gate(), Writing()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(notes.write(gate.insert, "n"))
        await gate.entered.wait()
        for one in ("a", "b", "c"):
            group.create_task(notes.exclusively(partial(writing.insert, ids=[one])))
        await asyncio.sleep(0)
        gate.opened.set()
    assert "n" == task.result()
    assert 4 == await count(notes)


async def insert(transaction: Transaction, note: str, *, amount: int = 1) -> str:
    await transaction.run(INSERT, items=[{"id": note, "amount": amount}])
    return f"wrote {note}"


async def test_a_call_returns_its_result_after_the_commit(notes: Database) -> None:
    assert "wrote a" == await notes.transact(insert, "a", amount=3)
    assert [("a", 3)] == [(row["id"], row["amount"]) for row in await notes.fetch(ALL)]


async def test_a_call_that_fails_leaves_nothing_and_fails_nobody_else(notes: Database) -> None:
    async def careless(transaction: Transaction) -> None:
        await insert(transaction, "careless")
        await insert(transaction, "x", amount=-1)

    answers = await asyncio.gather(
        *(notes.transact(insert, f"n{n}") for n in range(9)),
        notes.transact(careless),
        return_exceptions=True,
    )
    assert isinstance(answers.pop(), ConstraintViolated)
    assert [f"wrote n{n}" for n in range(9)] == answers
    assert 9 == await count(notes)


async def test_a_call_that_refuses_is_answered_with_its_refusal(notes: Database) -> None:
    async def refuse(transaction: Transaction, note: str) -> str:
        if note == "b":
            raise NotAllowed("not this one")
        return await insert(transaction, note)

    answers = await asyncio.gather(*(notes.transact(refuse, note) for note in "abc"), return_exceptions=True)
    assert isinstance(answers[1], NotAllowed)
    assert ["wrote a", "wrote c"] == [answers[0], answers[2]]
    assert 2 == await count(notes)


async def test_calls_about_one_thing_keep_their_order(notes: Database) -> None:
    async def grow(transaction: Transaction, note: str, amount: int) -> int:
        row = await transaction.one(AMOUNT, id=note)
        before: int = row["amount"] if row else 0
        await transaction.run(ADD, id=note, amount=amount)
        return before

    for note in "ab":
        await notes.transact(insert, note, amount=0)
    answers = await asyncio.gather(*(notes.transact(grow, note, 1) for note in "abababab"))
    assert [0, 0, 1, 1, 2, 2, 3, 3] == answers


async def test_closing_finishes_the_calls_that_were_made(database_url: str, notes: Database) -> None:
    other = connect(database_url)
    await other.open()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        calls = [group.create_task(other.transact(insert, f"n{n}")) for n in range(30)]
        await asyncio.sleep(0)
        await other.close()
        with pytest.raises(StoreError, match="closed"):
            await other.transact(insert, "late")
    assert [f"wrote n{n}" for n in range(30)] == [call.result() for call in calls]
    assert 30 == await count(notes)


async def test_closing_finishes_what_was_asked_and_refuses_the_rest(
    database_url: str, notes: Database
) -> None:
    gate = Gate()
    other = connect(database_url)
    await other.open()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(other.write(gate.insert, "n"))
        riding = group.create_task(other.write(Writing().insert, "r", max_delay_s=3600))
        await gate.entered.wait()
        closing = group.create_task(other.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreError, match="closed"):
            await other.write(gate.insert, "late")
        assert not closing.done()
        gate.opened.set()
    assert ["n", "wrote r"] == [task.result(), riding.result()]
    assert 2 == await count(notes)


async def test_a_read_cannot_write(notes: Database) -> None:
    with pytest.raises(StoreError):
        await notes.fetch(Query("write", "INSERT INTO note (id, amount) VALUES ('n', 1) RETURNING id"))
    assert 0 == await count(notes)


async def test_a_database_opened_for_reading_refuses_writes(database_url: str, notes: Database) -> None:
    await notes.write(Writing().insert, "n")
    async with connect(database_url, read_only=True) as reading:
        assert 1 == await count(reading)
        with pytest.raises(StoreError):
            await reading.write(Writing().insert, "other")
        with pytest.raises(StoreError):
            await reading.exclusively(lambda transaction: transaction.run(ADD, id="n", amount=1))


async def test_changed_rows_are_counted(notes: Database) -> None:
    async def work(transaction: Transaction) -> list[int]:
        rows = [{"id": "a", "amount": 1}, {"id": "b", "amount": 2}]
        grow = "WITH old AS (SELECT id FROM note) UPDATE note SET amount = 5 FROM old WHERE note.id = old.id"
        return [
            await transaction.run(INSERT, items=rows),
            await transaction.run(ADD, id="a", amount=1),
            await transaction.run(ADD, id="nobody", amount=1),
            await transaction.run(Query("grow", grow)),
            await transaction.run(Query("index", "CREATE INDEX note_amount ON note (amount)")),
            await transaction.run(Query("gone", "DELETE FROM note RETURNING id")),
        ]

    assert [2, 1, 0, 2, 0, 2] == await notes.exclusively(work)


async def test_a_failed_transaction_leaves_nothing(notes: Database) -> None:
    async def work(transaction: Transaction) -> None:
        await transaction.run(INSERT, items=[{"id": "a", "amount": 1}])
        await transaction.run(ADD, id="a", amount=-2)

    with pytest.raises(ConstraintViolated):
        await notes.exclusively(work)
    assert 0 == await count(notes)


async def test_an_error_tells_nothing_of_the_row(notes: Database) -> None:
    rows = [{"id": "a", "body": "a very private prompt", "amount": -1}]
    with pytest.raises(ConstraintViolated) as caught:
        await notes.exclusively(lambda transaction: transaction.run(INSERT, items=rows))
    assert "private" not in f"{caught.value} {caught.value.__cause__}"


async def test_wrong_parameters_are_named(notes: Database) -> None:
    with pytest.raises(TypeError, match=r"takes \['amount', 'id'\], not \['id'\]"):
        await notes.fetch(ADD, id="a")


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://reverie.db", "sqlite:///:memory:", "reverie.db"]
)
def test_an_address_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="sqlite:///"):
        connect(url)


def test_a_password_is_never_shown() -> None:
    assert "PostgresDatabase('db.example/reverie')" == repr(
        connect("postgresql://me:s3cret@db.example/reverie")  # pragma: allowlist secret
    )
