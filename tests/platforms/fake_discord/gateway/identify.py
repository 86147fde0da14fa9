"""Limits on identifying: tokens, intents, session starts and concurrency."""

from typing import Any

from tests.platforms.fake_discord.state.events import KNOWN_BITS, PRIVILEGED, Intents
from tests.platforms.fake_discord.state.world import World

_DAY_MS = 24 * 3600 * 1000
_STARTS_A_DAY = 1000


class Closing(Exception):
    """The gateway closes the connection with one of its codes."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code} {reason}")


class IdentifyLimits:
    """Counts session starts per window and per day."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.max_concurrency = 1
        self.window_ms = 5000
        #: how many guilds one shard may have
        self.guilds_a_shard = 2500
        #: shards that the service recommends
        self.shards = 1
        self._last_in: dict[int, int] = {}
        self.started = 0
        self._day_began_ms = world.clock.now_ms()

    def limits(self) -> dict[str, int]:
        """The remaining session starts, as in `/gateway/bot`."""
        self._turn_day()
        return {
            "total": _STARTS_A_DAY,
            "remaining": max(0, _STARTS_A_DAY - self.started),
            "reset_after": self._day_began_ms + _DAY_MS - self._world.clock.now_ms(),
            "max_concurrency": self.max_concurrency,
        }

    def check(self, token: Any, intents: Any, shard: Any) -> None:
        """Close the connection for an invalid token, disallowed intents, or an invalid shard."""
        self.check_token(token)
        if not isinstance(intents, int) or not 0 <= intents <= KNOWN_BITS:
            raise Closing(4013, "Invalid intent(s).")
        if Intents(intents) & PRIVILEGED & ~self._world.allowed_intents:
            raise Closing(4014, "Disallowed intent(s).")
        number, count = shard
        if not 0 <= number < count:
            raise Closing(4010, "Invalid shard.")
        mine = [guild for guild in self._world.guilds.values() if self._world.bot.id in guild.members]
        if len(mine) > self.guilds_a_shard * count:
            raise Closing(4011, "Sharding required.")

    def check_token(self, token: Any) -> None:
        if str(token).removeprefix("Bot ") != self._world.token:
            raise Closing(4004, "Authentication failed.")

    def admit(self, shard: int) -> bool:
        """Whether this shard may start now; if so, it is counted."""
        self._turn_day()
        now = self._world.clock.now_ms()
        lane = shard % self.max_concurrency
        if self.started >= _STARTS_A_DAY or now - self._last_in.get(lane, 0) < self.window_ms:
            return False
        self._last_in[lane] = now
        self.started += 1
        return True

    def _turn_day(self) -> None:
        now = self._world.clock.now_ms()
        if now - self._day_began_ms >= _DAY_MS:
            self._day_began_ms, self.started = now, 0
