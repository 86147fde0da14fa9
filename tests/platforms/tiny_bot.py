"""A minimal bot on discord.py that tests the fake."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord import app_commands

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord import FakeDiscord

Setup = Callable[["TinyBot"], None]

IDENTIFY = 2
INTENTS = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, dm_messages=True)


class TinyBot(discord.Client):
    """Keeps what it hears of and rings whenever that is more."""

    def __init__(self, *, setup: Setup | None = None, **options: Any) -> None:
        values: dict[str, Any] = {
            "intents": INTENTS,
            "max_messages": None,
            "member_cache_flags": discord.MemberCacheFlags.none(),
            "chunk_guilds_at_startup": False,
            "guild_ready_timeout": 0.05,
            "enable_debug_events": True,
        }
        super().__init__(**values | options)
        self.tree = app_commands.CommandTree(self)
        self._setup = setup
        #: names of the library's events, in their order
        self.heard: list[str] = []
        self.messages: list[discord.Message] = []
        self.reactions: list[discord.RawReactionActionEvent] = []
        self.interactions: list[discord.Interaction] = []
        self._more = asyncio.Condition()

    async def setup_hook(self) -> None:
        if self._setup is not None:
            self._setup(self)
            await self.tree.sync()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        self.heard.append(event)
        if event == "message":
            self.messages.append(args[0])
        elif event == "raw_reaction_add":
            self.reactions.append(args[0])
        elif event == "interaction":
            self.interactions.append(args[0])
        self._notify()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._more:
            await self._more.wait_for(condition)

    async def asked(self, number: int = 1) -> discord.Interaction:
        """Wait for so many interactions and return the last of them."""
        await self.until(lambda: len(self.interactions) >= number)
        return self.interactions[number - 1]

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Send what the library has no words for, and answer what came back."""
        return await self.http.request(discord.http.Route(method, path), **more)

    def _notify(self) -> None:
        async def notify() -> None:
            async with self._more:
                self._more.notify_all()

        if not self.is_closed():
            self._schedule_event(notify, "notify")


@asynccontextmanager
async def running(fake: FakeDiscord, setup: Setup | None = None, **options: Any) -> AsyncIterator[TinyBot]:
    """Run a bot of this process against the fake until the test is done with it."""
    bot = TinyBot(setup=setup, connector=fake.connector(), **options)
    async with asyncio.TaskGroup() as group, bot:
        running = group.create_task(bot.start(fake.token))
        ready = group.create_task(bot.wait_until_ready())
        await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            ready.cancel()
            await running
        try:
            yield bot
        finally:
            await bot.close()


@asynccontextmanager
async def at_rest(fake: FakeDiscord) -> AsyncIterator[TinyBot]:
    """Log a bot in that never opens the gateway."""
    async with TinyBot(connector=fake.connector()) as bot:
        await bot.login(fake.token)
        yield bot


@asynccontextmanager
async def line(fake: FakeDiscord) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Speak to the gateway without the library, from after its greeting."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{fake.plain_port}/?v=10&encoding=json") as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        yield socket


async def identify(
    socket: aiohttp.ClientWebSocketResponse, token: str, *, shard: tuple[int, int] = (0, 1)
) -> None:
    data = {"token": token, "intents": INTENTS.value, "shard": list(shard), "properties": {}}
    await socket.send_json({"op": IDENTIFY, "d": data})
