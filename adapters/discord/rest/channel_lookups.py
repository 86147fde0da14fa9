"""Looks up direct-message channels and upload limits, and caches them."""

from collections.abc import Callable

from discord.http import Route

from adapters.chat.ttl_cache import TtlCache
from adapters.discord.rest.client import RestClient, UnexpectedResponse, id_of, object_of
from adapters.discord.rest.errors import ApiError

#: bytes of one file that every channel takes
DEFAULT_UPLOAD_LIMIT = 10 * 2**20
#: bytes of one file by a guild's boost tier, where that is more
_LIMIT_BY_TIER = {2: 50 * 2**20, 3: 100 * 2**20}
#: a tier changes rarely, and a file that turns out too large is replaced by a smaller one anyway
_LIMIT_TTL_MS = 15 * 60_000
_MAX_ENTRIES = 10_000


class ChannelLookups:
    """Asks Discord once and caches the answer."""

    def __init__(self, rest: RestClient, clock: Callable[[], int]) -> None:
        self._rest = rest
        self._clock = clock
        #: user → direct-message channel, which never changes
        self._dm_channels: TtlCache[str, str] = TtlCache(_MAX_ENTRIES)
        #: guild → bytes of one file
        self._limits: TtlCache[str, int] = TtlCache(_MAX_ENTRIES)

    async def dm_channel(self, user: str) -> str:
        """Open a direct-message channel; opening it again returns the same one."""
        channel = self._dm_channels.get(user)
        if channel is None:
            opened = await self._rest.request(Route("POST", "/users/@me/channels"), {"recipient_id": user})
            channel = id_of(opened, "channel")
            self._dm_channels.put(user, channel)
        return channel

    async def upload_limit(self, guild: str | None) -> int:
        """Bytes of one file that the guild's boost tier allows."""
        if guild is None:
            return DEFAULT_UPLOAD_LIMIT
        known = self._limits.get(guild, self._clock())
        if known is not None:
            return known
        try:
            found = object_of(
                await self._rest.request(Route("GET", "/guilds/{guild_id}", guild_id=guild)), "server"
            )
        except (ApiError, UnexpectedResponse):
            return DEFAULT_UPLOAD_LIMIT
        tier = found.get("premium_tier")
        limit = (
            _LIMIT_BY_TIER.get(tier, DEFAULT_UPLOAD_LIMIT) if isinstance(tier, int) else DEFAULT_UPLOAD_LIMIT
        )
        self._limits.put(guild, limit, self._clock(), ttl_ms=_LIMIT_TTL_MS)
        return limit
