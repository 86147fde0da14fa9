"""Rate limits: headers, and 429 responses."""

import math
from dataclasses import dataclass, field
from hashlib import md5

from tests.platforms.fake_discord.rest.routing import Route
from tests.platforms.fake_discord.state.clock import Clock

#: (times, seconds)
Rate = tuple[int, float]

#: a rate that no test reaches by accident
EASY: Rate = (1000, 1.0)
#: rates as apps have met them; the service itself only tells them in its headers
USUAL: dict[str, Rate] = {
    "POST /channels/{channel_id}/messages": (5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": (1, 0.25),
    "POST /webhooks/{webhook_id}/{webhook_token}": (5, 2.0),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original": (5, 2.0),
}
_EVERYTHING: Rate = (50, 1.0)
_MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token")


class Limited(Exception):
    """Too often; come back after some seconds."""

    def __init__(
        self, retry_after_s: float, *, scope: str = "user", headers: dict[str, str] | None = None
    ) -> None:
        self.retry_after_s = retry_after_s
        self.scope = scope
        self.headers = headers or {}
        super().__init__(f"limited for {retry_after_s} s ({scope})")


@dataclass(slots=True)
class _Bucket:
    ends_ms: float = 0
    used: int = 0


@dataclass(slots=True, kw_only=True)
class RateLimits:
    clock: Clock
    rates: dict[str, Rate] = field(default_factory=dict)
    #: 403s, 401s and 429s, of which 10,000 in ten minutes end in a ban
    invalid_requests: int = 0
    #: 50 a second in all, but for what an interaction's token allows
    counts_everything: bool = False
    _buckets: dict[tuple[str, ...], _Bucket] = field(default_factory=dict)

    def be_strict(self) -> None:
        """Limit as the service usually does."""
        self.rates = dict(USUAL)
        self.counts_everything = True

    def count(self, route: Route, path: dict[str, str]) -> dict[str, str]:
        """Count a call and return its headers; callbacks are not limited and carry none."""
        if route.template.endswith("/callback"):
            return {}
        if self.counts_everything and not route.by_token_in_path:
            self._take(("",), _EVERYTHING, scope="global")
        major = tuple(path[name] for name in _MAJOR if name in path)
        rate = self.rates.get(route.key, EASY)
        bucket = self._take((route.key, *major), rate, headers={"X-RateLimit-Bucket": _name(route)})
        left = max(0.0, bucket.ends_ms - self.clock.now_ms()) / 1000
        return {
            "X-RateLimit-Limit": str(rate[0]),
            "X-RateLimit-Remaining": str(max(0, rate[0] - bucket.used)),
            "X-RateLimit-Reset": f"{bucket.ends_ms / 1000:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": _name(route),
        }

    def _take(
        self, key: tuple[str, ...], rate: Rate, *, scope: str = "user", headers: dict[str, str] | None = None
    ) -> _Bucket:
        now = self.clock.now_ms()
        bucket = self._buckets.setdefault(key, _Bucket())
        if now >= bucket.ends_ms:
            bucket.ends_ms, bucket.used = now + rate[1] * 1000, 0
        if bucket.used >= rate[0]:
            wait_s = math.ceil(bucket.ends_ms - now) / 1000
            raise Limited(wait_s, scope=scope, headers=headers)
        bucket.used += 1
        return bucket


def _name(route: Route) -> str:
    return md5(route.key.encode(), usedforsecurity=False).hexdigest()
