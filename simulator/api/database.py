"""The simulator's own SQLite file: one row per generation, nothing that matters anywhere else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiosqlite

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
  id      TEXT PRIMARY KEY,
  balance INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS generation (
  seq               INTEGER PRIMARY KEY AUTOINCREMENT,
  id                TEXT NOT NULL UNIQUE,
  account           TEXT NOT NULL REFERENCES account (id),
  lane              TEXT NOT NULL,
  output            TEXT NOT NULL,
  model             TEXT NOT NULL,
  prompt            TEXT NOT NULL,
  request           TEXT NOT NULL,
  asset             TEXT NOT NULL,
  callback_url      TEXT,
  base_url          TEXT NOT NULL,
  created_at        INTEGER NOT NULL,
  dreaming_at       INTEGER NOT NULL,
  due_at            INTEGER NOT NULL,
  ends_at           INTEGER,
  failure_reason    TEXT,
  fate              TEXT,
  cost              INTEGER NOT NULL,
  refunded          INTEGER NOT NULL DEFAULT 0,
  reference_urls    TEXT NOT NULL,
  awaits_references INTEGER NOT NULL,
  announced         TEXT,
  announce_at       INTEGER,
  deleted_at        INTEGER,
  width             INTEGER,
  height            INTEGER,
  duration_ms       INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS generation_recent ON generation (account, lane, created_at);
CREATE INDEX IF NOT EXISTS generation_running ON generation (account, lane, ends_at) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS generation_listed ON generation (account, seq) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS generation_failing ON generation (account)
  WHERE failure_reason IS NOT NULL AND refunded = 0;
CREATE INDEX IF NOT EXISTS generation_waiting ON generation (seq) WHERE awaits_references = 1;
CREATE INDEX IF NOT EXISTS generation_announcing ON generation (announce_at) WHERE announce_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS fault (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  kind    TEXT NOT NULL,
  moment  TEXT NOT NULL,
  "on"    TEXT NOT NULL,
  times   INTEGER NOT NULL,
  account TEXT,
  match   TEXT,
  reason  TEXT,
  ms      INTEGER
) STRICT;
"""

_PRAGMAS = """
PRAGMA journal_mode = WAL;
-- A commit outlives the process being killed, which is all that a simulator must survive; a power cut may
-- take the last moments with it.
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 5000;
"""

Row = Sequence[Any]


class Database:
    """One connection that writes, a transaction at a time, and one that reads meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._exits = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._writer: aiosqlite.Connection
        self._reader: aiosqlite.Connection

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # It holds people's prompts; what SQLite puts beside it gets the same rights.
            self._path.touch(mode=0o600)
            self._writer = await exits.enter_async_context(self._connect())
            await self._writer.executescript(_SCHEMA)
            self._reader = await exits.enter_async_context(self._connect())
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Write all or nothing; durable when the block has ended."""
        async with self._turn:
            try:
                await self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.commit()
            except BaseException:
                # Statements run in the order in which they were asked for, so whatever a cancelled
                # caller no longer waits for is over, or is undone, before the next transaction begins.
                await self._writer.rollback()
                raise

    async def write(self, statement: str, parameters: dict[str, Any]) -> list[Row]:
        async with self.transaction() as connection:
            return list(await connection.execute_fetchall(statement, parameters))

    async def read(self, statement: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        return list(await self._reader.execute_fetchall(statement, parameters or {}))

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[aiosqlite.Connection]:
        async with aiosqlite.connect(self._path, isolation_level=None) as connection:
            await connection.executescript(_PRAGMAS)
            yield connection
