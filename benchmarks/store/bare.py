"""The limit of accepting commands: the statements of Reverie's own batches, run again by bare SQLite.

A run of Reverie records what each of its transactions executed. The same transactions are then executed on an
empty file with `sqlite3` alone: nothing is decided, no event loop runs, nobody waits for an answer.
"""

import shutil
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.store.load import closed_loop, new_file, on_sqlite
from benchmarks.store.separate import PRAGMAS
from bot.store.database.base import Row, Transaction
from bot.store.database.dialect import Dialect
from bot.store.database.named_sql import Query
from bot.store.queue.accept import accept
from bot.store.queue.acceptance import Acceptance, AcceptedCard


@dataclass(slots=True)
class Recording:
    """Transactions, and how many commands they accepted."""

    transactions: list[list[tuple[str, list[Any]]]] = field(default_factory=list)
    commands: int = 0

    async def accept(
        self, tx: Transaction, items: Sequence[Acceptance]
    ) -> Sequence[AcceptedCard | Exception]:
        """Accept as Reverie does, and record the statements."""
        statements: list[tuple[str, list[Any]]] = []
        answers = await accept(_Recorded(tx, statements), items)
        self.transactions.append(statements)
        self.commands += len(items)
        return answers

    def replay(self, file: Path) -> Mapping[str, float]:
        """Commands a second with the recorded transactions on an empty file."""
        copy = file.with_name("replayed.db")
        shutil.copyfile(file, copy)
        with closing(sqlite3.connect(copy, isolation_level=None, cached_statements=256)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            for pragma in PRAGMAS:
                connection.execute(pragma)
            began = time.perf_counter()
            for statements in self.transactions:
                connection.execute("BEGIN IMMEDIATE")
                for sql, values in statements:
                    connection.execute(sql, values).fetchall()
                connection.execute("COMMIT")
            took = time.perf_counter() - began
        copy.unlink()
        return {"rate": self.commands / took}


class _Recorded:
    """A transaction that writes down what it runs."""

    def __init__(self, tx: Transaction, statements: list[tuple[str, list[Any]]]) -> None:
        self._tx = tx
        self._statements = statements

    def _record(self, query: Query, values: Mapping[str, object]) -> None:
        statement = query.on(Dialect.SQLITE)
        self._statements.append((statement.sql, statement.bind(values)))

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        self._record(query, values)
        return await self._tx.fetch(query, **values)

    async def one(self, query: Query, /, **values: object) -> Row | None:
        self._record(query, values)
        return await self._tx.one(query, **values)

    async def run(self, query: Query, /, **values: object) -> int:
        self._record(query, values)
        return await self._tx.run(query, **values)

    async def run_each(self, query: Query, rows: Sequence[Mapping[str, object]], /) -> None:
        for row in rows:
            self._record(query, row)
        await self._tx.run_each(query, rows)


async def recorded(folder: Path, *, waiting: int, seconds: float) -> tuple[Recording, Path]:
    """Record a run of Reverie; returns it with an empty file to replay it on."""
    recording = Recording()
    async with on_sqlite(folder / "recorded") as database:
        operation = recording.accept
        await closed_loop(lambda item: database.write(operation, item), waiting=waiting, seconds=seconds)
    return recording, new_file(folder / "empty")
