"""SQLite: one writer connection with group commit, concurrent readers, every commit synced to disk.

SQLite before 3.51.3 can corrupt a file when two connections write or checkpoint at the same moment
(https://sqlite.org/wal.html#walresetbug): here one connection does both, and readers are opened read-only.

Each connection has a thread. A short statement takes some 10 µs; the call into the thread and back takes
25 µs on an idle event loop and much more on a busy one. So a whole transaction, or all queries of one moment,
run in a single call: one call for each statement would spend its time on thread switches, and so would every
write behind it. One view takes several queries at once, and many people open one together.
"""

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias
from urllib.parse import quote

import aiosqlite
import structlog

from bot.domain.errors import StoreError
from bot.store.database.base import (
    ConstraintViolated,
    NotWritable,
    Outcome,
    Row,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
    Transaction,
)
from bot.store.database.dialect import Dialect, Statement
from bot.store.database.group_commit import Batch, GroupedDatabase, resolve_futures
from bot.store.database.named_sql import Query
from bot.store.database.wakeups import Wakeups

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
#: queries in one thread call, so that a slow one delays only a few
_BATCH = 16
READERS = 4
#: seconds to wait for another process, such as a backup, to release the file
BUSY_S = 10.0
#: has RETURNING (3.35) and JSON by default (3.38)
OLDEST = (3, 38)

_WRITING = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    # The commit that finds the log this long (20 MB) checkpoints it, and all writes behind it wait. The same
    # pages are written again and again, so that a log five times the default size takes little longer.
    "PRAGMA wal_autocheckpoint = 5000",
    # a long read lets the log grow; the next checkpoint truncates it
    "PRAGMA journal_size_limit = 67108864",
)
log = structlog.get_logger()


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

    async def run_each(self, query: Query, rows: Sequence[Mapping[str, object]], /) -> None:
        await self._call(partial(run_each, query.on(Dialect.SQLITE), rows))


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


def run_each(
    statement: Statement, rows: Sequence[Mapping[str, object]], connection: sqlite3.Connection
) -> None:
    with TRANSLATED:
        connection.executemany(statement.sql, [statement.bind(row) for row in rows])


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


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    statement: Statement
    values: Mapping[str, object]
    answer: asyncio.Future[list[Row]]


class Readers:
    """Read-only connections, and the queries that wait for one of them."""

    def __init__(self) -> None:
        self._idle: list[aiosqlite.Connection] = []
        self._waiting: deque[_Request] = deque()
        #: keeps references: the event loop itself has only weak ones
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, reader: aiosqlite.Connection) -> None:
        self._idle.append(reader)

    async def fetch(self, statement: Statement, values: Mapping[str, object]) -> list[Row]:
        loop = asyncio.get_running_loop()
        request = _Request(statement, values, loop.create_future())
        self._waiting.append(request)
        if len(self._waiting) == 1:
            # Not at once: more queries may be made before the loop continues.
            loop.call_soon(self._send)
        return await request.answer

    def _send(self) -> None:
        while self._idle and self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]
            # A caller that was cancelled meanwhile needs no answer.
            if requests := [request for request in batch if not request.answer.done()]:
                task = asyncio.create_task(self._run(self._idle.pop(), requests), name="read")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _run(self, reader: aiosqlite.Connection, requests: Sequence[_Request]) -> None:
        try:
            answers = await run_in_thread(reader, partial(_answer, requests))
        except Exception as error:  # noqa: BLE001 - the connection failed; its callers are told
            answers = [error] * len(requests)
        finally:
            self._idle.append(reader)
        resolve_futures(answers, [request.answer for request in requests])
        self._send()


def _answer(requests: Sequence[_Request], connection: sqlite3.Connection) -> list[list[Row] | Exception]:
    """Run each query on its own: the error of one does not affect the others."""
    answers: list[list[Row] | Exception] = []
    for request in requests:
        try:
            answers.append(fetch(request.statement, request.values, connection))
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller is told
            answers.append(error)
    return answers


class SqliteDatabase(GroupedDatabase):
    """A database in one file."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(self._commit, together=True)
        self.wakeups = Wakeups()
        self._path = path
        self._read_only = read_only
        self._writer: aiosqlite.Connection | None = None
        self._writing = asyncio.Lock()
        self._readers = Readers()

    def __repr__(self) -> str:
        return f"SqliteDatabase({str(self._path)!r})"

    @property
    def file(self) -> Path | None:
        return self._path

    async def open(self) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise StoreError(
                f"SQLite {sqlite3.sqlite_version} is too old: {OLDEST[0]}.{OLDEST[1]} is needed."
            )
        async with AsyncExitStack() as connections:
            with TRANSLATED:
                if not self._read_only:
                    self._writer = await self._connect_writer(connections)
                for _ in range(READERS):
                    self._readers.add(await self._connect(connections, "ro"))
            # The readers were opened last and close first, so that the writer can checkpoint the whole log.
            self._connections = connections.pop_all()
        log.info("database_opened", dialect="sqlite", path=str(self._path), version=sqlite3.sqlite_version)

    async def exclusively(self, work: Callable[[Transaction], Awaitable[Outcome]]) -> Outcome:
        async with self._transaction() as transaction:
            return await work(transaction)

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        return await self._readers.fetch(query.on(Dialect.SQLITE), values)

    async def _connect(self, connections: AsyncExitStack, mode: str) -> aiosqlite.Connection:
        address = f"file:{quote(os.fsencode(self._path))}?mode={mode}"
        # A file that cannot be opened fails here: the driver's thread may report it to a loop that is closed.
        sqlite3.connect(address, uri=True).close()
        return await connections.enter_async_context(
            aiosqlite.connect(
                address,
                uri=True,
                timeout=BUSY_S,
                isolation_level=None,  # no implicit transactions
                cached_statements=256,
            )
        )

    async def _connect_writer(self, connections: AsyncExitStack) -> aiosqlite.Connection:
        _make_private(self._path)
        writer = await self._connect(connections, "rw")
        await _use_write_ahead_log(writer)
        for pragma in _WRITING:
            await writer.execute_fetchall(pragma)
        return writer

    async def _commit(self, batches: Sequence[Batch]) -> list[Sequence[Any]]:
        async with self._writing:
            return await run_in_thread(self._open_writer, partial(apply, batches))

    @property
    def _open_writer(self) -> aiosqlite.Connection:
        if self._writer is None:
            raise StoreError("The database is open for reading only.")
        return self._writer

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that may await other things: each of its statements is a thread call of its own."""
        writer = self._open_writer
        async with self._writing:
            try:
                # Inside the try: a caller cancelled here has begun all the same, in the connection's thread.
                await run_in_thread(writer, begin)
                yield SqliteTransaction(partial(run_in_thread, writer))
                await run_in_thread(writer, end)
            except BaseException:
                with suppress(sqlite3.Error):
                    await writer.rollback()
                raise


async def _use_write_ahead_log(writer: aiosqlite.Connection) -> None:
    """Switch the file to WAL; while another connection does so, SQLite reports busy without waiting."""
    deadline = asyncio.get_running_loop().time() + BUSY_S
    while True:
        try:
            (row,) = await writer.execute_fetchall("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.01)
        else:
            if row[0] != "wal":
                raise StoreError("SQLite cannot keep a write-ahead log there: put the file on a local disk.")
            return


def _make_private(path: Path) -> None:
    """Create the file where it is missing, for our own user only; its log gets the same permissions."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written: {error.strerror}.") from error
