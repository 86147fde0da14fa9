"""PostgreSQL: batches of writes, each operation in transactions of its own, for any number of replicas."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog

from bot.domain.errors import StoreError
from bot.store.database.base import (
    CommitUnknown,
    NotWritable,
    Outcome,
    Row,
    StoreReadOnly,
    StoreUnavailable,
    Transaction,
)
from bot.store.database.dialect import Dialect
from bot.store.database.group_commit import Batch, GroupedDatabase
from bot.store.database.named_sql import Query
from bot.store.database.pg_notify import Notifier
from bot.store.database.postgres_errors import LOST, REFUSED, Connection, Contended, translated
from bot.store.database.postgres_sessions import (
    CONNECT_S,
    LISTEN_REMEDY,
    SessionKind,
    direct_sessions,
    first_connection,
)

#: connections per replica, besides the one for notifications
WRITERS, READERS = 8, 4
#: no statement of ours takes as long: a longer wait means a dead network
STATEMENT_S = 60.0
#: pauses before a transaction is retried
PAUSES_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)

#: any number that no other program locks in the same database
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(8241937520164)"

log = structlog.get_logger()


class PostgresDatabase(GroupedDatabase):
    """A database on a server, shared by replicas."""

    def __init__(self, url: str, *, read_only: bool = False, direct_url: str | None = None) -> None:
        super().__init__(self._commit, together=False)
        self._url = url
        self._read_only = read_only
        self._sessions = direct_sessions(url)
        self._direct_url = direct_url
        self._writers: asyncpg.Pool | None = None
        self._readers: asyncpg.Pool | None = None
        self._notifier = Notifier(self._connect_to_listen)
        self.wakeups = self._notifier.wakeups

    def __repr__(self) -> str:
        return f"PostgresDatabase({_address(self._url)!r})"

    @property
    def file(self) -> Path | None:
        return None

    async def open(self) -> None:
        async with AsyncExitStack() as connections:
            with translated():
                # This connection checks that the server responds; the pools connect on first use.
                first, self._sessions = await first_connection(self._url)
                if self._direct_url is None and not self._sessions.pooled:
                    await self._notifier.open(first)
                else:
                    await first.close()
                    if self.listens:
                        await self._notifier.open()
                connections.push_async_callback(self._notifier.close)
                self._readers = await self._pool(connections, READERS, self._sessions.reading)
                if not self._read_only:
                    self._writers = await self._pool(connections, WRITERS, self._sessions.writing)
            self._connections = connections.pop_all()
        log.info(
            "database_opened", dialect="postgres", address=_address(self._url), pooled=self._sessions.pooled
        )
        if not self.listens:
            log.info("replicas_not_notified", remedy=LISTEN_REMEDY)

    @property
    def listens(self) -> bool:
        """Whether wake-ups of other replicas arrive at once, over a connection of our own."""
        return not self._sessions.pooled or self._direct_url is not None

    async def exclusively(self, work: Callable[[Transaction], Awaitable[Outcome]]) -> Outcome:
        async def alone(transaction: Transaction) -> Outcome:
            await transaction.fetch(Query("one_at_a_time", _ONE_AT_A_TIME))
            return await work(transaction)

        if self._read_only:
            raise StoreError("The database is open for reading only.")
        with translated():
            connection = await self._sessions.connect(self._sessions.writing)
        try:
            # A connection of its own, on which a statement may wait and run as long as it needs.
            return await _transact(connection, alone, self._sessions.writing.begin)
        finally:
            await connection.close()

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        async def read() -> list[Row]:
            async with _acquired(self._readers) as connection:
                begin = self._sessions.reading.begin
                if begin is None:
                    return await _PostgresTransaction(connection).fetch(query, **values)
                return await _transact(connection, lambda tx: tx.fetch(query, **values), begin)

        return await self._persist(read)

    async def _connect_to_listen(self) -> asyncpg.Connection:
        sessions = direct_sessions(self._direct_url or self._url)
        return await sessions.connect(sessions.writing)

    async def _pool(self, connections: AsyncExitStack, size: int, kind: SessionKind) -> asyncpg.Pool:
        return await connections.enter_async_context(
            asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=size,
                init=kind.init,  # type: ignore[arg-type]  # the stubs ask for a parameter called `con`
                reset=_leave_as_is,
                timeout=CONNECT_S,
                command_timeout=STATEMENT_S,
                **kind.options,
            )
        )

    async def _commit(self, batches: Sequence[Batch]) -> list[Sequence[Any]]:
        async def apply(transaction: Transaction) -> list[Sequence[Any]]:
            return [await batch.apply(transaction) for batch in batches]

        async def once() -> list[Sequence[Any]]:
            async with _acquired(self._writers) as connection:
                try:
                    return await _transact(connection, apply, self._sessions.writing.begin)
                except StoreReadOnly:
                    # After a failover the old server may go on read-only: reconnect to find the new one.
                    connection.terminate()
                    raise

        return await self._persist(once)

    async def _persist(self, attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Retry what was certainly rolled back: a deadlock, or a connection that broke before the commit."""
        for pause_s in PAUSES_S:
            try:
                return await attempt()
            except NotWritable:
                raise  # the operator has to fix it
            except (Contended, StoreUnavailable) as error:
                if isinstance(error.__cause__, TimeoutError):
                    raise  # too many retries
                log.info("transaction_retried", error=type(error.__cause__).__name__, pause_s=pause_s)
            await asyncio.sleep(pause_s)
        return await attempt()


class _PostgresTransaction:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        statement = query.on(Dialect.POSTGRES)
        with translated(self._connection):
            rows = await self._connection.fetch(statement.sql, *statement.bind(values))
        return [dict(row.items()) for row in rows]

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None

    async def run(self, query: Query, /, **values: object) -> int:
        statement = query.on(Dialect.POSTGRES)
        with translated(self._connection):
            status = await self._connection.execute(statement.sql, *statement.bind(values))
        count = status.rpartition(" ")[2]  # `UPDATE 3`, `INSERT 0 3`, `CREATE TABLE`
        return int(count) if count.isdigit() else 0

    async def run_each(self, query: Query, rows: Sequence[Mapping[str, object]], /) -> None:
        statement = query.on(Dialect.POSTGRES)
        with translated(self._connection):
            await self._connection.executemany(statement.sql, [statement.bind(row) for row in rows])


async def _transact(
    connection: Connection, work: Callable[[Transaction], Awaitable[Outcome]], begin: str | None
) -> Outcome:
    try:
        # Inside the try: a caller cancelled here may have begun a transaction, which nobody may continue.
        with translated(connection):
            await connection.execute(begin or "BEGIN")
        outcome = await work(_PostgresTransaction(connection))
    except BaseException:
        with suppress(*LOST, *REFUSED):
            await connection.execute("ROLLBACK")
        raise
    try:
        with translated(connection):
            status = await connection.execute("COMMIT")
    except StoreUnavailable as error:
        raise CommitUnknown from error
    if status != "COMMIT":
        # The server reports a rollback, and no error, where a statement failed and its error was caught.
        raise StoreError("The transaction was rolled back, because one of its statements had failed.")
    return outcome


@asynccontextmanager
async def _acquired(pool: asyncpg.Pool | None) -> AsyncIterator[Connection]:
    if pool is None:
        raise StoreError("The database is not open for this.")
    with translated():
        connection = await pool.acquire()
    try:
        yield connection
    finally:
        # A broken connection cannot be released properly; the pool replaces it.
        with suppress(*LOST, *REFUSED):
            await pool.release(connection)


async def _leave_as_is(_: object) -> None:
    """Skip the round trip of a reset: every transaction ends in its block and none changes the session."""


def _address(url: str) -> str:
    """The server's name without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'local'}{parts.path}"
