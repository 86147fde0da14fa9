"""Gateways before a fake Discord, with somebody at the doors who only remembers who came.

async with listening(fake) as (gateway, porter):
    ada.slash("imagine")
    await porter.met(1)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import discord

from adapters.chat.event_tasks import EventTasks, TaskLimits
from adapters.discord.events.router import Doors
from adapters.discord.gateway.client import Gateway
from adapters.discord.gateway.shards import Turns, all_shards
from adapters.discord.gateway.welcome import Greeter
from tests.platforms.fake_discord import FakeDiscord


class Porter:
    """Stands at all doors."""

    def __init__(self, fake: FakeDiscord) -> None:
        #: how many have knocked
        self.knocks = 0
        #: door and what was said there, of those who got through
        self.came: list[tuple[str, str]] = []
        #: nobody gets through while this is cleared
        self.opened = asyncio.Event()
        self.opened.set()
        #: how long it takes to get through
        self.takes_s = 0.0
        self._fake = fake

    def __getattr__(self, door: str) -> Any:
        async def let_in(event: Any, *_: Any) -> None:
            self.knocks += 1
            self._fake.world.bell.ring()
            await self.opened.wait()
            await asyncio.sleep(self.takes_s)
            data = getattr(event, "data", None) or {}
            said = str(event.emoji) if hasattr(event, "emoji") else str(data.get("name", ""))
            self.came.append((door, said))
            self._fake.world.bell.ring()

        return let_in

    async def met(self, number: int) -> None:
        await self._fake.until(lambda: len(self.came) >= number)


class OneVault:
    """Turns as several processes share them."""

    def __init__(self) -> None:
        self.next: dict[str, int] = {}

    async def turn(self, name: str, *, now: int, every: int) -> int:
        at = max(now, self.next.get(name, 0))
        self.next[name] = at + every
        return at


class _Nobody:
    """Nobody is greeted."""

    async def recall(self) -> None: ...

    def owes(self, _: discord.Guild) -> bool:
        return False

    async def greet(self, _: discord.Guild) -> None: ...

    async def forget(self, _: discord.Guild) -> None: ...


class Heard(Gateway):
    """Rings the fake's bell whenever the library has told of something."""

    def __init__(self, fake: FakeDiscord, **more: Any) -> None:
        super().__init__(cast("Doors", more.pop("porter")), cast("Greeter", _Nobody()), **more)
        self._bell = fake.world.bell
        #: every line that was sent
        self.lines: list[str] = []

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        self.loop.call_soon(self._bell.ring)

    async def change_presence(self, *, activity: Any = None, **more: Any) -> None:
        self.lines.append(activity.name)
        await super().change_presence(activity=activity, **more)


class Leaving(Heard):
    """Begins to close when the first event of somebody comes in, before anybody is told of it."""

    leaving: asyncio.Task[None] | None = None

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if self.leaving is None and event in {"interaction", "raw_reaction_add", "raw_reaction_remove"}:
            self.leaving = self.loop.create_task(self.leave())
        super().dispatch(event, *args, **kwargs)


@asynccontextmanager
async def listening(
    fake: FakeDiscord, *, kind: type[Heard] = Heard, limits: TaskLimits | None = None, **more: Any
) -> AsyncIterator[tuple[Heard, Porter]]:
    """Run one gateway against the fake, until the block ends and all is done that was in hand."""
    porter = Porter(fake)
    known: dict[str, Any] = {
        "turns": Turns(OneVault(), fake.clock.now_ms, every_ms=0),
        "shards": all_shards(1),
        "connector": fake.connector(),
    }
    async with asyncio.TaskGroup() as group:
        tasks = EventTasks(group, limits)
        gateway = kind(fake, porter=porter, tasks=tasks, **known | more)
        running = group.create_task(gateway.start(fake.token))
        try:
            await fake.until(lambda: gateway.deaf == 0)
            yield gateway, porter
        finally:
            await gateway.leave()
            await tasks.drain(5)
            await running
