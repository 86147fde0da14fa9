"""The common part of SQLite and PostgreSQL: writes through group commit, reads through `fetch`."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Concatenate, Self

from bot.store.database.base import (
    Item,
    Operation,
    Outcome,
    Parameters,
    Result,
    Row,
    StoreUnavailable,
    Transaction,
)
from bot.store.database.group_commit import Call, Commit, GroupCommit
from bot.store.database.named_sql import Query


class GroupedDatabase(ABC):
    """A `Database` whose subclass connects, commits batches and reads."""

    def __init__(self, commit: Commit, *, together: bool) -> None:
        """`together` commits everything that waits in one transaction; else each operation has its own."""
        self._group = GroupCommit(commit, together=together)
        #: closed in reverse order, after the last write
        self._connections = AsyncExitStack()

    @property
    def write_fault(self) -> StoreUnavailable | None:
        return self._group.fault

    @abstractmethod
    async def open(self) -> None: ...

    async def close(self) -> None:
        await self._group.close()
        await self._connections.aclose()

    async def write(
        self, operation: Operation[Item, Result], item: Item, *, max_delay_s: float = 0.0
    ) -> Result:
        return await self._group.write(operation, item, max_delay_s=max_delay_s)

    async def transact(
        self,
        function: Callable[Concatenate[Transaction, Parameters], Awaitable[Outcome]],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Outcome:
        outcome: Outcome = await self._group.transact(Call(function, args, kwargs))
        return outcome

    @abstractmethod
    async def fetch(self, query: Query, /, **values: object) -> list[Row]: ...

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
