"""The interface of a database, and its errors.

StoreError
├── ConstraintViolated   a constraint refused the row
├── StoreUnavailable     nothing was written: retry later
│   └── NotWritable      the operator must act before anything can be written
│       ├── StoreFull    free space on its disk
│       └── StoreReadOnly
├── CommitUnknown        the outcome is unknown: repeat it, every write is idempotent
└── NewerDatabase        install the newer program (see `migrate`)
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeAlias, TypeVar

from bot.domain.errors import StoreError
from bot.store.database.named_sql import Query
from bot.store.database.wakeups import Wakeups


class ConstraintViolated(StoreError):
    """A constraint of the database refused the row."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or cannot write; nothing was stored."""


class NotWritable(StoreUnavailable):
    """The database accepts no writes."""


class StoreFull(NotWritable):
    """The disk of the database is full."""


class StoreReadOnly(NotWritable):
    """The database is read-only."""


class CommitUnknown(StoreError):
    """The connection broke during the commit, so its outcome is unknown."""


#: a row: its columns by name, the same from either database
Row: TypeAlias = Mapping[str, Any]


class Transaction(Protocol):
    """A transaction.

    An error ends it: do not catch it, because PostgreSQL accepts no further statement after one.
    """

    async def fetch(self, query: Query, /, **values: object) -> list[Row]: ...

    async def one(self, query: Query, /, **values: object) -> Row | None:
        """Return the first row."""
        ...

    async def run(self, query: Query, /, **values: object) -> int:
        """Return how many rows were changed."""
        ...

    async def run_each(self, query: Query, rows: Sequence[Mapping[str, object]], /) -> None:
        """Run a statement for each of the rows, whose columns are its values."""
        ...


Item = TypeVar("Item")
Result = TypeVar("Result")
Outcome = TypeVar("Outcome")
Parameters = ParamSpec("Parameters")

#: A write over a batch of items: one result for each, in their order. An exception among the results refuses
#: that item alone. One that is raised rolls the whole batch back, which is then tried again in parts. So an
#: operation may run more than once and must have no effect but through the transaction; nor may it await
#: anything else, because it may run where there is no event loop.
Operation: TypeAlias = Callable[[Transaction, Sequence[Item]], Awaitable[Sequence[Result | Exception]]]


class Database(Protocol):
    """A durable store: grouped writes, concurrent reads."""

    wakeups: Wakeups

    @property
    def file(self) -> Path | None:
        """The file that holds it; None for a server."""
        ...

    @property
    def write_fault(self) -> StoreUnavailable | None:
        """Why the last write failed, where the database was at fault; None after a successful one."""
        ...

    async def open(self) -> None:
        """Connect; raises StoreUnavailable if the server does not respond."""
        ...

    async def close(self) -> None:
        """Refuse new writes, finish those in progress, and disconnect."""
        ...

    async def write(
        self, operation: Operation[Item, Result], item: Item, *, max_delay_s: float = 0.0
    ) -> Result:
        """Write an item in one batch with all others of that moment; returns once it is durable.

        With `max_delay_s` it joins the next commit, and starts one of its own where none comes within that
        time. Items share a batch only where the operation is the same object or an equal bound method.
        """
        ...

    async def transact(
        self,
        function: Callable[Concatenate[Transaction, Parameters], Awaitable[Outcome]],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Outcome:
        """Run a function in a transaction and return its result once that is durable.

        Like an Operation it may run again, and awaits only the transaction. It may raise Refused only before
        its first change.
        """
        ...

    async def exclusively(self, work: Callable[[Transaction], Awaitable[Outcome]]) -> Outcome:
        """Run a transaction under a lock that all processes share."""
        ...

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        """Read what is committed; a query that would write is refused."""
        ...

    async def one(self, query: Query, /, **values: object) -> Row | None:
        """Read the first row."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
