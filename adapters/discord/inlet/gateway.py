"""The gateway: one connection of discord.py, whose events are let in by the doors.

The library parses events, dispatches what is pressed and keeps its sessions alive. It remembers neither
messages nor members: all that an event means is in the event itself, or in the store.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import structlog
from discord import Guild, Interaction, InteractionType, RawReactionActionEvent

from adapters.discord.cards.buttons import Pressed
from adapters.discord.inlet.doors import Doors
from adapters.discord.inlet.drafts import Drafted
from adapters.discord.inlet.greeting import Greeter
from adapters.discord.inlet.hands import Hands
from adapters.discord.inlet.items import items_for
from adapters.discord.inlet.shards import Shards, Turns

_log = structlog.get_logger(__name__)

#: nothing that Discord calls privileged
INTENTS = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
_CHAT_INPUT = 1
#: longest wait for Discord's goodbye
_GOODBYE_S = 3.0

Event = Interaction[Any]


class Gateway(discord.AutoShardedClient):
    """One login. What its events ask for is taken in hand, and outlives it."""

    def __init__(
        self,
        doors: Doors,
        greeter: Greeter,
        turns: Turns,
        hands: Hands,
        *,
        shards: Shards,
        line: str | None = None,
        proxy: str | None = None,
        connector: aiohttp.BaseConnector | None = None,
        heartbeat_timeout: float = 60.0,
    ) -> None:
        super().__init__(
            intents=INTENTS,
            shard_ids=list(shards.ids),
            shard_count=shards.count,
            # A turn may be far off where many processes start at once.
            shard_connect_timeout=None,
            proxy=proxy,
            connector=connector,
            heartbeat_timeout=heartbeat_timeout,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            # While the library waits for all servers to be told, it takes an invitation for one of them.
            guild_ready_timeout=0.0,
        )
        self._doors = doors
        self._greeter = greeter
        self._turns = turns
        self._hands = hands
        self._wanted = frozenset(shards.ids)
        #: shards that hear
        self._hearing: set[int] = set()
        #: any of them has heard since the login
        self.was_heard = False
        #: what stands under the bot's name, and which shards have said so
        self._line = line
        self._said: dict[int, str] = {}

    @property
    def deaf(self) -> int:
        """How many shards of this process are not connected."""
        return len(self._wanted - self._hearing)

    async def show(self, line: str) -> None:
        """Have every shard say this under the bot's name."""
        self._line = line
        for shard in sorted(self._hearing):
            await self._say(shard)

    async def leave(self) -> None:
        """Hear nothing more; on a dead line nobody answers a goodbye."""
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self.close()
        except TimeoutError:
            await self.http.close()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(*items_for(self))
        await self._greeter.recall()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002 - the store knows who was first
        await self._turns.wait(shard_id or 0)

    async def on_shard_connect(self, shard: int) -> None:
        self._hearing.add(shard)
        self.was_heard = True
        # A new session says nothing.
        self._said.pop(shard, None)
        self._take("presence", lambda: self._say(shard))
        _log.info("discord_connected", shard=shard)

    async def on_shard_resumed(self, shard: int) -> None:
        self._hearing.add(shard)
        _log.info("discord_resumed", shard=shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        if shard in self._hearing:
            self._hearing.discard(shard)
            _log.info("discord_disconnected", shard=shard)

    async def on_interaction(self, interaction: Event) -> None:
        data: Any = interaction.data
        match interaction.type:
            case InteractionType.application_command if data["type"] == _CHAT_INPUT:
                self._take("command", lambda: self._doors.command(interaction))
            case InteractionType.application_command:
                self._take("menu", lambda: self._doors.menu(interaction))
            case InteractionType.autocomplete:
                self._take("completion", lambda: self._doors.complete(interaction))
            case InteractionType.modal_submit:
                self._take("form", lambda: self._doors.submit(interaction))

    async def press(self, interaction: Event, pressed: Pressed | None) -> None:
        self._take("button", lambda: self._doors.press(interaction, pressed))

    async def pick(self, interaction: Event, pressed: Pressed | None, value: str) -> None:
        self._take("list", lambda: self._doors.pick(interaction, pressed, value))

    async def use(self, interaction: Event, drafted: Drafted | None) -> None:
        self._take("draft", lambda: self._doors.use(interaction, drafted))

    async def on_raw_reaction_add(self, payload: RawReactionActionEvent) -> None:
        self._take("reaction", lambda: self._doors.reacted(payload))

    async def on_raw_reaction_remove(self, payload: RawReactionActionEvent) -> None:
        self._take("reaction", lambda: self._doors.unreacted(payload))

    async def on_guild_join(self, guild: Guild) -> None:
        self._take("greeting", lambda: self._greeter.greet(guild))

    async def on_shard_ready(self, _: int) -> None:
        # Those that came before this are not told one by one.
        for guild in self.guilds:
            await self.on_guild_available(guild)

    async def on_guild_available(self, guild: Guild) -> None:
        if self._greeter.owes(guild) and not guild.unavailable:
            self._take("greeting", lambda: self._greeter.greet(guild))

    async def on_guild_remove(self, guild: Guild) -> None:
        self._take("farewell", lambda: self._greeter.forget(guild))

    async def on_error(self, event: str, /, *_: Any, **__: Any) -> None:
        """The library calls this where a handler raised, from within its `except`."""
        _log.exception("event_failed", event_name=event)

    def _take(self, name: str, do: Callable[[], Awaitable[None]]) -> None:
        # Once this is closed, nothing new is taken: the library may still hold what it has read.
        if not self.is_closed():
            self._hands.take(name, do)

    async def _say(self, shard: int) -> None:
        if self._line is None or self._said.get(shard) == self._line or shard not in self._hearing:
            return
        self._said[shard] = self._line
        watching = discord.Activity(type=discord.ActivityType.watching, name=self._line)
        try:
            await self.change_presence(activity=watching, shard_id=shard)
        except (aiohttp.ClientError, ConnectionError) as error:
            self._said.pop(shard, None)
            _log.info("presence_not_told", shard=shard, error=type(error).__name__)
