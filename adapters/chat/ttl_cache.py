"""A bounded cache whose entries end by themselves, and how long a platform asks to wait."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

#: no platform asks for more; a longer wait is an odd answer, and would stop a workspace for days
_LONGEST_WAIT_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry(Generic[_Value]):
    value: _Value
    since: int
    #: None: until it is the oldest of too many
    until: int | None


class TtlCache(Generic[_Key, _Value]):
    """Holds at most `most` values and drops the oldest first; all times are milliseconds of one clock.

    A clock that was set back must not keep an entry alive for longer than its time: one that begins in the
    future counts as ended.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[_Key, _Entry[_Value]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: _Key, now: int = 0) -> _Value | None:
        entry = self._live(key, now)
        return entry.value if entry is not None else None

    def left(self, key: _Key, now: int) -> int:
        """Milliseconds that an entry still lives; 0 where there is none."""
        entry = self._live(key, now)
        return entry.until - now if entry is not None and entry.until is not None else 0

    def put(self, key: _Key, value: _Value, now: int = 0, *, ttl_ms: int | None = None) -> None:
        self._entries.pop(key, None)
        while len(self._entries) >= self._most:
            del self._entries[next(iter(self._entries))]
        until = now + ttl_ms if ttl_ms is not None else None
        self._entries[key] = _Entry(value=value, since=now, until=until)

    def forget(self, key: _Key) -> None:
        self._entries.pop(key, None)

    def _live(self, key: _Key, now: int) -> _Entry[_Value] | None:
        entry = self._entries.get(key)
        if entry is None or entry.until is None or entry.since <= now < entry.until:
            return entry
        del self._entries[key]
        return None


def read_wait(seconds: object) -> int | None:
    """Read a wait, which platforms tell in seconds, in milliseconds; None where it makes no sense."""
    if isinstance(seconds, bool) or not isinstance(seconds, (str, int, float)):
        return None
    try:
        read = float(seconds)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(read) or read < 0:
        return None
    return min(round(read * 1000), _LONGEST_WAIT_MS)
