"""A bounded cache with expiry, and a parser for the waits that platforms ask for."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

#: no platform asks for more; a longer wait is a malformed answer and would stop a workspace for days
_MAX_WAIT_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry(Generic[_Value]):
    value: _Value
    since: int
    #: None: the entry never expires
    until: int | None


class TtlCache(Generic[_Key, _Value]):
    """Holds at most `max_entries` values and evicts the oldest; all times are milliseconds of one clock.

    A clock that was set back must not extend an entry's life: an entry that begins in the future has
    expired.
    """

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: dict[_Key, _Entry[_Value]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: _Key, now: int = 0) -> _Value | None:
        entry = self._live(key, now)
        return entry.value if entry is not None else None

    def remaining_ms(self, key: _Key, now: int) -> int:
        """Milliseconds until an entry expires; 0 where there is none."""
        entry = self._live(key, now)
        return entry.until - now if entry is not None and entry.until is not None else 0

    def put(self, key: _Key, value: _Value, now: int = 0, *, ttl_ms: int | None = None) -> None:
        self._entries.pop(key, None)
        while len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]
        until = now + ttl_ms if ttl_ms is not None else None
        self._entries[key] = _Entry(value=value, since=now, until=until)

    def discard(self, key: _Key) -> None:
        self._entries.pop(key, None)

    def _live(self, key: _Key, now: int) -> _Entry[_Value] | None:
        entry = self._entries.get(key)
        if entry is None or entry.until is None or entry.since <= now < entry.until:
            return entry
        del self._entries[key]
        return None


def parse_retry_after(seconds: object) -> int | None:
    """Parse a wait in seconds to milliseconds; None where it makes no sense."""
    if isinstance(seconds, bool) or not isinstance(seconds, (str, int, float)):
        return None
    try:
        parsed = float(seconds)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(parsed) or parsed < 0:
        return None
    return min(round(parsed * 1000), _MAX_WAIT_MS)
