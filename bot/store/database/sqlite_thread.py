"""What is done in the thread of an SQLite connection, and the way there.

A statement takes some 20 µs and the way ten times that: whatever belongs together goes in one visit, or it
would spend its time on the way, and so would all that wait behind it.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeAlias

import aiosqlite

from bot.domain.errors import StoreError
from bot.store.database.base import (
    ConstraintViolated,
    NotWritable,
    Outcome,
    Row,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from bot.store.database.dialect import Dialect, Statement
from bot.store.database.group_commit import Batch
from bot.store.database.named_sql import Query

#: what is no fault of the statement
_MEANING: Mapping[int, type[StoreError]] = {
    sqlite3.SQLITE_BUSY: StoreUnavailable,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable,
    sqlite3.SQLITE_FULL: StoreFull,
    # such as a quota or a limit on the size of files, which SQLite does not tell from a broken disk
    sqlite3.SQLITE_IOERR: NotWritable,
    sqlite3.SQLITE_LOCKED: StoreUnavailable,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
}

#: something that is done in the thread of a connection
Work: TypeAlias = Callable[[sqlite3.Connection], Outcome]


async def run_in_thread(connection: aiosqlite.Connection, work: Work[Outcome]) -> Outcome:
    """Go to a connection's thread, do something there, and come back with what came of it."""
    # The driver's own door, through which all of its methods go.
    done: Outcome = await connection._execute(work, connection._conn)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return done


def apply(batches: Sequence[Batch], connection: sqlite3.Connection) -> list[Sequence[Any]]:
    """Run batches as one transaction."""
    transaction = SqliteTransaction(partial(_here, connection))
    begin(connection)
    try:
        results = [_finish(batch.apply(transaction)) for batch in batches]
        end(connection)
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise
    return results


async def _here(connection: sqlite3.Connection, work: Work[Outcome]) -> Outcome:
    return work(connection)


def _finish(operation: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run an operation to its end: this thread has no loop, and its statements are answered at once."""
    try:
        while operation.send(None) is None:
            pass
    except StopIteration as ended:
        done: Outcome = ended.value
        return done
    operation.close()
    raise RuntimeError("An operation must not wait for anything but its transaction")


def begin(connection: sqlite3.Connection) -> None:
    with translated():
        if connection.in_transaction:
            connection.rollback()  # left behind by one that could not be ended, as on a full disk
        connection.execute("BEGIN IMMEDIATE")


def end(connection: sqlite3.Connection) -> None:
    with translated():
        connection.commit()


class SqliteTransaction:
    """Statements of one transaction, wherever they are run."""

    def __init__(self, do: Callable[[Work[Any]], Awaitable[Any]]) -> None:
        self._do = do

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        rows: list[Row] = await self._do(partial(fetch, query.on(Dialect.SQLITE), values))
        return rows

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None

    async def run(self, query: Query, /, **values: object) -> int:
        changed: int = await self._do(partial(run, query.on(Dialect.SQLITE), values))
        return changed


def fetch(statement: Statement, values: Mapping[str, object], connection: sqlite3.Connection) -> list[Row]:
    with translated():
        return connection.execute(statement.sql, statement.bind(values)).fetchall()


def run(statement: Statement, values: Mapping[str, object], connection: sqlite3.Connection) -> int:
    with translated():
        cursor = connection.execute(statement.sql, statement.bind(values))
        if cursor.description:  # RETURNING: the statement has run when its rows are fetched
            return len(cursor.fetchall())
        if cursor.rowcount >= 0 or not statement.sql.upper().startswith("WITH"):
            return max(cursor.rowcount, 0)
        # the driver counts only for statements that begin with INSERT, UPDATE or DELETE
        (row,) = connection.execute("SELECT changes() AS changed").fetchall()
        return int(row["changed"])


def by_name(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    """A row as everybody reads it."""
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as the store's."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ConstraintViolated(str(error)) from error
    except sqlite3.Error as error:
        # the lower byte is the kind, the upper ones its variety: https://sqlite.org/rescode.html
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        raise _MEANING.get(code, StoreError)(str(error)) from error
