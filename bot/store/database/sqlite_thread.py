"""Functions that run in the thread of an SQLite connection, and the call into it.

A short statement takes some 10 µs; the call into the thread and back takes 25 µs on an idle event loop and
much more on a busy one. So a whole transaction, or all queries of one moment, run in a single call: one call
for each statement would spend its time on thread switches, and so would every write behind it.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
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

#: errors that are no fault of the statement
_ERRORS: Mapping[int, type[StoreError]] = {
    sqlite3.SQLITE_BUSY: StoreUnavailable,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable,
    sqlite3.SQLITE_FULL: StoreFull,
    # also a quota or a limit on file sizes, which SQLite does not tell from a broken disk
    sqlite3.SQLITE_IOERR: NotWritable,
    sqlite3.SQLITE_LOCKED: StoreUnavailable,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
}

#: a function that runs in the thread of a connection
Work: TypeAlias = Callable[[sqlite3.Connection], Outcome]


async def run_in_thread(connection: aiosqlite.Connection, work: Work[Outcome]) -> Outcome:
    """Run a function in a connection's thread and return its result."""
    # Private, because aiosqlite's public methods run one statement per thread call. All of them go through
    # `_execute`: it queues the call and sets the result on the event loop. `_conn` is the sqlite3 connection.
    # Measured on an idle event loop: 5 short reads take 140 µs in 5 calls and 60 µs in one.
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
    """Run a coroutine to its end: this thread has no event loop, and its statements never suspend."""
    try:
        while operation.send(None) is None:
            pass
    except StopIteration as ended:
        done: Outcome = ended.value
        return done
    operation.close()
    raise RuntimeError("An operation must not await anything but its transaction")


def begin(connection: sqlite3.Connection) -> None:
    with TRANSLATED:
        if connection.in_transaction:
            connection.rollback()  # left open by one that could not be ended, as on a full disk
        connection.execute("BEGIN IMMEDIATE")


def end(connection: sqlite3.Connection) -> None:
    with TRANSLATED:
        connection.commit()


class SqliteTransaction:
    """Statements of one transaction, run here or by a call into the thread."""

    def __init__(self, call: Callable[[Work[Any]], Awaitable[Any]]) -> None:
        self._call = call

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        rows: list[Row] = await self._call(partial(fetch, query.on(Dialect.SQLITE), values))
        return rows

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None

    async def run(self, query: Query, /, **values: object) -> int:
        changed: int = await self._call(partial(run, query.on(Dialect.SQLITE), values))
        return changed


def fetch(statement: Statement, values: Mapping[str, object], connection: sqlite3.Connection) -> list[Row]:
    with TRANSLATED:
        return _rows(connection.execute(statement.sql, statement.bind(values)))


def run(statement: Statement, values: Mapping[str, object], connection: sqlite3.Connection) -> int:
    with TRANSLATED:
        cursor = connection.execute(statement.sql, statement.bind(values))
        if cursor.description:  # RETURNING: the statement runs as its rows are fetched
            return len(cursor.fetchall())
        if cursor.rowcount >= 0 or not statement.sql.upper().startswith("WITH"):
            return max(cursor.rowcount, 0)
        # The driver counts only for statements that begin with INSERT, UPDATE or DELETE.
        ((changed,),) = connection.execute("SELECT changes()").fetchall()
        return int(changed)


def _rows(cursor: sqlite3.Cursor) -> list[Row]:
    """Rows as mappings. A row factory would be called for each of them, which takes three times as long."""
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class _Translated:
    """Raises the driver's errors as the store's. A generator would take as long as a short statement."""

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            raise ConstraintViolated(str(error)) from error
        if isinstance(error, sqlite3.Error):
            # the lower byte is the kind, the upper ones its variety: https://sqlite.org/rescode.html
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            raise _ERRORS.get(code, StoreError)(str(error)) from error


#: used again and again, since it keeps nothing
TRANSLATED = _Translated()
