"""The gateway: one connection of discord.py, whose events are let in by the doors.

The library parses events, dispatches what is pressed and keeps its sessions alive. It remembers neither
messages nor members: all that an event means is in the event itself, or in the store.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog
from discord import Guild, Interaction, InteractionType, RawReactionActionEvent

from adapters.chat.event_tasks import EventTasks, Handler
from adapters.discord.events.pending_media import Drafted
from adapters.discord.events.router import Doors
from adapters.discord.gateway.payloads import ODD, is_by_person, ticket_of, why_not
from adapters.discord.gateway.shards import Shards, Turns
from adapters.discord.gateway.welcome import Greeter
from adapters.discord.messages.buttons import Pressed
from bot.domain.errors import InvalidRequest
from bot.domain.text import storable_json

_log = structlog.get_logger(__name__)

#: nothing that Discord calls privileged
INTENTS = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
_CHAT_INPUT, _ON_MESSAGE = 1, 3
#: without these there is no session; what fails in them ends it, and another is begun
_SESSION = frozenset({"READY", "RESUMED"})
_REACTIONS = frozenset({"MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"})
#: events that hold what people have written
_BY_PEOPLE = _REACTIONS | {"INTERACTION_CREATE"}
#: longest wait for Discord's goodbye
_GOODBYE_S = 3.0

Event = Interaction[Any]
#: the library's own reader of an event
Parse = Callable[[Any], None]


class Gateway(discord.AutoShardedClient):
    """One login. What its events ask for is taken in hand, and outlives it."""

    def __init__(
        self,
        doors: Doors,
        greeter: Greeter,
        turns: Turns,
        tasks: EventTasks,
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
        self._event_tasks = tasks
        self._wanted = frozenset(shards.ids)
        #: shards that hear
        self._hearing: set[int] = set()
        #: any of them has heard since the login
        self.was_heard = False
        #: what stands under the bot's name, and which shards have said so
        self._line = line
        self._said: dict[int, str] = {}
        # An error in one of them would end the session, and with it what others have asked for.
        parsers = self._connection.parsers
        for name in parsers.keys() - _SESSION:
            parsers[name] = partial(self._parse, name, parsers[name])

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
        data: Any = interaction.data if isinstance(interaction.data, dict) else {}
        doors, kind, sort = self._doors, interaction.type, data.get("type")
        match kind:
            case InteractionType.application_command if sort == _CHAT_INPUT:
                self._answer("command", interaction, partial(doors.command, interaction))
            case InteractionType.application_command if sort == _ON_MESSAGE:
                self._answer("menu", interaction, partial(doors.menu, interaction))
            case InteractionType.autocomplete:
                self._answer("completion", interaction, partial(doors.complete, interaction))
            case InteractionType.modal_submit:
                self._answer("form", interaction, partial(doors.submit, interaction))
            case InteractionType.component:
                self._answer("component", interaction, self._component(interaction, data))
            case _:
                self._answer("unknown", interaction, partial(doors.unknown, interaction))

    def _component(self, interaction: Event, data: dict[str, Any]) -> Handler:
        """Who takes a button or a list, by its custom id alone, so on every message for ever."""
        custom_id, values = str(data.get("custom_id")), data.get("values")
        if drafted := Drafted.read(custom_id):
            return partial(self._doors.use, interaction, drafted)
        pressed = Pressed.read(custom_id)
        if isinstance(values, list) and values:
            return partial(self._doors.pick, interaction, pressed, str(values[0]))
        return partial(self._doors.press, interaction, pressed)

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
            self._event_tasks.start_background(name, do)

    def _answer(self, name: str, interaction: Event, do: Handler) -> None:
        if not self.is_closed():
            self._event_tasks.start_interaction(name, do, partial(self._doors.busy, interaction))

    def _parse(self, name: str, parse: Parse, event: Any) -> None:
        """Have the library read an event; what it cannot read is refused, and harms no other."""
        if name in _BY_PEOPLE:
            event = storable_json(event)
        refusal = why_not(event) if name == "INTERACTION_CREATE" else None
        if name in _REACTIONS and not is_by_person(event):
            return
        try:
            if refusal is None:
                parse(event)
                return
        except Exception as error:  # noqa: BLE001 - whatever an event holds, the session goes on
            _log.warning("event_not_understood", event_name=name, error=repr(error))
            refusal = InvalidRequest(ODD)
        if name == "INTERACTION_CREATE" and not self.is_closed() and (ticket := ticket_of(event)):
            turn_away = partial(self._doors.turn_away, ticket, refusal)
            self._event_tasks.start_interaction("odd", turn_away, turn_away)

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
