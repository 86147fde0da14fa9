"""Greeting: whoever invites the bot is told what to type first."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import structlog
from discord import Guild, TextChannel
from discord.http import Route

from adapters.discord.messages.strings import ENGLISH, Words
from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Refusal
from bot.domain.errors import Delayed
from bot.service.adapter_data import AdapterData

_log = structlog.get_logger(__name__)

_COLOUR = 0x5865F2
#: channels that are tried, and how often each while Discord asks to wait
_CHANNELS, _TRIES = 5, 4
_OWED = "greeting/"


class Greeter:
    """Greets each server once, where the bot may write."""

    def __init__(
        self, rest: Rest, adapter_data: AdapterData, *, again_s: float = 2.0, words: Words = ENGLISH
    ) -> None:
        """`again_s` lies between two tries where Discord does not say how long to wait."""
        self._rest = rest
        self._adapter_data = adapter_data
        self._again_s = again_s
        self._words = words
        #: servers whose greeting was begun and not ended, as when the bot was killed meanwhile
        self._owed: frozenset[str] = frozenset()

    async def recall(self) -> None:
        """Read who is owed a greeting; Discord tells of an invitation only once."""
        self._owed = frozenset(entry.key for entry in await self._adapter_data.latest(_OWED))

    def owes(self, guild: Guild) -> bool:
        return _owed(guild) in self._owed

    async def greet(self, guild: Guild) -> None:
        """Say hello in the channel where a server greets its own, else in the first that is open."""
        if await self._adapter_data.get(_greeted(guild)):
            return
        await self._adapter_data.put(_owed(guild), "")
        for channel in islice(_open_channels(guild), _CHANNELS):
            try:
                if not await self._write(guild, channel):
                    return
            except Refusal as refusal:
                _log.info("greeting_refused", guild=guild.id, code=refusal.code)
            else:
                await self._adapter_data.put(_greeted(guild), str(channel.id))
                _log.info("guild_greeted", guild=guild.id)
                break
        await self._adapter_data.remove(_owed(guild))

    async def forget(self, guild: Guild) -> None:
        """A server that invites the bot once more is greeted once more."""
        await self._adapter_data.remove(_greeted(guild))
        await self._adapter_data.remove(_owed(guild))

    async def _write(self, guild: Guild, channel: TextChannel) -> bool:
        """Post the greeting; answers whether that came about. Raises Refusal."""
        embed = {"title": self._words.hello, "description": self._words.first_steps, "color": _COLOUR}
        # By its nonce Discord merges what is posted again after a crash or a lost answer.
        nonce = {"nonce": f"hello{guild.id}", "enforce_nonce": True}
        body = {"embeds": [embed], "allowed_mentions": {"parse": []}} | nonce
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
        for _ in range(_TRIES):
            try:
                await self._rest.request(route, body)
            except Delayed as error:
                _log.info("greeting_put_off", guild=guild.id, error=str(error))
                await asyncio.sleep(max(self._again_s, (error.retry_after_ms or 0) / 1000))
            else:
                return True
        return False


def _greeted(guild: Guild) -> str:
    return f"greeted/{guild.id}"


def _owed(guild: Guild) -> str:
    return f"{_OWED}{guild.id}"


def _open_channels(guild: Guild) -> Iterator[TextChannel]:
    """Channels where the bot may write, the server's own for news of members first."""
    for channel in dict.fromkeys((guild.system_channel, *guild.text_channels)):
        if channel is None:
            continue
        may = channel.permissions_for(guild.me)
        if may.view_channel and may.send_messages and may.embed_links:
            yield channel
