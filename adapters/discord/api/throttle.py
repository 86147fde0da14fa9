"""What Discord has told about its rate limits, so that a request that must wait is not sent at all."""

from collections.abc import Mapping
from dataclasses import dataclass

from discord.http import Route

#: buckets remembered before those that are over are forgotten
_REMEMBERED = 2_000
#: ends of one window, as told by two answers, differ by less
_ONE_WINDOW_MS = 250


@dataclass(slots=True, kw_only=True)
class _Bucket:
    left: int
    #: monotonic milliseconds
    until: int


class Throttle:
    """Counts down what is left of each bucket; all times are monotonic milliseconds."""

    def __init__(self) -> None:
        #: route → the bucket that it shares with others, as Discord names it
        self._names: dict[str, str] = {}
        self._buckets: dict[str, _Bucket] = {}
        #: until when nothing may be sent with the bot's token
        self._still_until = 0
        #: until when nothing may be sent from this address
        self._banned_until = 0

    def wait(self, route: Route, now: int) -> int:
        """Milliseconds until the route may be taken; 0: now."""
        bucket = self._buckets.get(self._key(route))
        waits = bucket.until - now if bucket is not None and bucket.left <= 0 else 0
        # Interactions carry tokens of their own, and are outside of what the bot's own may send.
        still = self._still_until - now if route.webhook_token is None else 0
        return max(0, waits, still, self._banned_until - now)

    def take(self, route: Route, now: int) -> None:
        """One request is on its way: others at the same time must not count on its place."""
        bucket = self._buckets.get(self._key(route))
        if bucket is not None and bucket.until > now:
            bucket.left -= 1

    def note(self, route: Route, headers: Mapping[str, str], now: int) -> None:
        """Learn from an answer."""
        name = headers.get("X-RateLimit-Bucket")
        left, reset = headers.get("X-RateLimit-Remaining"), headers.get("X-RateLimit-Reset-After")
        if name is not None:
            self._names[route.key] = name
        if left is None or reset is None:
            return
        self._forget(now)
        bucket = _Bucket(left=int(left), until=now + round(float(reset) * 1000))
        known = self._buckets.get(self._key(route))
        if known is not None and now < known.until and bucket.until < known.until + _ONE_WINDOW_MS:
            # Answers of one window may overtake each other: the lowest is the truth.
            bucket.left = min(bucket.left, known.left)
        self._buckets[self._key(route)] = bucket

    def stop(self, route: Route, wait_ms: int, now: int, *, everything: bool, banned: bool = False) -> None:
        """Discord has said no for a while; `banned`: the network in front of it has."""
        if banned:
            self._banned_until = max(self._banned_until, now + wait_ms)
        elif everything and route.webhook_token is None:
            self._still_until = max(self._still_until, now + wait_ms)
        else:
            self._buckets[self._key(route)] = _Bucket(left=0, until=now + wait_ms)

    def _key(self, route: Route) -> str:
        return f"{self._names.get(route.key, route.key)} {route.major_parameters}"

    def _forget(self, now: int) -> None:
        if len(self._buckets) > _REMEMBERED:
            self._buckets = {key: one for key, one in self._buckets.items() if one.until > now}
