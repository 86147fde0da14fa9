"""What the store asks of a database, and the choice between the two.

StoreError
├── Violated             a constraint refused the row
├── StoreUnavailable     nothing was written: try again later
│   └── NotWritable      nothing can be written until the operator has mended it
│       ├── StoreFull    make room on its disk
│       └── StoreReadOnly
├── CommitUnknown        written or not, nobody knows: do it again, for every write is idempotent
└── NewerDatabase        install the newer program (see `migrating`)
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias, TypeVar

from bot.domain.errors import StoreError
from bot.store.database.dialect import Dialect
from bot.store.database.named_sql import Query
from bot.store.database.wakeups import Wakeups


class ConstraintViolated(StoreError):
    """A constraint of the database refused the row."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or cannot write; nothing was stored."""


class NotWritable(StoreUnavailable):
    """The database takes no writes."""


class StoreFull(NotWritable):
    """The disk of the database is full."""


class StoreReadOnly(NotWritable):
    """The database is read-only."""


class CommitUnknown(StoreError):
    """The connection broke while the commit was on its way: it may or may not be stored."""


#: a row's columns by name, the same from either database
Row: TypeAlias = Mapping[str, Any]


class Transaction(Protocol):
    """Statements that become durable together, or not at all.

    An error ends it: let it pass, for PostgreSQL takes no further statement after one.
    """

    async def fetch(self, query: Query, /, **values: object) -> list[Row]: ...

    async def one(self, query: Query, /, **values: object) -> Row | None:
        """Answer the first row."""
        ...

    async def run(self, query: Query, /, **values: object) -> int:
        """Answer how many rows were changed."""
        ...


Item = TypeVar("Item")
Result = TypeVar("Result")
Outcome = TypeVar("Outcome")

#: A write over a set of items: one result for each, in their order. An exception among the results is the
#: refusal of that item alone; one that is raised undoes the whole set, which is then tried again in parts.
#: So it may be run more than once and must have no effect but through the transaction; nor may it wait for
#: anything else, because it may be run where there is no loop.
Operation: TypeAlias = Callable[[Transaction, Sequence[Item]], Awaitable[Sequence[Result | Exception]]]


class Database(Protocol):
    """A durable store: writes in groups, reads beside them."""

    wakeups: Wakeups

    @property
    def file(self) -> Path | None:
        """The file that holds it; None for a server's."""
        ...

    @property
    def write_fault(self) -> StoreUnavailable | None:
        """Why the last write failed, where the database was at fault; None after one that did not."""
        ...

    @property
    def dialect(self) -> Dialect: ...

    async def open(self) -> None:
        """Connect; raises StoreUnavailable where nobody answers."""
        ...

    async def close(self) -> None:
        """Take no more writes, finish those in hand, and disconnect."""
        ...

    async def write(
        self, operation: Operation[Item, Result], item: Item, *, max_delay_s: float = 0.0
    ) -> Result:
        """Have an item written, together with all others of that moment; returns once it is durable.

        With patience it rides along with the next commit, and goes alone where none comes within that time.
        Items meet only where the operation is the same object or an equal bound method.
        """
        ...

    async def exclusively(self, work: Callable[[Transaction], Awaitable[Outcome]]) -> Outcome:
        """Run a transaction of which there is only one at a time, over all processes."""
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
