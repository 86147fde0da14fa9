"""Has two replicas meet in the middle of their transactions, where races are decided."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.store.database.base import Database, Operation, Row, Transaction
from bot.store.database.named_sql import Query
from tests.patience import PATIENCE_S

_WAITS_FOR_A_LOCK = Query("waits", "SELECT pid FROM pg_locks WHERE NOT granted")


@dataclass
class _Halt:
    """An operation that stops before one of its statements until it may go on."""

    operation: Operation[Any, Any]
    before: str
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, tx: Transaction, items: Sequence[Any]) -> Sequence[Any]:
        return await self.operation(_Halting(tx, self), items)


@dataclass
class _Halting:
    tx: Transaction
    halt: _Halt

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        return await self.tx.fetch(query, **values)

    async def one(self, query: Query, /, **values: object) -> Row | None:
        return await self.tx.one(query, **values)

    async def run(self, query: Query, /, **values: object) -> int:
        if query.name == self.halt.before:
            self.halt.reached.set()
            await self.halt.opened.wait()
        return await self.tx.run(query, **values)


async def meet(
    replicas: tuple[Database, Database],
    operation: Operation[Any, Any],
    item: object,
    *,
    before: str,
    meanwhile: Callable[[Database], Awaitable[Any]],
) -> list[Any]:
    """Have one replica write an item, and the other something `meanwhile`, until it waits for the first.

    The first stops before the statement `before`. Answers the results of both, or what they raised.
    """
    one, other = replicas
    halt = _Halt(operation, before)
    begun = asyncio.create_task(one.write(halt.run, item))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await halt.reached.wait()
            waiting = asyncio.ensure_future(meanwhile(other))
            while not await one.fetch(_WAITS_FOR_A_LOCK):
                pass
    finally:
        halt.opened.set()
    return list(await asyncio.gather(begun, waiting, return_exceptions=True))
