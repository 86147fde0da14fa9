"""What Discord has told about its rate limits, so that a request that must wait is not sent at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from discord.http import Route

from adapters.chat.ttl_cache import TtlCache, parse_retry_after

#: buckets remembered; the one that was told of longest ago goes first
_REMEMBERED = 10_000
#: what stands for the bot's token, and for this address, among what is stopped as a whole
_TOKEN, _ADDRESS = "token", "address"
#: a number of requests; no limit of Discord's is larger
_COUNT = re.compile(r"[0-9]{1,9}")
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
        self._buckets: TtlCache[str, _Bucket] = TtlCache(_REMEMBERED)
        #: while nothing may be sent with the bot's token, or from this address
        self._stopped: TtlCache[str, None] = TtlCache(2)

    def wait(self, route: Route, now: int) -> int:
        """Milliseconds until the route may be taken; 0: now."""
        bucket = self._buckets.get(self._key(route), now)
        waits = bucket.until - now if bucket is not None and bucket.left <= 0 else 0
        # Interactions carry tokens of their own, and are outside of what the bot's own may send.
        still = self._stopped.remaining_ms(_TOKEN, now) if route.webhook_token is None else 0
        return max(0, waits, still, self._stopped.remaining_ms(_ADDRESS, now))

    def take(self, route: Route, now: int) -> None:
        """One request is on its way: others at the same time must not count on its place."""
        bucket = self._buckets.get(self._key(route), now)
        if bucket is not None:
            bucket.left -= 1

    def note(self, route: Route, headers: Mapping[str, str], now: int) -> None:
        """Learn from an answer; what makes no sense in it teaches nothing."""
        name = headers.get("X-RateLimit-Bucket")
        left, reset_ms = (
            headers.get("X-RateLimit-Remaining"),
            parse_retry_after(headers.get("X-RateLimit-Reset-After")),
        )
        if name is not None:
            self._names[route.key] = name
        if left is None or not _COUNT.fullmatch(left) or reset_ms is None:
            return
        bucket = _Bucket(left=int(left), until=now + reset_ms)
        known = self._buckets.get(self._key(route), now)
        if known is not None and bucket.until < known.until + _ONE_WINDOW_MS:
            # Answers of one window may overtake each other: the lowest is the truth.
            bucket.left = min(bucket.left, known.left)
        self._buckets.put(self._key(route), bucket, now, ttl_ms=reset_ms)

    def stop(self, route: Route, wait_ms: int, now: int, *, everything: bool, banned: bool = False) -> None:
        """Discord has said no for a while; `banned`: the network in front of it has."""
        if banned:
            self._stop(_ADDRESS, wait_ms, now)
        elif everything and route.webhook_token is None:
            self._stop(_TOKEN, wait_ms, now)
        else:
            self._buckets.put(self._key(route), _Bucket(left=0, until=now + wait_ms), now, ttl_ms=wait_ms)

    def _stop(self, what: str, wait_ms: int, now: int) -> None:
        if wait_ms > self._stopped.remaining_ms(what, now):
            self._stopped.put(what, None, now, ttl_ms=wait_ms)

    def _key(self, route: Route) -> str:
        return f"{self._names.get(route.key, route.key)} {route.major_parameters}"
