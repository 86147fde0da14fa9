"""Welcomes servers that invite the bot, with a first command to try."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import structlog
from discord import Guild, TextChannel
from discord.http import Route

from adapters.discord.messages.admin_forms import open_row
from adapters.discord.messages.strings import STRINGS
from adapters.discord.rest.client import RestClient
from adapters.discord.rest.errors import ApiError
from bot.domain.errors import Delayed
from bot.service.adapter_data import AdapterData

_log = structlog.get_logger(__name__)

_COLOUR = 0x5865F2
#: channels that are tried, and tries per channel while Discord asks to wait
_MAX_CHANNELS, _MAX_TRIES = 5, 4
#: key prefix in the adapter's data, as earlier versions wrote it
_UNFINISHED = "greeting/"


class WelcomeMessage:
    """Sends each server one welcome message, where the bot may write."""

    def __init__(self, rest: RestClient, adapter_data: AdapterData, *, retry_s: float = 2.0) -> None:
        """`retry_s` is the wait between two tries where Discord names none."""
        self._rest = rest
        self._adapter_data = adapter_data
        self._retry_s = retry_s
        #: servers whose welcome was started and not finished, as when the bot was killed
        self._unfinished: frozenset[str] = frozenset()

    async def load_unfinished(self) -> None:
        """Load the servers that still need a welcome; Discord announces an invitation only once."""
        entries = await self._adapter_data.latest(_UNFINISHED)
        self._unfinished = frozenset(entry.key for entry in entries)

    def is_unfinished(self, guild: Guild) -> bool:
        return _unfinished_key(guild) in self._unfinished

    async def send(self, guild: Guild) -> None:
        """Post to the server's system channel, else to the first channel where the bot may write."""
        if await self._adapter_data.get(_welcomed_key(guild)):
            return
        await self._adapter_data.put(_unfinished_key(guild), "")
        for channel in islice(_writable_channels(guild), _MAX_CHANNELS):
            try:
                if not await self._post(guild, channel):
                    return
            except ApiError as error:
                _log.info("welcome_refused", guild=guild.id, code=error.code)
            else:
                await self._adapter_data.put(_welcomed_key(guild), str(channel.id))
                _log.info("welcome_sent", guild=guild.id)
                break
        await self._adapter_data.remove(_unfinished_key(guild))

    async def forget(self, guild: Guild) -> None:
        """Forget a server, so that it is welcomed again when it invites the bot again."""
        await self._adapter_data.remove(_welcomed_key(guild))
        await self._adapter_data.remove(_unfinished_key(guild))

    async def _post(self, guild: Guild, channel: TextChannel) -> bool:
        """Post the message; returns whether that succeeded. Raises ApiError."""
        embed = {"title": STRINGS.welcome_title, "description": STRINGS.welcome, "color": _COLOUR}
        # Discord merges messages with one nonce: a retry after a crash or a lost answer posts nothing twice.
        nonce = {"nonce": f"hello{guild.id}", "enforce_nonce": True}
        body = {"embeds": [embed], "components": [open_row()], "allowed_mentions": {"parse": []}} | nonce
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
        for _ in range(_MAX_TRIES):
            try:
                await self._rest.request(route, body)
            except Delayed as error:
                _log.info("welcome_delayed", guild=guild.id, error=str(error))
                await asyncio.sleep(max(self._retry_s, (error.retry_after_ms or 0) / 1000))
            else:
                return True
        return False


def _welcomed_key(guild: Guild) -> str:
    return f"greeted/{guild.id}"


def _unfinished_key(guild: Guild) -> str:
    return f"{_UNFINISHED}{guild.id}"


def _writable_channels(guild: Guild) -> Iterator[TextChannel]:
    """Channels where the bot may write, the server's system channel first."""
    for channel in dict.fromkeys((guild.system_channel, *guild.text_channels)):
        if channel is None:
            continue
        permissions = channel.permissions_for(guild.me)
        if permissions.view_channel and permissions.send_messages and permissions.embed_links:
            yield channel
