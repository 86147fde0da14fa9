"""What is in hand: work that goes on after its event was acknowledged, and ends before the bot does."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

_log = structlog.get_logger(__name__)

_T = TypeVar("_T")

#: how long what is in hand may take when the bot stops
_LAST_S = 3.0


class EventTasks:
    """Owns the tasks of all events."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        #: those of them that only bring a request in and wait for what it has begun
        self._entries: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How much has been let in and is not done."""
        return len(self._tasks) - len(self._entries)

    def start(self, work: Coroutine[Any, Any, _T], name: str, *, entry: bool = False) -> asyncio.Task[_T]:
        """Begin some work; an `entry` only brings a request in, which may yet be refused."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        if entry:
            self._entries.add(task)
        task.add_done_callback(self._let_go)
        return task

    async def within(self, task: asyncio.Task[Any], seconds: float) -> bool:
        """Whether a task ends in that time; one that does not goes on."""
        done, _ = await asyncio.wait((task,), timeout=seconds)
        return bool(done)

    async def settle(self) -> None:
        """Wait for what is in hand, and for what comes of it, a little while."""
        ends = asyncio.get_running_loop().time() + _LAST_S
        while self._tasks and (left := ends - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)

    async def finish(self) -> None:
        """The same, and give up what takes longer."""
        await self.settle()
        late = set(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _let_go(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._entries.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work_failed", work=task.get_name(), error=repr(error))
