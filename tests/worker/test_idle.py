"""Idle loops write and lock nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import Query
from tests.engine.conftest import Open
from tests.engine.harness import Engine


class Counting:
    """A database that counts its reads by name, and notes the statements that changed or locked a row."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changed: list[str] = []
        self.reads: dict[str, int] = {}
        self._operations: dict[Any, Callable[..., Awaitable[Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, operation: Any, item: Any, *, max_delay_s: float = 0.0) -> Any:
        counted = self._operations.setdefault(operation, self._counted(operation))
        return await self._database.write(counted, item, max_delay_s=max_delay_s)

    async def transact(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        async def counted(tx: Transaction) -> Any:
            return await function(_CountingTransaction(tx, self), *args, **kwargs)

        return await self._database.transact(counted)

    def _counted(self, operation: Any) -> Callable[..., Awaitable[Any]]:
        async def run(tx: Transaction, items: Sequence[Any]) -> Any:
            return await operation(_CountingTransaction(tx, self), items)

        return run

    async def fetch(self, query: Query, /, **values: object) -> Sequence[Row]:
        self.reads[query.name] = self.reads.get(query.name, 0) + 1
        return await self._database.fetch(query, **values)

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None


class _CountingTransaction:
    def __init__(self, tx: Transaction, counts: Counting) -> None:
        self._tx, self._counts = tx, counts

    def _note(self, query: Query, rows: int) -> None:
        self._counts.reads[query.name] = self._counts.reads.get(query.name, 0) + 1
        if rows and any(word in query.text.upper() for word in _WRITES):
            self._counts.changed.append(query.name)

    async def fetch(self, query: Query, /, **values: object) -> Sequence[Row]:
        rows = await self._tx.fetch(query, **values)
        self._note(query, len(rows))
        return rows

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None

    async def run(self, query: Query, /, **values: object) -> int:
        changed = await self._tx.run(query, **values)
        self._note(query, changed)
        return changed

    async def run_each(self, query: Query, rows: Sequence[Mapping[str, object]], /) -> None:
        await self._tx.run_each(query, rows)
        self._note(query, len(rows))


#: what marks a statement that writes or locks
_WRITES = ("INSERT", "UPDATE", "DELETE", "{{LOCKED", "{{SKIP_LOCKED")
QUICKER = {"retention_interval": 40, "outage_interval": 40}
#: a read of every loop
LOOPS = (
    "claim.due_preparation",
    "claim.any_waiting",
    "attempts.in_flight",
    "attempts.expired_claims",
    "attempts.overdue_in_queue",
    "attempts.stranded_jobs",
    "orphans.due",
    "cards.due",
    "cards.in_progress",
    "file_refs.expired",
    "accounts.count_notices",
    "accounts.list_accounts",
)


async def rounds(engine: Engine, store: Counting, many: int) -> None:
    """Let every loop go round so many times, while a minute passes each time."""
    for _ in range(many):
        before, lists = dict(store.reads), engine.provider.lists
        engine.advance(60_000)

        def gone_round(before: dict[str, int] = before, lists: int = lists) -> bool:
            read = all(store.reads.get(name, 0) > before.get(name, 0) for name in LOOPS)
            return read and engine.provider.lists > lists

        await engine.until(gone_round)


async def all_shown(engine: Engine) -> bool:
    """Nothing is left of what has happened, in the chat or in the store."""
    unfinished = "SELECT 1 FROM card WHERE shown_rev < wanted_rev OR lease_owner IS NOT NULL"
    settled = all(engine.chat.of(card)[-1].settled for card in engine.chat.places)
    return settled and not await engine.rows(unfinished)


async def test_an_idle_bot_writes_nothing(any_engine: Open) -> None:
    async with any_engine(
        wrap_store=Counting, times={"retention_interval": 40, "outage_interval": 40}
    ) as bot:
        store = bot.services.database
        assert isinstance(store, Counting)
        await bot.made()
        await bot.made("/animate a fox")
        await bot.until(lambda: all_shown(bot))
        await rounds(bot, store, 2)
        await bot.until(lambda: all_shown(bot))

        store.changed.clear()
        await rounds(bot, store, 5)

        assert [] == store.changed
