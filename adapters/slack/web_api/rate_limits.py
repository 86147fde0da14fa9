"""Stays within Slack's rate limits: counts requests, respects Retry-After, and shares equal requests.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from adapters.chat.ttl_cache import TtlCache
from bot.domain.errors import NotPosted

_MINUTE_MS = 60_000
#: between two messages in one channel
_POST_INTERVAL_MS = 1_000
_POST = "chat.postMessage"
#: requests per minute and workspace of methods that nobody waits for
_PER_MINUTE: Mapping[str, int] = {
    "chat.delete": 50,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.open": 50,
    "conversations.replies": 50,
    "files.completeUploadExternal": 100,
    "files.delete": 50,
    "files.getUploadURLExternal": 100,
    "files.info": 100,
}
#: the share of a limit that low-priority requests, such as progress edits, leave to others
_RESERVED_SHARE = 0.4
#: longest wait before a request; a longer one is reported to the caller
_MAX_WAIT_MS = 1_000
#: how long a turn is kept for a caller that does not ask again
_TURN_KEPT_MS = 10_000
_MAX_KEYS = 10_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitKey:
    """What one rate limit counts."""

    method: str
    team: str
    #: of a new message; empty for limits by method alone
    channel: str = ""

    @classmethod
    def of(cls, method: str, team: str, channel: str) -> "RateLimitKey":
        return cls(method=method, team=team, channel=channel if method == _POST else "")


class RateLimiter:
    """Counts the requests of this process; all times are monotonic milliseconds."""

    def __init__(self) -> None:
        #: when requests were sent, the oldest first; one that has to wait may lie in the future
        self._sent: TtlCache[RateLimitKey, deque[int]] = TtlCache(_MAX_KEYS)
        self._blocked: TtlCache[RateLimitKey, None] = TtlCache(_MAX_KEYS)
        #: of a channel, caller → when its message may be sent, the earliest first
        self._turns: TtlCache[RateLimitKey, dict[str, int]] = TtlCache(_MAX_KEYS)

    def reserve(self, key: RateLimitKey, now: int, *, low_priority: bool = False, caller: str = "") -> int:
        """Reserve the next slot and return the milliseconds to wait for it.

        Raises NotPosted where the wait is long. A channel then keeps a turn for the `caller`, who is told
        when: otherwise all who wait would ask again for each message that the channel takes.
        """
        turns = self._waiting(key, now)
        turn = turns.get(caller)
        at = max(
            now + self._blocked.remaining_ms(key, now),
            self._next(key, now, low_priority=low_priority),
            _behind(turns) if turn is None else turn,
        )
        if at - now > _MAX_WAIT_MS:
            if key.channel and caller and at != turn:
                turns.pop(caller, None)
                at = turns[caller] = max(at, _behind(turns))
                self._turns.put(key, turns, now, ttl_ms=at - now + _TURN_KEPT_MS)
            raise NotPosted("Slack's rate limit is used up", retry_after_ms=at - now)
        turns.pop(caller, None)
        if key.channel or key.method in _PER_MINUTE:
            sent = self._sent.get(key, now) or deque(maxlen=1 if key.channel else None)
            sent.append(at)
            self._sent.put(key, sent, now, ttl_ms=_MINUTE_MS + _MAX_WAIT_MS)
        return at - now

    def block(self, key: RateLimitKey, wait_ms: int, now: int) -> None:
        """Send nothing for a while, because Slack asked for it."""
        self._blocked.put(key, None, now, ttl_ms=wait_ms)

    def _waiting(self, key: RateLimitKey, now: int) -> dict[str, int]:
        """The turns in a channel, without those whose callers did not come."""
        turns = self._turns.get(key, now) or {}
        while turns and next(iter(turns.values())) < now - _TURN_KEPT_MS:
            del turns[next(iter(turns))]
        return turns

    def _next(self, key: RateLimitKey, now: int, *, low_priority: bool) -> int:
        sent = self._sent.get(key, now)
        if not sent:
            return now
        if key.channel:
            return sent[-1] + _POST_INTERVAL_MS
        while sent and sent[0] <= now - _MINUTE_MS:
            sent.popleft()
        limit = _PER_MINUTE[key.method]
        limit = round(limit * (1 - _RESERVED_SHARE)) if low_priority else limit
        return now if len(sent) < limit else sent[len(sent) - limit] + _MINUTE_MS


def _behind(turns: dict[str, int]) -> int:
    """The first turn after all of these."""
    return next(reversed(turns.values())) + _POST_INTERVAL_MS if turns else 0


class SharedRequests(Generic[_T]):
    """Runs one request per key at a time; concurrent callers share its result.

    A thousand commands in one channel at once would otherwise be a thousand equal requests.
    """

    def __init__(self, cancelled: Callable[[], _T]) -> None:
        #: the result for the others when the caller that runs the request is cancelled
        self._cancelled = cancelled
        self._running: dict[Hashable, asyncio.Future[_T]] = {}

    async def run(self, key: Hashable, request: Callable[[], Awaitable[_T]]) -> _T:
        """Return the result of `request`, which must not raise."""
        running = self._running.get(key)
        if running is not None:
            # Shielded: a cancelled caller must not cancel the result of the others.
            return await asyncio.shield(running)
        future = self._running[key] = asyncio.get_running_loop().create_future()
        result: _T | None = None
        try:
            result = await request()
        finally:
            del self._running[key]
            future.set_result(self._cancelled() if result is None else result)
        return result
