"""SQLite: one writer connection with group commit, readers beside it, every commit on the disk.

SQLite before 3.51.3 can corrupt a file when two connections write or checkpoint at the same moment
(https://sqlite.org/wal.html#walresetbug): here one connection does both, and readers are opened read-only.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import quote, unquote, urlsplit

import aiosqlite
import structlog

from bot.domain.errors import StoreError
from bot.store.database import Item, Operation, Outcome, Result, Row, StoreUnavailable, Transaction, Violated
from bot.store.dialect import Dialect, Statement
from bot.store.grouping import Batch, GroupCommit
from bot.store.queries import Query
from bot.store.signals import Signals

READERS = 4
#: seconds to wait for another process, such as a backup, to leave the file
BUSY_S = 10.0
#: RETURNING (3.35) and JSON without being asked for (3.38)
OLDEST = (3, 38)

_WRITING = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    # a long read lets the log grow; what it took is given back at the next checkpoint
    "PRAGMA journal_size_limit = 67108864",
)
_ENVIRONMENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
}

log = structlog.get_logger()


def path_of(url: str) -> Path:
    """Read the path from `sqlite:///relative` or `sqlite:////absolute`."""
    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"))
    if parts.netloc or parts.query or not path or path == ":memory:":
        raise StoreError("An SQLite database is named sqlite:///relative/path or sqlite:////absolute/path.")
    return Path(path)


class SqliteDatabase:
    """The store in one file."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.signals = Signals()
        self._path = path
        self._read_only = read_only
        self._connections = AsyncExitStack()
        self._writer: aiosqlite.Connection | None = None
        self._writing = asyncio.Lock()
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._group = GroupCommit(self._commit, together=True)

    def __repr__(self) -> str:
        return f"SqliteDatabase({str(self._path)!r})"

    @property
    def dialect(self) -> Dialect:
        return Dialect.SQLITE

    async def open(self) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise StoreError(
                f"SQLite {sqlite3.sqlite_version} is too old: {OLDEST[0]}.{OLDEST[1]} is needed."
            )
        async with AsyncExitStack() as connections:
            with _translated():
                if not self._read_only:
                    self._writer = await self._connect_writer(connections)
                for _ in range(READERS):
                    self._readers.put_nowait(await self._connect(connections, "ro"))
            self._connections = connections.pop_all()
        log.info("database_opened", dialect="sqlite", path=str(self._path), version=sqlite3.sqlite_version)

    async def close(self) -> None:
        await self._group.close()
        # the readers were opened last and close first, so that the writer empties the log into the file
        await self._connections.aclose()

    async def write(self, operation: Operation[Item, Result], item: Item) -> Result:
        return await self._group.write(operation, item)

    async def exclusively(self, work: Callable[[Transaction], Awaitable[Outcome]]) -> Outcome:
        async with self._transaction() as transaction:
            return await work(transaction)

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        statement = query.on(Dialect.SQLITE)
        reader = await self._readers.get()
        try:
            return await _visit(reader, partial(_fetch, statement, values))
        finally:
            self._readers.put_nowait(reader)

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        await self.close()

    async def _connect(self, connections: AsyncExitStack, mode: str) -> aiosqlite.Connection:
        address = f"file:{quote(str(self._path))}?mode={mode}"
        # what cannot be opened fails here: the driver's thread may report it to a loop that is gone
        sqlite3.connect(address, uri=True).close()
        connection = await connections.enter_async_context(
            aiosqlite.connect(
                address,
                uri=True,
                timeout=BUSY_S,
                isolation_level=None,  # transactions begin and end where we say so
                cached_statements=256,
            )
        )
        connection.row_factory = _row  # type: ignore[assignment]  # any callable will do
        return connection

    async def _connect_writer(self, connections: AsyncExitStack) -> aiosqlite.Connection:
        _make_private(self._path)
        writer = await self._connect(connections, "rw")
        await _use_write_ahead_log(writer)
        for pragma in _WRITING:
            await writer.execute_fetchall(pragma)
        return writer

    async def _commit(self, batches: Sequence[Batch]) -> list[Sequence[Any]]:
        async with self._writing:
            return await _visit(self._open_writer, partial(_apply, batches))

    @property
    def _open_writer(self) -> aiosqlite.Connection:
        if self._writer is None:
            raise StoreError("The database is open for reading only.")
        return self._writer

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that may wait for more than itself: each of its statements is a visit."""
        writer = self._open_writer
        async with self._writing:
            await _visit(writer, _begin)
            try:
                yield _SqliteTransaction(partial(_visit, writer))
                await _visit(writer, _end)
            except BaseException:
                with suppress(sqlite3.Error):
                    await writer.rollback()
                raise


#: something that is done in the thread of a connection
Work: TypeAlias = Callable[[sqlite3.Connection], Outcome]


async def _visit(connection: aiosqlite.Connection, work: Work[Outcome]) -> Outcome:
    """Do several things with one way to the connection's thread and back.

    A statement takes some 20 µs and the way ten times that: a transaction of twenty statements would spend
    its time on the way, and so would all that wait behind it.
    """
    # The driver's own door, through which all of its methods go.
    done: Outcome = await connection._execute(work, connection._conn)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return done


def _apply(batches: Sequence[Batch], connection: sqlite3.Connection) -> list[Sequence[Any]]:
    """Run batches as one transaction."""

    async def here(work: Work[Outcome]) -> Outcome:
        return work(connection)

    transaction = _SqliteTransaction(here)
    _begin(connection)
    try:
        results = [_finish(batch.apply(transaction)) for batch in batches]
        _end(connection)
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise
    return results


def _finish(operation: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run an operation to its end: this thread has no loop, and its statements are answered at once."""
    try:
        while operation.send(None) is None:
            pass
    except StopIteration as end:
        done: Outcome = end.value
        return done
    operation.close()
    raise RuntimeError("An operation must not wait for anything but its transaction")


def _begin(connection: sqlite3.Connection) -> None:
    with _translated():
        connection.execute("BEGIN IMMEDIATE")


def _end(connection: sqlite3.Connection) -> None:
    with _translated():
        connection.commit()


class _SqliteTransaction:
    """Statements of one transaction, wherever they are run."""

    def __init__(self, do: Callable[[Work[Any]], Awaitable[Any]]) -> None:
        self._do = do

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        rows: list[Row] = await self._do(partial(_fetch, query.on(Dialect.SQLITE), values))
        return rows

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None

    async def run(self, query: Query, /, **values: object) -> int:
        changed: int = await self._do(partial(_run, query.on(Dialect.SQLITE), values))
        return changed


def _fetch(statement: Statement, values: Mapping[str, object], connection: sqlite3.Connection) -> list[Row]:
    with _translated():
        return connection.execute(statement.sql, statement.bind(values)).fetchall()


def _run(statement: Statement, values: Mapping[str, object], connection: sqlite3.Connection) -> int:
    with _translated():
        cursor = connection.execute(statement.sql, statement.bind(values))
        if cursor.description:  # RETURNING: the statement has run when its rows are fetched
            return len(cursor.fetchall())
        if cursor.rowcount >= 0 or not statement.sql.upper().startswith("WITH"):
            return max(cursor.rowcount, 0)
        # the driver counts only for statements that begin with INSERT, UPDATE or DELETE
        (row,) = connection.execute("SELECT changes() AS changed").fetchall()
        return int(row["changed"])


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


async def _use_write_ahead_log(writer: aiosqlite.Connection) -> None:
    """Switch the file over; while another connection does so, SQLite says busy at once instead of waiting."""
    deadline = asyncio.get_running_loop().time() + BUSY_S
    while True:
        try:
            (row,) = await writer.execute_fetchall("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.01)
        else:
            if row["journal_mode"] != "wal":
                raise StoreError("SQLite cannot keep a write-ahead log there: put the file on a local disk.")
            return


def _make_private(path: Path) -> None:
    """Make the file where it is missing, for our own user only; its log gets the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Violated(str(error)) from error
    except sqlite3.Error as error:
        # the lower byte is the kind, the upper ones its variety: https://sqlite.org/rescode.html
        outside = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _ENVIRONMENT
        raise (StoreUnavailable if outside else StoreError)(str(error)) from error
