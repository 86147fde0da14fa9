"""The gateway client: one login of discord.py, whose events go to the event router.

discord.py parses events and keeps its sessions alive. It caches neither messages nor members, and few roles:
everything that an event means is in the event itself or in the store.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog
from discord import AppCommandType, Guild, Interaction, InteractionType, RawReactionActionEvent

from adapters.discord.events.context import MALFORMED, may_be_by_person, refusal_for, unparsed_interaction
from adapters.discord.events.pending_media import PendingMediaId
from adapters.discord.events.router import EventRouter
from adapters.discord.gateway.event_tasks import EventTasks, Handler
from adapters.discord.gateway.guild_roles import is_of_bot, makes_admins, roles_of_bot, with_read_roles
from adapters.discord.gateway.identify_limiter import IdentifyLimiter
from adapters.discord.gateway.welcome import WelcomeMessage
from adapters.discord.messages.admin_forms import KEY_FORM, SETUP
from adapters.discord.messages.buttons import PAGE, ComponentId
from adapters.discord.messages.command_form import FORM, FormId
from adapters.discord.settings import ShardRange
from bot.domain.errors import InvalidRequest
from bot.domain.text import storable_json

_log = structlog.get_logger(__name__)

#: no privileged intents
INTENTS = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
#: without these there is no session: an error in them ends it, and another session is started
_SESSION_EVENTS = frozenset({"READY", "RESUMED"})
_REACTION_EVENTS = frozenset({"MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"})
#: events that hold text from people
_USER_EVENTS = _REACTION_EVENTS | {"INTERACTION_CREATE"}
#: longest wait for Discord's close frame
_CLOSE_TIMEOUT_S = 3.0

Event = Interaction[Any]
#: the library's parser of an event
Parser = Callable[[Any], None]


class GatewayClient(discord.AutoShardedClient):
    """One login. Its events run as tasks that outlive it."""

    def __init__(
        self,
        router: EventRouter,
        welcome: WelcomeMessage,
        identify: IdentifyLimiter,
        tasks: EventTasks,
        *,
        shards: ShardRange,
        presence: str | None = None,
        proxy: str | None = None,
        connector: aiohttp.BaseConnector | None = None,
        heartbeat_timeout: float = 60.0,
    ) -> None:
        super().__init__(
            intents=INTENTS,
            shard_ids=list(shards.ids),
            shard_count=shards.count,
            # Where many processes start at once, a shard may wait long for its turn to identify.
            shard_connect_timeout=None,
            proxy=proxy,
            connector=connector,
            heartbeat_timeout=heartbeat_timeout,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            # While the library waits for all guilds to arrive, it would take an invitation for one of them.
            guild_ready_timeout=0.0,
        )
        self._router = router
        self._welcome = welcome
        self._identify = identify
        self._event_tasks = tasks
        self._shard_ids = frozenset(shards.ids)
        self._connected: set[int] = set()
        #: a shard has been connected since the login
        self.was_connected = False
        #: the text under the bot's name, and the shards that have sent it
        self._presence = presence
        self._presence_sent: dict[int, str] = {}
        # An error in a parser would end the session, and with it the events of other people.
        parsers = self._connection.parsers
        self._add_role: Parser = parsers["GUILD_ROLE_CREATE"]
        for name in parsers.keys() - _SESSION_EVENTS:
            parsers[name] = partial(self._parse, name, parsers[name])

    @property
    def disconnected(self) -> int:
        """How many shards of this process are not connected."""
        return len(self._shard_ids - self._connected)

    async def set_presence(self, text: str) -> None:
        """Show a text under the bot's name on every shard."""
        self._presence = text
        for shard in sorted(self._connected):
            await self._send_presence(shard)

    async def stop(self) -> None:
        """Close all sessions; a dead connection gets no close frame."""
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self.close()
        except TimeoutError:
            await self.http.close()

    async def setup_hook(self) -> None:
        await self._welcome.load_unfinished()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002 - the store knows the order
        await self._identify.wait(shard_id or 0)

    async def on_shard_connect(self, shard: int) -> None:
        self._connected.add(shard)
        self.was_connected = True
        # A new session has no presence.
        self._presence_sent.pop(shard, None)
        self._start_background("presence", lambda: self._send_presence(shard))
        _log.info("discord_connected", shard=shard)

    async def on_shard_resumed(self, shard: int) -> None:
        self._connected.add(shard)
        _log.info("discord_resumed", shard=shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        if shard in self._connected:
            self._connected.discard(shard)
            _log.info("discord_disconnected", shard=shard)

    async def on_interaction(self, interaction: Event) -> None:
        data: Any = interaction.data if isinstance(interaction.data, dict) else {}
        router, kind, command_type = self._router, interaction.type, data.get("type")
        handler: Handler
        match kind:
            case InteractionType.application_command if command_type == AppCommandType.chat_input.value:
                name, handler = "command", partial(router.command, interaction)
            case InteractionType.application_command if command_type == AppCommandType.message.value:
                name, handler = "menu", partial(router.menu, interaction)
            case InteractionType.autocomplete:
                name, handler = "autocomplete", partial(router.autocomplete, interaction)
            case InteractionType.modal_submit:
                name, handler = "modal", partial(router.submit, interaction)
            case InteractionType.component:
                name, handler = "component", self._component_handler(interaction, data)
            case _:
                name, handler = "unknown", partial(router.unknown, interaction)
        if not self.is_closed():
            self._event_tasks.start_interaction(name, handler, partial(router.reject_busy, interaction))

    def _component_handler(self, interaction: Event, data: dict[str, Any]) -> Handler:
        """The handler of a button or select, by its custom id alone, so that it works for ever."""
        custom_id, values = str(data.get("custom_id")), data.get("values")
        router = self._router
        handler: Handler
        if media_id := PendingMediaId.parse(custom_id):
            handler = partial(router.press_pending, interaction, media_id)
        elif custom_id == KEY_FORM:
            handler = partial(router.open_key_form, interaction)
        elif custom_id.startswith(FORM):
            handler = partial(router.open_form, interaction, FormId.parse(custom_id))
        elif custom_id.startswith(SETUP):
            handler = partial(router.set_up, interaction)
        elif custom_id.startswith(PAGE):
            handler = partial(router.turn_page, interaction, custom_id.removeprefix(PAGE))
        elif isinstance(values, list) and values:
            handler = partial(router.select, interaction, ComponentId.parse(custom_id), str(values[0]))
        else:
            handler = partial(router.press, interaction, ComponentId.parse(custom_id))
        return handler

    async def on_raw_reaction_add(self, payload: RawReactionActionEvent) -> None:
        self._start_background("reaction", lambda: self._router.reaction_added(payload))

    async def on_raw_reaction_remove(self, payload: RawReactionActionEvent) -> None:
        self._start_background("reaction", lambda: self._router.reaction_removed(payload))

    async def on_guild_join(self, guild: Guild) -> None:
        self._start_background("welcome", lambda: self._welcome.send(guild))

    async def on_shard_ready(self, _: int) -> None:
        # Guilds that arrived before this have no event of their own.
        for guild in self.guilds:
            await self.on_guild_available(guild)

    async def on_guild_available(self, guild: Guild) -> None:
        if self._welcome.is_unfinished(guild) and not guild.unavailable:
            self._start_background("welcome", lambda: self._welcome.send(guild))

    async def on_guild_remove(self, guild: Guild) -> None:
        self._start_background("guild removal", lambda: self._welcome.forget(guild))

    async def on_error(self, event: str, /, *_: Any, **__: Any) -> None:
        """The library calls this where a handler raised, from within its `except`."""
        _log.exception("event_failed", event_name=event)

    def _start_background(self, name: str, handler: Callable[[], Awaitable[None]]) -> None:
        # A closed client starts nothing: the library may still hold events that it has read.
        if not self.is_closed():
            self._event_tasks.start_background(name, handler)

    def _parse(self, name: str, parser: Parser, event: Any) -> None:
        """Have the library parse an event; one that it cannot parse is refused, and harms no other."""
        if name in _USER_EVENTS:
            event = storable_json(event)
        refusal = refusal_for(event) if name == "INTERACTION_CREATE" else None
        if name in _REACTION_EVENTS and not may_be_by_person(event):
            return
        try:
            if refusal is None:
                self._parse_read_parts(name, parser, event)
                return
        except Exception as error:  # noqa: BLE001 - whatever an event holds, the session goes on
            _log.warning("event_malformed", event_name=name, error=repr(error))
            refusal = InvalidRequest(MALFORMED)
        interaction = unparsed_interaction(event) if name == "INTERACTION_CREATE" else None
        if interaction is not None and not self.is_closed():
            reject = partial(self._router.reject, interaction, refusal)
            self._event_tasks.start_interaction("malformed", reject, reject)

    def _parse_read_parts(self, name: str, parser: Parser, event: Any) -> None:
        """Have the library parse an event without the roles that are not read."""
        bot = self._connection.self_id or 0
        match name:
            case "GUILD_CREATE":
                parser(with_read_roles(event, roles_of_bot(event, bot)))
            case "GUILD_UPDATE":
                guild = self.get_guild(int(event["id"]))
                kept = [role.id for role in guild.roles] if guild is not None else []
                parser(with_read_roles(event, kept))
            case "GUILD_ROLE_CREATE":
                if makes_admins(event["role"]) or is_of_bot(event["role"], bot):
                    parser(event)
            case "GUILD_ROLE_UPDATE":
                guild = self.get_guild(int(event["guild_id"]))
                is_kept = guild is not None and guild.get_role(int(event["role"]["id"])) is not None
                if is_kept or not makes_admins(event["role"]):
                    parser(event)
                else:
                    self._add_role(event)
            case _:
                parser(event)

    async def _send_presence(self, shard: int) -> None:
        text = self._presence
        if text is None or self._presence_sent.get(shard) == text or shard not in self._connected:
            return
        self._presence_sent[shard] = text
        watching = discord.Activity(type=discord.ActivityType.watching, name=text)
        try:
            await self.change_presence(activity=watching, shard_id=shard)
        except (aiohttp.ClientError, ConnectionError) as error:
            self._presence_sent.pop(shard, None)
            _log.info("presence_not_sent", shard=shard, error=type(error).__name__)
