"""What has to be asked about a place before something is shown there: direct messages and upload limits."""

from collections.abc import Callable

from discord.http import Route

from adapters.discord.api.answers import Unexpected, id_of, object_of
from adapters.discord.api.refusals import Refusal
from adapters.discord.api.rest import Rest
from adapters.discord.outlet.ladder import LIMIT

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
        self._direct: dict[str, str] = {}
        #: guild → bytes of one file, and until when that is believed
        self._limits: dict[str, tuple[int, int]] = {}

    async def direct(self, user: str) -> str:
        """Open somebody's direct messages; opening them again answers the same channel."""
        if user not in self._direct:
            opened = await self._rest.request(Route("POST", "/users/@me/channels"), {"recipient_id": user})
            channel = id_of(opened, "channel")
            if len(self._direct) >= _REMEMBERED:
                self._direct.clear()
            self._direct[user] = channel
        return self._direct[user]

    async def limit(self, guild: str | None) -> int:
        """Bytes of one file that the guild's boosts allow."""
        if guild is None:
            return LIMIT
        known, until = self._limits.get(guild, (0, 0))
        if until > self._clock():
            return known
        try:
            found = object_of(
                await self._rest.request(Route("GET", "/guilds/{guild_id}", guild_id=guild)), "server"
            )
        except (Refusal, Unexpected):
            return LIMIT
        if len(self._limits) >= _REMEMBERED:
            self._limits.clear()
        tier = found.get("premium_tier")
        limit = _BY_TIER.get(tier, LIMIT) if isinstance(tier, int) else LIMIT
        self._limits[guild] = (limit, self._clock() + _KEPT_MS)
        return limit
