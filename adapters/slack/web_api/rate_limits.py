"""Slack's rate limits, kept to before it has to say no, and its no for as long as it lasts.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.chat.ttl_cache import TtlCache
from bot.domain.errors import NotPosted

_MINUTE_MS = 60_000
#: between two messages in one channel
_POSTING_MS = 1_000
_POST = "chat.postMessage"
#: calls a minute in each workspace of what is done without anybody waiting for it
_TIERS: Mapping[str, int] = {
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
#: of each tier, what edits that only tell progress leave to results
_SPARED = 0.4
#: waits up to this are sat out, longer ones are told
_PATIENCE_MS = 1_000
#: keys remembered of each kind; the one whose last call is longest ago goes first
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitKey:
    """What one limit counts."""

    method: str
    team: str
    #: of a new message; empty for what is counted by method alone
    channel: str = ""

    @classmethod
    def of(cls, method: str, team: str, channel: str) -> "RateLimitKey":
        return cls(method=method, team=team, channel=channel if method == _POST else "")


class RateLimiter:
    """Counts what this process sends; all times are monotonic milliseconds."""

    def __init__(self) -> None:
        #: when calls went out, the oldest first; one that was told to wait may lie a moment ahead
        self._sent: TtlCache[RateLimitKey, deque[int]] = TtlCache(_REMEMBERED)
        self._stopped: TtlCache[RateLimitKey, None] = TtlCache(_REMEMBERED)

    def take(self, lane: RateLimitKey, now: int, *, spare: bool = False) -> int:
        """Take a turn and answer how many milliseconds to wait for it.

        `spare` leaves a share to others. Raises Held, and takes none, where that is long.
        """
        at = max(now + self._stopped.remaining_ms(lane, now), self._next(lane, now, spare=spare))
        if at - now > _PATIENCE_MS:
            raise NotPosted("Slack's rate limit is used up", retry_after_ms=at - now)
        if lane.channel or lane.method in _TIERS:
            sent = self._sent.get(lane, now) or deque(maxlen=1 if lane.channel else None)
            sent.append(at)
            self._sent.put(lane, sent, now, ttl_ms=_MINUTE_MS + _PATIENCE_MS)
        return at - now

    def stop(self, lane: RateLimitKey, wait_ms: int, now: int) -> None:
        """Slack has said no for a while."""
        self._stopped.put(lane, None, now, ttl_ms=wait_ms)

    def _next(self, lane: RateLimitKey, now: int, *, spare: bool) -> int:
        sent = self._sent.get(lane, now)
        if not sent:
            return now
        if lane.channel:
            return sent[-1] + _POSTING_MS
        while sent and sent[0] <= now - _MINUTE_MS:
            sent.popleft()
        most = round(_TIERS[lane.method] * (1 - _SPARED)) if spare else _TIERS[lane.method]
        return now if len(sent) < most else sent[len(sent) - most] + _MINUTE_MS
