"""Group commit: what piles up while a commit runs is the next, and an idle store answers at once.

What nobody waits for rides along with the next commit, or goes alone after a while.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.domain.errors import StoreError
from bot.store.database.base import (
    CommitUnknown,
    Item,
    NotWritable,
    Operation,
    Result,
    StoreUnavailable,
    Transaction,
)

#: items of one operation in one commit
BATCH_MAX = 256

#: the operator is told that nothing can be written, and again after so long
_TOLD_EVERY_S = 60.0

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class _Asked:
    """One caller's item, and where its answer goes."""

    item: Any
    answer: asyncio.Future[Any]


@dataclass(slots=True, kw_only=True)
class Batch:
    """Items that one operation writes together."""

    operation: Operation[Any, Any]
    asked: Sequence[_Asked]

    async def apply(self, transaction: Transaction) -> Sequence[Any]:
        results = await self.operation(transaction, [asked.item for asked in self.asked])
        if len(results) != len(self.asked):
            raise RuntimeError(
                f"{_name(self.operation)} gave {len(results)} results for {len(self.asked)} items"
            )
        return results

    def answer(self, results: Sequence[Any]) -> None:
        resolve_futures(results, [asked.answer for asked in self.asked])

    def halves(self) -> "list[Batch]":
        middle = len(self.asked) // 2
        parts = (self.asked[:middle], self.asked[middle:])
        return [Batch(operation=self.operation, asked=part) for part in parts]


def resolve_futures(results: Sequence[Any], answers: Sequence[asyncio.Future[Any]]) -> None:
    """Give each caller its result, or raise it there; who has left meanwhile is passed over."""
    for result, answer in zip(results, answers, strict=True):
        if answer.done():
            continue
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)


#: Run every batch in one transaction and commit it; the results come back in the order of the batches.
Commit = Callable[[Sequence[Batch]], Awaitable[Sequence[Sequence[Any]]]]


@dataclass(slots=True)
class _Line:
    """Items that share transactions."""

    waiting: dict[Operation[Any, Any], deque[_Asked]] = field(default_factory=dict)
    #: what goes with the next of the others, and at the latest then
    riding: dict[Operation[Any, Any], deque[_Asked]] = field(default_factory=dict)
    departure: asyncio.TimerHandle | None = None
    committing: asyncio.Task[None] | None = None

    def board(self) -> None:
        """Let what rides along go now."""
        for operation, asked in self.riding.items():
            self.waiting.setdefault(operation, deque()).extend(asked)
        self.riding.clear()
        if self.departure is not None:
            self.departure.cancel()
            self.departure = None

    def take(self) -> list[Batch]:
        batches = []
        for operation, waiting in list(self.waiting.items()):
            taken = [waiting.popleft() for _ in range(min(len(waiting), BATCH_MAX))]
            if not waiting:
                del self.waiting[operation]
            # whoever was cancelled before anything was done for it wants nothing done
            if asked := [one for one in taken if not one.answer.done()]:
                batches.append(Batch(operation=operation, asked=asked))
        return batches


class GroupCommit:
    """Collects writes and commits them, one transaction at a time.

    With `together` all operations share a transaction, as suits a database with one writer; without, each
    operation has its own line of transactions, so that one kind does not wait for another.
    """

    def __init__(self, commit: Commit, *, together: bool) -> None:
        self._commit = commit
        self._together = together
        #: why the last transaction failed, where the database was at fault
        self.fault: StoreUnavailable | None = None
        self._told_at: float | None = None
        self._closed = False
        self._lines: dict[Hashable, _Line] = {}

    async def write(
        self, operation: Operation[Item, Result], item: Item, *, max_delay_s: float = 0.0
    ) -> Result:
        if self._closed:
            raise StoreError("The store is closed.")
        loop = asyncio.get_running_loop()
        asked = _Asked(item=item, answer=loop.create_future())
        line = self._lines.setdefault(None if self._together else operation, _Line())
        if max_delay_s:
            line.riding.setdefault(operation, deque()).append(asked)
            line.departure = line.departure or loop.call_later(max_delay_s, self._depart, line)
        else:
            line.waiting.setdefault(operation, deque()).append(asked)
            self._start(line)
        result: Result = await asked.answer
        return result

    async def close(self) -> None:
        """Refuse what comes now, finish what was taken."""
        self._closed = True
        for line in self._lines.values():
            self._depart(line)
        if committing := [line.committing for line in self._lines.values() if line.committing is not None]:
            await asyncio.wait(committing)

    def _depart(self, line: _Line) -> None:
        line.board()
        self._start(line)

    def _start(self, line: _Line) -> None:
        if line.waiting and line.committing is None:
            # an empty context: what is committed for many callers is logged in the name of none
            line.committing = asyncio.create_task(
                self._drain(line), name=f"commit {_name(next(iter(line.waiting)))}", context=Context()
            )

    async def _drain(self, line: _Line) -> None:
        # between the last look into the line and its end nothing is awaited, so no item is left behind
        try:
            while line.waiting:
                line.board()
                if batches := line.take():
                    await self._settle(batches)
        finally:
            line.committing = None

    async def _settle(self, batches: Sequence[Batch]) -> None:
        """Commit together; where that fails, in ever smaller parts, until what is poisoned fails alone."""
        try:
            results = await self._commit(batches)
        except Exception as error:  # noqa: BLE001  whatever an operation raises is its callers' to know
            if isinstance(error, StoreUnavailable):
                self._note(error)
            parts = [] if isinstance(error, StoreUnavailable | CommitUnknown) else _parts(batches)
            if parts:
                # the error's text may quote what was to be written, so only its kind is logged
                kinds = [_name(batch.operation) for batch in batches]
                log.warning("batch_split", operations=kinds, error=type(error).__name__)
            else:
                for batch in batches:
                    batch.answer([error] * len(batch.asked))
            for part in parts:
                await self._settle(part)
        else:
            self._note(None)
            for batch, batch_results in zip(batches, results, strict=True):
                batch.answer(batch_results)

    def _note(self, fault: StoreUnavailable | None) -> None:
        """Remember the outcome, and tell the operator now and then that nothing can be written.

        On a disk that is nearly full small writes succeed between those that do not.
        """
        self.fault = fault
        if not isinstance(fault, NotWritable):
            return
        now = asyncio.get_running_loop().time()
        if self._told_at is None or now - self._told_at >= _TOLD_EVERY_S:
            self._told_at = now
            log.error("store_not_writable", error=type(fault).__name__, reason=str(fault))


def _parts(batches: Sequence[Batch]) -> list[list[Batch]]:
    if len(batches) > 1:
        return [[batch] for batch in batches]
    if len(batches[0].asked) > 1:
        return [[half] for half in batches[0].halves()]
    return []


def _name(operation: Operation[Any, Any]) -> str:
    return getattr(operation, "__qualname__", type(operation).__name__)
