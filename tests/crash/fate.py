"""Where and how the bot's process meets its end: named points on a job's way.

    accepting            T1 has written everything and not committed
    accepted             T1 is durable, nobody has been answered
    answered             the inlet has shown the card's first revision and not said so
    preparing            what the job builds on is checked, and that is not yet noted
    claimed              T2 is durable, and the sending is not yet noted
    sending              the sending is noted, and the create has not left
    created              the provider has answered the create, and T3 is not yet durable
    submitted            T3 is durable
    fetched              the result lies in our storage, T4 has not begun
    settling             T4 has written everything and not committed
    showing_progress     a revision that is not the last is about to be shown
    posting              the card's first message is about to be posted
    posted               it is there, and that is not yet noted
    editing              T4 is durable, the result is about to be shown
    edited               people see the result, and that is not yet noted

Only the first who comes to the point meets it; the process that is started next goes on.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Concatenate, Self

from bot.domain.concepts import Vocabulary
from bot.domain.jobs import State
from bot.domain.requests import AnyRequest
from bot.providers.base import Generation, Page, Provider
from bot.store.accept import accept
from bot.store.claim import record_sending
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
from bot.store.transition import Transition, transition


@dataclass(slots=True, kw_only=True)
class Fate:
    """The one point at which this process is ended or stopped, once over all its lives."""

    point: str | None
    #: SIGKILL ends it, SIGSTOP holds it until somebody lets it go on
    signal: signal.Signals
    #: the file that remembers that it has happened
    mark: Path
    #: transactions that are open somewhere else in this process
    writing: int = 0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Fate":
        return cls(
            point=environment.get("CRASH_AT"),
            signal=signal.Signals[environment.get("CRASH_BY", "SIGKILL")],
            mark=Path(environment.get("CRASH_MARK", "crashed")),
        )

    async def meet(self, point: str) -> None:
        """End here, if this is the point."""
        if point != self.point or self.mark.exists():
            return
        # Who is held keeps the rows that it has locked, and would hold up the others instead of their work.
        while self.signal is signal.SIGSTOP and self.writing:  # noqa: ASYNC110 - for a few turns of the loop
            await asyncio.sleep(0)
        self.mark.touch()
        os.kill(os.getpid(), self.signal)


class FatedStore:
    """A store whose process may end before, in and after a write."""

    def __init__(self, store: Database, fate: Fate) -> None:
        self._store = store
        self._fate = fate
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
        await self._fate.meet(before)
        if within == self._fate.point:
            operation = self._ending(operation)
        self._fate.writing += 1
        try:
            result = await self._store.write(operation, item, max_delay_s=max_delay_s)
        finally:
            self._fate.writing -= 1
        await self._fate.meet(after)
        return result

    async def transact(
        self,
        function: Callable[Concatenate[Transaction, Parameters], Awaitable[Outcome]],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Outcome:
        self._fate.writing += 1
        try:
            return await self._store.transact(function, *args, **kwargs)
        finally:
            self._fate.writing -= 1

    def _ending(self, operation: Operation[Item, Result]) -> Operation[Item, Result]:
        async def end(transaction: Transaction, items: Sequence[Item]) -> Sequence[Result | Exception]:
            results = await operation(transaction, items)
            await self._fate.meet(self._fate.point or "")
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
        if item.before is State.PREPARING:
            return "preparing", "", ""
        if item.after is State.SUBMITTED:
            return "", "", "submitted"
        if item.after is State.COMPLETED:
            return "fetched", "settling", ""
    return "", "", ""


class Between:
    """A provider that passes everything on."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name
        self.account = provider.account
        self.capabilities = provider.capabilities
        self.limits = provider.limits
        self.origin = provider.origin

    def fingerprint(self, request: AnyRequest, media: Mapping[str, str]) -> str:
        return self._provider.fingerprint(request, media)

    async def submit(
        self, request: AnyRequest, *, media: Mapping[str, str], callback_url: str | None
    ) -> Generation:
        return await self._provider.submit(request, media=media, callback_url=callback_url)

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


class FatedProvider(Between):
    """A provider whose caller may end right before or right after a create."""

    def __init__(self, provider: Provider, fate: Fate) -> None:
        super().__init__(provider)
        self._fate = fate

    async def submit(
        self, request: AnyRequest, *, media: Mapping[str, str], callback_url: str | None
    ) -> Generation:
        await self._fate.meet("sending")
        generation = await super().submit(request, media=media, callback_url=callback_url)
        await self._fate.meet("created")
        return generation
