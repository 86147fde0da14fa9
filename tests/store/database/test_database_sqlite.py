"""What only SQLite guarantees."""

import asyncio
import sqlite3
import stat
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.store.database.base import Row, StoreUnavailable, Transaction
from bot.store.database.connect import connect, path_of
from bot.store.database.named_sql import Query
from tests.patience import until
from tests.store.database.note_table import ALL, CREATE, Gate, Writing, count

ROOT = Path(__file__).parents[3]


async def test_what_was_answered_survives_kill_9(sqlite_url: str) -> None:
    async with connect(sqlite_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
    async with _running("-m", "tests.store.database.writing", sqlite_url) as (process, output):
        lines = [await output.readline() for _ in range(500)]
        process.kill()
        lines += [line async for line in output if line.endswith(b"\n")]
        told = {line.decode().strip() for line in lines if line.startswith(b"n")}
    async with connect(sqlite_url) as database:
        stored = {row["id"] for row in await database.fetch(ALL)}
    assert len(told) > 400
    assert set() == told - stored


async def test_every_commit_is_flushed_to_the_disk(sqlite_url: str) -> None:
    async with connect(sqlite_url) as database:

        async def read(transaction: Transaction) -> list[Row | None]:
            return [
                await transaction.one(Query("setting", f"PRAGMA {name}"))
                for name in ("synchronous", "journal_mode", "foreign_keys")
            ]

        settings = await database.exclusively(read)
    assert [{"synchronous": 2}, {"journal_mode": "wal"}, {"foreign_keys": 1}] == settings


async def test_operations_of_one_moment_share_a_transaction(sqlite_url: str) -> None:
    ones, others = Writing(), Writing()
    async with connect(sqlite_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        await asyncio.gather(
            *(database.write(ones.insert, f"a{n}") for n in range(10)),
            *(database.write(others.insert, f"b{n}") for n in range(10)),
        )
    assert [10] == ones.groups == others.groups
    assert ones.transactions == others.transactions


async def test_closing_leaves_one_file_and_no_thread(sqlite_url: str, tmp_path: Path) -> None:
    before = threading.active_count()
    async with connect(sqlite_url) as database:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        await database.write(Writing().insert, "n")
        assert threading.active_count() > before
    await until(lambda: threading.active_count() == before)
    assert ["reverie.db"] == _names(tmp_path)


async def test_the_file_is_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "reverie #1?.db"
    async with connect(f"sqlite:///{str(path).replace('#', '%23').replace('?', '%3F')}"):
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)


async def test_many_may_open_a_new_file_at_once(sqlite_url: str) -> None:
    databases = [connect(sqlite_url) for _ in range(6)]
    await asyncio.gather(*(database.open() for database in databases))
    await databases[0].exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
    writing = Writing()
    await asyncio.gather(*(each.write(writing.insert, f"n{n}") for n, each in enumerate(databases)))
    assert 6 == await count(databases[0])
    await asyncio.gather(*(database.close() for database in databases))


async def test_opening_waits_for_another_who_writes_the_new_file(sqlite_url: str) -> None:
    """SQLite refuses the switch to its write-ahead log at once then, whatever time it was given."""
    other = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = connect(sqlite_url)
    opening = asyncio.create_task(database.open())
    done, _ = await asyncio.wait([opening], timeout=0.1)
    other.close()
    assert set() == done
    await opening
    await database.close()


async def test_a_reader_is_not_kept_waiting_by_a_writer(sqlite_url: str) -> None:
    gate = Gate()
    async with connect(sqlite_url) as database, asyncio.TaskGroup() as group:
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
        group.create_task(database.write(gate.insert, "n"))
        await gate.entered.wait()
        assert [0, 0, 0] == await asyncio.gather(*(count(database) for _ in range(3)))
        gate.opened.set()


async def test_a_path_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match=r"file/reverie.db cannot be written"):
        await connect(f"sqlite:///{tmp_path}/file/reverie.db").open()


async def test_reading_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await connect(f"sqlite:///{tmp_path}/none.db", read_only=True).open()
    assert [] == _names(tmp_path)


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "reverie.db"
    path.write_text("somebody's diary, " * 100)
    with pytest.raises(Exception, match="not a database") as caught:
        await connect(f"sqlite:///{path}").open()
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    assert path.read_text().startswith("somebody's diary")


def test_paths_are_relative_or_absolute() -> None:
    assert [Path("data/reverie.db"), Path("/data/reverie.db")] == [
        path_of("sqlite:///data/reverie.db"),
        path_of("sqlite:////data/reverie.db"),
    ]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@asynccontextmanager
async def _running(
    *arguments: str,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_an_operation_that_waits_for_something_else_is_refused(sqlite_url: str) -> None:
    """It would hold up everybody, in a thread that has no loop to wait with."""

    async def wait(transaction: Transaction, ids: Sequence[str]) -> Sequence[str]:
        await transaction.run(Query("create", CREATE))
        await never
        return ids

    never = asyncio.get_running_loop().create_future()
    async with connect(sqlite_url) as database:
        with pytest.raises(RuntimeError, match="must not await anything but its transaction"):
            await database.write(wait, "n")
        await database.exclusively(lambda transaction: transaction.run(Query("create", CREATE)))
