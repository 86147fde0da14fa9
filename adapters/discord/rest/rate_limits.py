"""Tracks Discord's rate limits, so that a request that must wait is not sent at all.

https://discord.com/developers/docs/topics/rate-limits
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from discord.http import Route

from adapters.chat.ttl_cache import TtlCache, parse_retry_after

#: tracked buckets; the oldest is evicted first
_MAX_BUCKETS = 10_000
#: keys of the two limits that are wider than a bucket: the bot token's and this IP address's
_TOKEN, _ADDRESS = "token", "address"
#: a request count; no limit of Discord's is larger
_COUNT = re.compile(r"[0-9]{1,9}")
#: two answers state the end of one window with less difference than this
_SAME_WINDOW_MS = 250


@dataclass(slots=True, kw_only=True)
class _Bucket:
    remaining: int
    #: monotonic milliseconds
    reset_at: int


class RateLimiter:
    """Counts down each bucket; all times are monotonic milliseconds."""

    def __init__(self) -> None:
        #: route → the bucket that it shares with other routes, as named by Discord
        self._bucket_names: dict[str, str] = {}
        self._buckets: TtlCache[str, _Bucket] = TtlCache(_MAX_BUCKETS)
        #: blocks on the bot token or on this address
        self._blocks: TtlCache[str, None] = TtlCache(2)

    def acquire(self, route: Route, now: int) -> int:
        """Count one request that is sent now, before its answer arrives; or return how long it must wait.

        0: it may be sent; else milliseconds.
        """
        bucket = self._buckets.get(self._key(route), now)
        bucket_ms = bucket.reset_at - now if bucket is not None and bucket.remaining <= 0 else 0
        # Interaction tokens are exempt from the bot token's global limit.
        token_ms = self._blocks.remaining_ms(_TOKEN, now) if route.webhook_token is None else 0
        wait_ms = max(0, bucket_ms, token_ms, self._blocks.remaining_ms(_ADDRESS, now))
        if not wait_ms and bucket is not None:
            bucket.remaining -= 1
        return wait_ms

    def update(self, route: Route, headers: Mapping[str, str], now: int) -> None:
        """Learn from an answer's headers; malformed ones are ignored."""
        name = headers.get("X-RateLimit-Bucket")
        remaining = headers.get("X-RateLimit-Remaining")
        reset_ms = parse_retry_after(headers.get("X-RateLimit-Reset-After"))
        if name is not None:
            self._bucket_names[route.key] = name
        if remaining is None or not _COUNT.fullmatch(remaining) or reset_ms is None:
            return
        bucket = _Bucket(remaining=int(remaining), reset_at=now + reset_ms)
        known = self._buckets.get(self._key(route), now)
        if known is not None and bucket.reset_at < known.reset_at + _SAME_WINDOW_MS:
            # Answers of one window may overtake each other: the lowest count is right.
            bucket.remaining = min(bucket.remaining, known.remaining)
        self._buckets.put(self._key(route), bucket, now, ttl_ms=reset_ms)

    def block(self, route: Route, wait_ms: int, now: int, *, everything: bool, banned: bool = False) -> None:
        """Discord answered 429; `banned`: the network in front of it did."""
        if banned:
            self._block(_ADDRESS, wait_ms, now)
        elif everything and route.webhook_token is None:
            self._block(_TOKEN, wait_ms, now)
        else:
            bucket = _Bucket(remaining=0, reset_at=now + wait_ms)
            self._buckets.put(self._key(route), bucket, now, ttl_ms=wait_ms)

    def _block(self, scope: str, wait_ms: int, now: int) -> None:
        if wait_ms > self._blocks.remaining_ms(scope, now):
            self._blocks.put(scope, None, now, ttl_ms=wait_ms)

    def _key(self, route: Route) -> str:
        return f"{self._bucket_names.get(route.key, route.key)} {route.major_parameters}"
