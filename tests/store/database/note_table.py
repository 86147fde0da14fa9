"""A table with its queries and operations, for the tests of the database layer."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.errors import NotAllowed
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import Query
from tests.patience import PATIENCE_S

CREATE = "CREATE TABLE note (id TEXT PRIMARY KEY, body TEXT, amount BIGINT NOT NULL CHECK (amount >= 0))"
INSERT = Query(
    "insert",
    "INSERT INTO note (id, body, amount)"
    " SELECT id, body, amount FROM {{rows items (id text, body text, amount bigint)}} AS r",
)
ADD = Query("add", "UPDATE note SET amount = amount + CAST(:amount AS bigint) WHERE id = :id")
ALL = Query("all", "SELECT id, body, amount FROM note ORDER BY id")
AMOUNT = Query("amount", "SELECT amount FROM note WHERE id = :id")
COUNT = Query("count", "SELECT count(*) AS notes FROM note")


async def count(database: Database) -> int:
    row = await database.one(COUNT)
    assert row is not None
    return int(row["notes"])


@dataclass
class Writing:
    """An operation that inserts notes, and remembers in which groups it was asked to."""

    #: sizes of the groups in the order in which they were run
    groups: list[int] = field(default_factory=list)
    #: each group's transaction
    transactions: list[Transaction] = field(default_factory=list)
    #: ids that are refused without writing them
    refused: frozenset[str] = frozenset()

    async def insert(self, transaction: Transaction, ids: Sequence[str]) -> Sequence[str | Exception]:
        self.groups.append(len(ids))
        self.transactions.append(transaction)
        wanted = [one for one in ids if one not in self.refused]
        await transaction.run(INSERT, items=[{"id": one, "amount": 1} for one in wanted])
        return [NotAllowed(one) if one in self.refused else f"wrote {one}" for one in ids]


class Opening:
    """An event for who waits in a loop, and for who waits in a thread without one."""

    def __init__(self) -> None:
        self._in_loop = asyncio.Event()
        self._in_thread = threading.Event()

    def set(self) -> None:
        self._in_loop.set()
        self._in_thread.set()

    async def wait(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._in_thread.wait(timeout=PATIENCE_S)
        else:
            await self._in_loop.wait()


@dataclass
class Gate:
    """An operation that inserts notes and then waits, inside its transaction, until it may go on."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    opened: Opening = field(default_factory=Opening)

    async def insert(self, transaction: Transaction, ids: Sequence[str]) -> Sequence[str]:
        await transaction.run(INSERT, items=[{"id": one, "amount": 1} for one in ids])
        self.loop.call_soon_threadsafe(self.entered.set)
        await self.opened.wait()
        return list(ids)
