"""Gateway clients connected to a fake Discord, with a router that records the events it gets.

async with connected_gateway(fake) as (gateway, router):
    ada.slash("imagine")
    await router.has_finished(1)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import discord

from adapters.discord.events.router import EventRouter
from adapters.discord.gateway.client import GatewayClient
from adapters.discord.gateway.event_tasks import EventTasks, TaskLimits
from adapters.discord.gateway.identify_limiter import IdentifyLimiter
from adapters.discord.gateway.welcome import WelcomeMessage
from adapters.discord.settings import ShardRange
from tests.platforms.fake_discord import FakeDiscord


class FakeRouter:
    """Records every event instead of handling it."""

    def __init__(self, fake: FakeDiscord) -> None:
        #: how many handlers have started
        self.started = 0
        #: method and command name or emoji of the handlers that have finished
        self.finished: list[tuple[str, str]] = []
        #: no handler finishes while this is cleared
        self.opened = asyncio.Event()
        self.opened.set()
        #: methods whose handlers raise
        self.failing: set[str] = set()
        #: how long each handler takes
        self.takes_s = 0.0
        self._fake = fake

    def __getattr__(self, method: str) -> Any:
        async def handle(event: Any, *_: Any) -> None:
            self.started += 1
            self._fake.world.changes.notify()
            if method in self.failing:
                raise RuntimeError("a handler fails")
            await self.opened.wait()
            await asyncio.sleep(self.takes_s)
            data = getattr(event, "data", None) or {}
            said = str(event.emoji) if hasattr(event, "emoji") else str(data.get("name", ""))
            self.finished.append((method, said))
            self._fake.world.changes.notify()

        return handle

    async def has_finished(self, number: int) -> None:
        await self._fake.until(lambda: len(self.finished) >= number)


class SharedTurns:
    """Identify turns as several processes share them."""

    def __init__(self) -> None:
        self.next: dict[str, int] = {}

    async def turn(self, name: str, *, now: int, every: int) -> int:
        at = max(now, self.next.get(name, 0))
        self.next[name] = at + every
        return at


class _NoWelcome:
    """Sends no welcome."""

    async def load_unfinished(self) -> None: ...

    def is_unfinished(self, _: discord.Guild) -> bool:
        return False

    async def send(self, _: discord.Guild) -> None: ...

    async def forget(self, _: discord.Guild) -> None: ...


class ObservedClient(GatewayClient):
    """Notifies the fake of a change whenever the library has dispatched an event."""

    def __init__(self, fake: FakeDiscord, **more: Any) -> None:
        super().__init__(
            cast("EventRouter", more.pop("router")), cast("WelcomeMessage", _NoWelcome()), **more
        )
        self._changes = fake.world.changes
        #: every presence that was sent
        self.presences: list[str] = []

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        self.loop.call_soon(self._changes.notify)

    async def change_presence(self, *, activity: Any = None, **more: Any) -> None:
        self.presences.append(activity.name)
        await super().change_presence(activity=activity, **more)


class ClosingClient(ObservedClient):
    """Begins to close when a person's first event arrives, before the event is dispatched."""

    closing: asyncio.Task[None] | None = None

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if self.closing is None and event in {"interaction", "raw_reaction_add", "raw_reaction_remove"}:
            self.closing = self.loop.create_task(self.stop())
        super().dispatch(event, *args, **kwargs)


class ClosedClient(ObservedClient):
    """Counts as closed from a moment on, while the library still holds events that it has read."""

    closed = False
    received = 0

    def is_closed(self) -> bool:
        return self.closed or super().is_closed()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if event == "socket_event_type" and self.closed:
            self.received += 1
        super().dispatch(event, *args, **kwargs)


@asynccontextmanager
async def connected_gateway(
    fake: FakeDiscord,
    *,
    kind: type[ObservedClient] = ObservedClient,
    limits: TaskLimits | None = None,
    **more: Any,
) -> AsyncIterator[tuple[ObservedClient, FakeRouter]]:
    """Run one gateway against the fake, until the block ends and all handlers have finished."""
    router = FakeRouter(fake)
    known: dict[str, Any] = {
        "identify": IdentifyLimiter(SharedTurns(), fake.clock.now_ms, every_ms=0),
        "shards": ShardRange(ids=(0,), count=1),
        "connector": fake.connector(),
    }
    async with asyncio.TaskGroup() as group:
        tasks = EventTasks(group, limits)
        gateway = kind(fake, router=router, tasks=tasks, **known | more)
        running = group.create_task(gateway.start(fake.token))
        try:
            await fake.until(lambda: gateway.disconnected == 0)
            yield gateway, router
        finally:
            await gateway.stop()
            await tasks.drain(5)
            await running
