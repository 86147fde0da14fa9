"""The simulator's own SQLite file: accounts, generations and fault rules."""

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

CREATE TABLE IF NOT EXISTS uploaded_file (
  seq            INTEGER PRIMARY KEY AUTOINCREMENT,
  id             TEXT NOT NULL UNIQUE,
  account        TEXT NOT NULL,
  mime_type      TEXT NOT NULL,
  size_bytes     INTEGER NOT NULL,
  purpose        TEXT NOT NULL,
  filename       TEXT,
  user_id        TEXT,
  expires_at     TEXT,
  created_at     INTEGER NOT NULL,
  ready_at       INTEGER,
  failure_reason TEXT,
  deleted_at     INTEGER
) STRICT;

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
-- A commit survives kill -9, which is all that a simulator must survive; a power cut may lose the last ones.
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 5000;
"""

Row = Sequence[Any]


class Database:
    """One connection for writing, one transaction at a time, and one for reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._exits = AsyncExitStack()
        self._write_lock = asyncio.Lock()
        self._writer: aiosqlite.Connection
        self._reader: aiosqlite.Connection

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # It holds people's prompts; SQLite gives the files beside it the same mode.
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
        """Run a write transaction; it is committed when the block ends."""
        async with self._write_lock:
            try:
                await self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.commit()
            except BaseException:
                # aiosqlite runs statements in the order of the calls, so what a cancelled caller no longer
                # waits for has ended, or is rolled back, before the next transaction begins.
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
