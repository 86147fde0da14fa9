"""The service's clock, which tests can advance, and snowflakes."""

import time
from datetime import UTC, datetime
from typing import Protocol

#: the first second of 2015, from which every id counts its milliseconds
EPOCH_MS = 1_420_070_400_000
_SHIFT = 22


class Clock(Protocol):
    def now_ms(self) -> int: ...


class MovableClock:
    """Wall clock time plus what a test has added to it."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def advance(self, seconds: float) -> None:
        self._ahead_ms += round(seconds * 1000)


class Snowflakes:
    """Ids that rise with time and never repeat."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def take(self) -> int:
        self._last = max(self._last + 1, at(self._clock.now_ms()))
        return self._last


def at(moment_ms: int) -> int:
    """Return the lowest id of a moment."""
    return (moment_ms - EPOCH_MS) << _SHIFT


def shard_of(guild_id: int, shards: int) -> int:
    """Return the shard that a guild's events go to."""
    return (guild_id >> _SHIFT) % shards


def iso(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="microseconds")
