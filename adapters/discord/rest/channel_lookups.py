"""What has to be asked about a place before something is shown there: direct messages and upload limits."""

from collections.abc import Callable

from discord.http import Route

from adapters.chat.ttl_cache import TtlCache
from adapters.discord.delivery.attachments import LIMIT
from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Refusal
from adapters.discord.rest.responses import Unexpected, id_of, object_of

#: bytes of one file by a guild's boost tier, where that is more than everybody has
_BY_TIER = {2: 50 * 2**20, 3: 100 * 2**20}
#: a tier changes rarely, and a file that turns out too large goes down the ladder anyway
_KEPT_MS = 15 * 60_000
_REMEMBERED = 10_000


class Places:
    """Asks once and remembers for a while."""

    def __init__(self, rest: Rest, clock: Callable[[], int]) -> None:
        self._rest = rest
        self._clock = clock
        #: user → channel of their direct messages, which never changes
        self._direct: TtlCache[str, str] = TtlCache(_REMEMBERED)
        #: guild → bytes of one file
        self._limits: TtlCache[str, int] = TtlCache(_REMEMBERED)

    async def direct(self, user: str) -> str:
        """Open somebody's direct messages; opening them again answers the same channel."""
        channel = self._direct.get(user)
        if channel is None:
            opened = await self._rest.request(Route("POST", "/users/@me/channels"), {"recipient_id": user})
            channel = id_of(opened, "channel")
            self._direct.put(user, channel)
        return channel

    async def limit(self, guild: str | None) -> int:
        """Bytes of one file that the guild's boosts allow."""
        if guild is None:
            return LIMIT
        known = self._limits.get(guild, self._clock())
        if known is not None:
            return known
        try:
            found = object_of(
                await self._rest.request(Route("GET", "/guilds/{guild_id}", guild_id=guild)), "server"
            )
        except (Refusal, Unexpected):
            return LIMIT
        tier = found.get("premium_tier")
        limit = _BY_TIER.get(tier, LIMIT) if isinstance(tier, int) else LIMIT
        self._limits.put(guild, limit, self._clock(), ttl_ms=_KEPT_MS)
        return limit
