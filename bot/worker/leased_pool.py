"""The loop of preparation, submission and delivery: lease items from the store, work on some of them at once.

A lease belongs to one process and expires, so that the items of a crashed process are leased again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.services import Services, log

Item = TypeVar("Item")


class LeasedPool(Generic[Item]):
    """Works on up to `max_in_flight` leased items at once, until the process stops."""

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        topic: str,
        max_in_flight: int,
        lease: Callable[[int], Awaitable[Sequence[Item]]],
        work: Callable[[Item], Awaitable[None]],
        item_id: Callable[[Item], str],
        is_paused: Callable[[], bool] = lambda: False,
        cancels_on_stop: bool = False,
    ) -> None:
        """Describe the loop; `run` starts it.

        `lease` takes up to so many items from the store; `topic` is signalled when there may be some. `name`
        and `item_id` name the tasks and the log events. While `is_paused` nothing is leased. A stop waits for
        the items in flight, or cancels them with `cancels_on_stop`.
        """
        self._services = services
        self._name = name
        self._topic = topic
        self._max_in_flight = max_in_flight
        self._lease = lease
        self._work = work
        self._item_id = item_id
        self._is_paused = is_paused
        self._cancels_on_stop = cancels_on_stop
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Lease and process items until the process stops and no item is in flight."""
        services = self._services
        async with asyncio.TaskGroup() as group:
            async for _ in services.ticks(self._topic, services.times.poll):
                while self._free and not self._is_paused() and not services.stopping.is_set():
                    try:
                        items = await self._lease(self._free)
                    except Exception as error:  # noqa: BLE001 - the store may be away; the next tick tries again
                        log.warning("lease_failed", pool=self._name, error=repr(error))
                        break
                    for item in items:
                        name = f"{self._name} {self._item_id(item)}"
                        self._in_flight.add(group.create_task(self._run_one(item), name=name))
                    if not items:
                        break
            if self._cancels_on_stop:
                for task in self._in_flight:
                    task.cancel()

    @property
    def _free(self) -> int:
        return self._max_in_flight - len(self._in_flight)

    async def _run_one(self, item: Item) -> None:
        try:
            await self._services.guarded(self._name, lambda: self._work(item))
        finally:
            if not self._free:
                # More items may wait in the store for this slot.
                self._services.database.wakeups.wake(self._topic)
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - started by `run` as a task
            self._in_flight.discard(task)
