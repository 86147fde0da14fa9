"""Lets two replicas race: the first stops in the middle of its transaction until the second waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import Query
from tests.patience import PATIENCE_S

_WAITS_FOR_A_LOCK = Query("waits", "SELECT pid FROM pg_locks WHERE NOT granted")


@dataclass
class _Halt:
    """A function that stops before one of its statements until it may go on."""

    function: Callable[..., Awaitable[Any]]
    before: str
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, tx: Transaction, *args: Any, **kwargs: Any) -> Any:
        return await self.function(_Halting(tx, self), *args, **kwargs)


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
    function: Callable[..., Awaitable[Any]],
    *args: Any,
    before: str,
    meanwhile: Callable[[Database], Awaitable[Any]],
    **kwargs: Any,
) -> list[Any]:
    """Run a function in one replica's transaction, and `meanwhile` in the other until it waits for the first.

    The first stops before the statement `before`. Returns the results of both, or what they raised.
    """
    one, other = replicas
    halt = _Halt(function, before)
    begun = asyncio.create_task(one.transact(halt.run, *args, **kwargs))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await halt.reached.wait()
            waiting = asyncio.ensure_future(meanwhile(other))
            while not await one.fetch(_WAITS_FOR_A_LOCK):
                pass
    finally:
        halt.opened.set()
    return list(await asyncio.gather(begun, waiting, return_exceptions=True))
