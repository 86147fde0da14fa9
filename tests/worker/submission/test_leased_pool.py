"""The loop that leases items and works on a bounded number of them at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.worker.leased_pool import LeasedPool
from tests.engine.conftest import Open
from tests.engine.harness import Engine

TOPIC = "items of a test"


class Queue:
    """Items that wait, and what a pool does with them."""

    def __init__(self, *items: str) -> None:
        self.waiting = list(items)
        self.asked: list[int] = []
        self.begun: list[str] = []
        self.done: list[str] = []
        self.cancelled: list[str] = []
        self.errors: list[Exception] = []
        self.gate = asyncio.Event()

    async def lease(self, count: int) -> Sequence[str]:
        self.asked.append(count)
        if self.errors:
            raise self.errors.pop()
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return taken

    async def work(self, item: str) -> None:
        self.begun.append(item)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(item)
            raise
        if item.startswith("bad"):
            raise ValueError(item)
        self.done.append(item)


async def run_pool(engine: Engine, queue: Queue, *, max_in_flight: int = 2, **more: Any) -> None:
    await LeasedPool(
        engine.services,
        "test",
        topic=TOPIC,
        max_in_flight=max_in_flight,
        lease=queue.lease,
        work=queue.work,
        item_id=str,
        **more,
    ).run()


async def test_no_more_items_than_allowed_are_leased_at_once(engine: Open) -> None:
    async with engine(start=None) as bot, asyncio.TaskGroup() as group:
        queue = Queue("a", "b", "c", "d", "e")
        group.create_task(run_pool(bot, queue))
        await bot.until(lambda: len(queue.begun) == 2)
        assert (["c", "d", "e"], [2]) == (queue.waiting, queue.asked)

        queue.gate.set()

        await bot.until(lambda: queue.done == ["a", "b", "c", "d", "e"])
        await bot.stop()


async def test_a_free_slot_is_used_at_once_where_all_were_in_use(engine: Open) -> None:
    async with engine(start=None, times={"poll": 60_000}) as bot, asyncio.TaskGroup() as group:
        queue = Queue("a", "b", "c")
        queue.gate.set()
        group.create_task(run_pool(bot, queue, max_in_flight=1))
        await bot.until(lambda: queue.done == ["a", "b", "c"])
        await bot.stop()


async def test_new_items_are_leased_at_the_signal(engine: Open) -> None:
    async with engine(start=None, times={"poll": 60_000}) as bot, asyncio.TaskGroup() as group:
        queue = Queue()
        queue.gate.set()
        group.create_task(run_pool(bot, queue))
        await bot.until(lambda: queue.asked)
        queue.waiting.append("a")
        bot.services.wake(TOPIC)
        await bot.until(lambda: queue.done == ["a"])
        await bot.stop()


async def test_a_failed_lease_is_tried_again(engine: Open) -> None:
    async with engine(start=None) as bot, asyncio.TaskGroup() as group:
        queue = Queue("a")
        queue.errors.append(OSError("the store is away"))
        queue.gate.set()
        group.create_task(run_pool(bot, queue))
        await bot.until(lambda: queue.done == ["a"])
        await bot.stop()


async def test_an_item_that_fails_holds_back_no_other(engine: Open) -> None:
    async with engine(start=None) as bot, asyncio.TaskGroup() as group:
        queue = Queue("bad one", "bad two", "a")
        queue.gate.set()
        group.create_task(run_pool(bot, queue))
        await bot.until(lambda: queue.done == ["a"])
        await bot.stop()
        assert ["bad one", "bad two", "a"] == queue.begun


async def test_nothing_is_leased_while_paused(engine: Open) -> None:
    async with engine(start=None) as bot, asyncio.TaskGroup() as group:
        queue, paused = Queue("a"), True
        queue.gate.set()
        looks: list[None] = []

        def is_paused() -> bool:
            looks.append(None)
            return paused

        group.create_task(run_pool(bot, queue, is_paused=is_paused))
        await bot.until(lambda: len(looks) > 2)
        assert [] == queue.asked

        paused = False

        await bot.until(lambda: queue.done == ["a"])
        await bot.stop()


@pytest.mark.parametrize("cancels_on_stop", [False, True])
async def test_a_stop_waits_for_items_or_cancels_them(engine: Open, cancels_on_stop: bool) -> None:
    async with engine(start=None) as bot:
        queue = Queue("a", "b", "c")
        running = asyncio.create_task(run_pool(bot, queue, cancels_on_stop=cancels_on_stop))
        await bot.until(lambda: len(queue.begun) == 2)
        await bot.stop()
        if not cancels_on_stop:
            assert not running.done()
            queue.gate.set()
        await running

        assert (["c"], [2]) == (queue.waiting, queue.asked)
        assert ["a", "b"] == sorted(queue.cancelled if cancels_on_stop else queue.done)
