"""Turns are shared out by who asks."""

import asyncio

import pytest

from bot.media.sandbox.pool import FairGate


class _Row:
    """Callers at a gate, each of which stays until it is let go."""

    def __init__(self, places: int) -> None:
        self.gate = FairGate(places)
        #: names in the order in which they came in
        self.came: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str, key: str | None) -> None:
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._hold(name, key))
        await _settle()

    async def _hold(self, name: str, key: str | None) -> None:
        async with self.gate.slot(key):
            self.came.append(name)
            await self._leave[name].wait()

    async def let_go(self, name: str) -> None:
        self._leave[name].set()
        await self.tasks[name]
        await _settle()

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.tasks[name]
        await _settle()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_keys_rotate_however_much_each_asks() -> None:
    row = _Row(1)
    for name in ("a1", "a2", "a3", "b1", "c1", "b2"):
        await row.ask(name, name[0])
    expected = ["a1", "b1", "c1", "a2", "b2", "a3"]
    for name in expected:
        await row.let_go(name)
    assert expected == row.came


async def test_one_of_each_key_at_a_time() -> None:
    row = _Row(3)
    for name in ("a1", "a2", "b1"):
        await row.ask(name, name[0])
    assert ["a1", "b1"] == row.came
    await row.let_go("a1")
    assert ["a1", "b1", "a2"] == row.came
    for name in ("a2", "b1"):
        await row.let_go(name)


async def test_without_a_key_the_order_is_that_of_asking() -> None:
    row = _Row(2)
    for name in ("one", "two", "three"):
        await row.ask(name, None)
    assert ["one", "two"] == row.came
    for name in ("two", "one", "three"):
        await row.let_go(name)
    assert ["one", "two", "three"] == row.came


async def test_a_cancelled_caller_costs_others_no_slot() -> None:
    row = _Row(1)
    for name in ("a1", "b1", "c1"):
        await row.ask(name, name[0])
    await row.cancel("b1")
    await row.cancel("a1")
    assert ["a1", "c1"] == row.came
    await row.let_go("c1")
    for name in ("a2", "b2", "c2"):
        await row.ask(name, name[0])
        await row.let_go(name)
    assert ["a1", "c1", "a2", "b2", "c2"] == row.came


async def test_a_slot_granted_and_cancelled_at_once_is_passed_on() -> None:
    row = _Row(1)
    for name in ("a1", "b1", "c1"):
        await row.ask(name, name[0])
    row._leave["a1"].set()
    # `b1` is cancelled after its turn was given and before it runs, whichever of the two comes first.
    for _ in range(3):
        await asyncio.sleep(0)
        if row.tasks["b1"].cancel():
            break
    await _settle()
    assert "c1" in row.came
    await row.let_go("c1")
