"""Group commit, and what both databases build on it: writes that arrive during a commit form the next one.

A write to an idle store starts at once. Deferred writes join the next commit, or start one after their delay.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AsyncExitStack
from contextvars import Context
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Concatenate, Self

import structlog

from bot.domain.errors import Refused, StoreError
from bot.store.database.base import (
    CommitUnknown,
    Item,
    NotWritable,
    Operation,
    Outcome,
    Parameters,
    Result,
    Row,
    StoreUnavailable,
    Transaction,
)
from bot.store.database.named_sql import Query

#: items of one operation in one commit
BATCH_MAX = 256
#: calls that run at the same time where each has a transaction of its own
_CALLS_AT_ONCE = 6
#: interval of the log event that nothing can be written
_REPORT_EVERY_S = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function of a transaction, with its other arguments."""

    function: Callable[..., Awaitable[Any]]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    async def run(self, transaction: Transaction) -> Any:
        return await self.function(transaction, *self.args, **self.kwargs)


@dataclass(slots=True, kw_only=True)
class _Request:
    """One caller's item and the future that takes its result."""

    item: Any
    answer: asyncio.Future[Any]


@dataclass(slots=True, kw_only=True)
class Batch:
    """Items that one operation writes together."""

    operation: Operation[Any, Any]
    requests: Sequence[_Request]

    async def apply(self, transaction: Transaction) -> Sequence[Any]:
        results = await self.operation(transaction, [request.item for request in self.requests])
        if len(results) != len(self.requests):
            raise RuntimeError(f"{self.name} gave {len(results)} results for {len(self.requests)} items")
        return results

    @property
    def name(self) -> str:
        """The operation's name, for the log; of calls those of their functions."""
        if self.operation is not call_each:
            return _name(self.operation)
        return ", ".join(sorted({_name(request.item.function) for request in self.requests}))

    def resolve(self, results: Sequence[Any]) -> None:
        resolve_futures(results, [request.answer for request in self.requests])

    def halves(self) -> "list[Batch]":
        middle = len(self.requests) // 2
        parts = (self.requests[:middle], self.requests[middle:])
        return [Batch(operation=self.operation, requests=part) for part in parts]


def resolve_futures(results: Sequence[Any], answers: Sequence[asyncio.Future[Any]]) -> None:
    """Set each caller's result or exception; skips callers that were cancelled."""
    for result, answer in zip(results, answers, strict=True):
        if answer.done():
            continue
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)


async def call_each(transaction: Transaction, calls: Sequence[Call]) -> list[Any]:
    """Run calls in one transaction. A Refused, raised before any change, fails its own caller alone."""
    results: list[Any] = []
    for call in calls:
        try:
            results.append(await call.run(transaction))
        except Refused as refusal:
            results.append(refusal)
    return results


#: Run every batch in one transaction and commit it; the results come back in the order of the batches.
Commit = Callable[[Sequence[Batch]], Awaitable[Sequence[Sequence[Any]]]]


@dataclass(slots=True)
class _Queue:
    """Items that share transactions."""

    #: items of one operation in one transaction
    batch_max: int = BATCH_MAX
    waiting: dict[Operation[Any, Any], deque[_Request]] = field(default_factory=dict)
    #: items that join the next commit, or are flushed by the timer
    deferred: dict[Operation[Any, Any], deque[_Request]] = field(default_factory=dict)
    flush_timer: asyncio.TimerHandle | None = None
    committing: asyncio.Task[None] | None = None

    def flush_deferred(self) -> None:
        """Queue the deferred items now."""
        for operation, requests in self.deferred.items():
            self.waiting.setdefault(operation, deque()).extend(requests)
        self.deferred.clear()
        if self.flush_timer is not None:
            self.flush_timer.cancel()
            self.flush_timer = None

    def take(self) -> list[Batch]:
        batches = []
        for operation, waiting in list(self.waiting.items()):
            taken = [waiting.popleft() for _ in range(min(len(waiting), self.batch_max))]
            if not waiting:
                del self.waiting[operation]
            # skip callers that were cancelled before their write began
            if requests := [one for one in taken if not one.answer.done()]:
                batches.append(Batch(operation=operation, requests=requests))
        return batches


class GroupCommit:
    """Collects writes and commits them.

    With `together` all writes share one queue, as suits a database with a single writer. Without it each
    operation has a queue of its own, so that one kind does not wait for another, and each call a transaction
    of its own: calls lock rows in no common order.
    """

    def __init__(self, commit: Commit, *, together: bool) -> None:
        self._commit = commit
        self._together = together
        #: why the last transaction failed, where the database was at fault
        self.fault: StoreUnavailable | None = None
        self._reported_at: float | None = None
        self._closed = False
        self._queues: dict[Hashable, _Queue] = {}
        self._call_queues = () if together else tuple(_Queue(batch_max=1) for _ in range(_CALLS_AT_ONCE))

    async def write(
        self, operation: Operation[Item, Result], item: Item, *, max_delay_s: float = 0.0
    ) -> Result:
        queue = self._queues.setdefault(None if self._together else operation, _Queue())
        return await self._enqueue(queue, operation, item, max_delay_s)

    async def transact(self, call: Call) -> Any:
        """Run a call in the common transaction, or where there is none in one of its own.

        Calls of one function about the same thing, which its first argument names, keep their order.
        """
        if self._together:
            return await self.write(call_each, call)
        subject = call.args[0] if call.args and isinstance(call.args[0], str) else ""
        queue = self._call_queues[hash((call.function, subject)) % _CALLS_AT_ONCE]
        return await self._enqueue(queue, call_each, call)

    async def _enqueue(
        self, queue: _Queue, operation: Operation[Item, Result], item: Item, max_delay_s: float = 0.0
    ) -> Result:
        if self._closed:
            raise StoreError("The store is closed.")
        loop = asyncio.get_running_loop()
        request = _Request(item=item, answer=loop.create_future())
        if max_delay_s:
            queue.deferred.setdefault(operation, deque()).append(request)
            queue.flush_timer = queue.flush_timer or loop.call_later(max_delay_s, self._flush, queue)
        else:
            queue.waiting.setdefault(operation, deque()).append(request)
            self._start(queue)
        result: Result = await request.answer
        return result

    async def close(self) -> None:
        """Refuse new writes and finish the accepted ones."""
        self._closed = True
        queues = (*self._queues.values(), *self._call_queues)
        for queue in queues:
            self._flush(queue)
        if committing := [queue.committing for queue in queues if queue.committing is not None]:
            await asyncio.wait(committing)

    def _flush(self, queue: _Queue) -> None:
        queue.flush_deferred()
        self._start(queue)

    def _start(self, queue: _Queue) -> None:
        if queue.waiting and queue.committing is None:
            # An empty context: the log fields of one caller must not appear in a commit for many.
            queue.committing = asyncio.create_task(
                self._drain(queue), name=f"commit {_name(next(iter(queue.waiting)))}", context=Context()
            )

    async def _drain(self, queue: _Queue) -> None:
        # Nothing is awaited between the last check of the queue and the end, so no item is missed.
        try:
            while queue.waiting:
                queue.flush_deferred()
                if batches := queue.take():
                    await self._commit_or_split(batches)
        finally:
            queue.committing = None

    async def _commit_or_split(self, batches: Sequence[Batch]) -> None:
        """Commit batches together; on failure in ever smaller parts, until a bad item fails alone."""
        try:
            results = await self._commit(batches)
        except Exception as error:  # noqa: BLE001 - whatever an operation raises goes to its callers
            if isinstance(error, StoreUnavailable):
                self._record_fault(error)
            parts = [] if isinstance(error, StoreUnavailable | CommitUnknown) else _parts(batches)
            if parts:
                # The error's text may quote what was to be written, so only its kind is logged.
                kinds = [batch.name for batch in batches]
                log.warning("batch_split", operations=kinds, error=type(error).__name__)
            else:
                for batch in batches:
                    batch.resolve([error] * len(batch.requests))
            for part in parts:
                await self._commit_or_split(part)
        else:
            self._record_fault(None)
            for batch, batch_results in zip(batches, results, strict=True):
                batch.resolve(batch_results)

    def _record_fault(self, fault: StoreUnavailable | None) -> None:
        """Record the outcome, and tell the operator from time to time that nothing can be written.

        On a nearly full disk small writes succeed between the failing ones, so a success resets no timer.
        """
        self.fault = fault
        if not isinstance(fault, NotWritable):
            return
        now = asyncio.get_running_loop().time()
        if self._reported_at is None or now - self._reported_at >= _REPORT_EVERY_S:
            self._reported_at = now
            log.error("store_not_writable", error=type(fault).__name__, reason=str(fault))


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


def _parts(batches: Sequence[Batch]) -> list[list[Batch]]:
    if len(batches) > 1:
        return [[batch] for batch in batches]
    if len(batches[0].requests) > 1:
        return [[half] for half in batches[0].halves()]
    return []


def _name(operation: Operation[Any, Any]) -> str:
    return getattr(operation, "__qualname__", type(operation).__name__)
