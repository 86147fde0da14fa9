"""Named points in a job's life at which the bot's process is killed or suspended.

    accepting            T1 has written everything and not committed
    accepted             T1 is durable, no response has been sent
    answered             the receiver has shown the card's first revision and not confirmed it
    preparing            the inputs are prepared, and that is not recorded yet
    claimed              T2 is durable, and the sending is not recorded yet
    sending              the sending is recorded, and the create is not sent yet
    created              the provider has answered the create, and T3 is not durable yet
    submitted            T3 is durable
    fetched              the result is stored, T4 has not begun
    deciding             a held job goes on or ends, and that is not committed
    decided              it is durable, and nobody was told
    settling             T4 has written everything and not committed
    showing_progress     a revision that is not the last is about to be shown
    posting              the card's first message is about to be posted
    posted               it is posted, and that is not recorded yet
    editing              T4 is durable, the result is about to be shown
    edited               the result is shown, and that is not recorded yet

Only the first process that reaches the point is stopped there; the next one passes it.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Concatenate, Self

from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.requests import AnyRequest
from bot.domain.jobs.job import State
from bot.providers.base import Generation, Inputs, Page, Provider
from bot.store.database.base import (
    Database,
    Item,
    Operation,
    Outcome,
    Parameters,
    Result,
    Row,
    StoreUnavailable,
    Transaction,
)
from bot.store.database.named_sql import Query
from bot.store.queue.accept import accept
from bot.store.queue.claim import record_sending
from bot.store.queue.transition import Transition, transition


@dataclass(slots=True, kw_only=True)
class CrashPoint:
    """The point at which this process is killed or suspended, once over all its restarts."""

    point: str | None
    #: SIGKILL, or SIGSTOP until the test sends SIGCONT
    signal: signal.Signals
    #: a file that exists once it has happened
    mark: Path
    #: transactions that are open somewhere else in this process
    writing: int = 0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "CrashPoint":
        return cls(
            point=environment.get("CRASH_AT"),
            signal=signal.Signals[environment.get("CRASH_BY", "SIGKILL")],
            mark=Path(environment.get("CRASH_MARK", "crashed")),
        )

    async def reach(self, point: str) -> None:
        """Kill or suspend the process, if this is the point."""
        if point != self.point or self.mark.exists():
            return
        # Who is held keeps the rows that it has locked, and would hold up the others instead of their work.
        while self.signal is signal.SIGSTOP and self.writing:  # noqa: ASYNC110 - for a few turns of the loop
            await asyncio.sleep(0)
        self.mark.touch()
        os.kill(os.getpid(), self.signal)


class CrashingStore:
    """A store whose process may end before, in and after a write."""

    def __init__(self, store: Database, crash_point: CrashPoint) -> None:
        self._store = store
        self._crash_point = crash_point
        self.wakeups = store.wakeups

    @property
    def file(self) -> Path | None:
        return self._store.file

    @property
    def write_fault(self) -> StoreUnavailable | None:
        return self._store.write_fault

    async def open(self) -> None:
        await self._store.open()

    async def close(self) -> None:
        await self._store.close()

    async def write(
        self, operation: Operation[Item, Result], item: Item, *, max_delay_s: float = 0.0
    ) -> Result:
        before, within, after = _points(operation, item)
        await self._crash_point.reach(before)
        if within == self._crash_point.point:
            operation = self._ending(operation)
        self._crash_point.writing += 1
        try:
            result = await self._store.write(operation, item, max_delay_s=max_delay_s)
        finally:
            self._crash_point.writing -= 1
        await self._crash_point.reach(after)
        return result

    async def transact(
        self,
        function: Callable[Concatenate[Transaction, Parameters], Awaitable[Outcome]],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Outcome:
        self._crash_point.writing += 1
        try:
            return await self._store.transact(function, *args, **kwargs)
        finally:
            self._crash_point.writing -= 1

    def _ending(self, operation: Operation[Item, Result]) -> Operation[Item, Result]:
        async def end(transaction: Transaction, items: Sequence[Item]) -> Sequence[Result | Exception]:
            results = await operation(transaction, items)
            await self._crash_point.reach(self._crash_point.point or "")
            return results

        return end

    async def exclusively(self, work: Callable[[Transaction], Awaitable[Outcome]]) -> Outcome:
        return await self._store.exclusively(work)

    async def fetch(self, query: Query, /, **values: object) -> list[Row]:
        return await self._store.fetch(query, **values)

    async def one(self, query: Query, /, **values: object) -> Row | None:
        return await self._store.one(query, **values)

    async def __aenter__(self) -> Self:
        await self._store.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        await self._store.__aexit__(kind, error, traceback)


def _points(operation: object, item: object) -> tuple[str, str, str]:
    """Names of the points before, in and after a write; empty where there is none."""
    if operation is accept:
        return "", "accepting", "accepted"
    if operation is record_sending:
        return "claimed", "", ""
    if operation is transition and isinstance(item, Transition):
        return _points_of(item)
    return "", "", ""


def _points_of(item: Transition) -> tuple[str, str, str]:
    if item.before is State.HELD:
        return "", "deciding", "decided"
    if item.before is State.PREPARING:
        return "preparing", "", ""
    if item.after is State.SUBMITTED:
        return "", "", "submitted"
    if item.after is State.COMPLETED:
        return "fetched", "settling", ""
    return "", "", ""


class ForwardingProvider:
    """A provider that passes everything on."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name
        self.account = provider.account
        self.capabilities = provider.capabilities
        self.limits = provider.limits
        self.origin = provider.origin

    def fingerprint(self, request: AnyRequest, media: Inputs) -> str:
        return self._provider.fingerprint(request, media)

    async def upload(self, media: Inputs, *, end_user: str = "") -> Inputs:
        return await self._provider.upload(media, end_user=end_user)

    async def submit(
        self, request: AnyRequest, *, media: Inputs, callback_url: str | None, end_user: str = ""
    ) -> Generation:
        return await self._provider.submit(request, media=media, callback_url=callback_url, end_user=end_user)

    async def get(self, generation_id: str) -> Generation:
        return await self._provider.get(generation_id)

    async def page(self, *, limit: int, offset: int) -> Page:
        return await self._provider.page(limit=limit, offset=offset)

    async def delete(self, generation_id: str) -> None:
        await self._provider.delete(generation_id)

    async def check(self) -> int | None:
        return await self._provider.check()

    async def vocabulary(self) -> Vocabulary:
        return await self._provider.vocabulary()

    async def close(self) -> None:
        await self._provider.close()


class CrashingProvider(ForwardingProvider):
    """A provider whose caller may end right before or right after a create."""

    def __init__(self, provider: Provider, crash_point: CrashPoint) -> None:
        super().__init__(provider)
        self._crash_point = crash_point

    async def submit(
        self, request: AnyRequest, *, media: Inputs, callback_url: str | None, end_user: str = ""
    ) -> Generation:
        await self._crash_point.reach("sending")
        generation = await super().submit(request, media=media, callback_url=callback_url, end_user=end_user)
        await self._crash_point.reach("created")
        return generation
