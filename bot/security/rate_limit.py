"""The rate limit of a member's commands and queries: token buckets in memory."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

from bot.domain.errors import TooManyRequests

#: members and events that are remembered; the least recently active member is dropped first
_MAX_ENTRIES = 10_000
#: processor time that costs as much as a command, in seconds: at 20 commands a minute, all of one processor
_CPU_S_PER_COMMAND = 3.0
#: queries per command: a client autocompletes with nearly every letter
_QUERIES_PER_COMMAND = 15
#: how long a refusal counts as a repetition of the one before
_REPEATED_MS = 60_000

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class RateLimiter:
    """Allows each member `per_minute` commands in bursts of `burst`, and several times as many queries."""

    def __init__(self, *, per_minute: int, burst: int, monotonic: Callable[[], int]) -> None:
        self._commands = _Buckets(per_minute=per_minute, burst=burst, monotonic=monotonic)
        self._queries = _Buckets(
            per_minute=per_minute * _QUERIES_PER_COMMAND,
            burst=burst * _QUERIES_PER_COMMAND,
            monotonic=monotonic,
        )
        self._monotonic = monotonic
        #: events whose token was already taken
        self._admitted: OrderedDict[tuple[str, str], None] = OrderedDict()
        #: member → time of the last refusal that was no repetition
        self._refused_at: OrderedDict[str, int] = OrderedDict()

    def admit(self, member: str, event: str) -> None:
        """Take the token of an event before any work is done for it; `spend` then takes no second one."""
        self._take(self._commands, member)
        if event:
            _remember(self._admitted, (member, event), None)

    def spend(self, member: str, event: str = "") -> None:
        """Take one token, or none for an admitted event; raises TooManyRequests with the time to wait."""
        if (member, event) not in self._admitted:
            self._take(self._commands, member)

    def admit_query(self, member: str) -> None:
        """Take a token for a query, such as an autocompletion; raises TooManyRequests."""
        self._take(self._queries, member)

    def charge(self, member: str, cpu_s: float) -> None:
        """Take the tokens for processor time that was used for a member's files.

        The balance may become negative by one burst at most, so that the next command has to wait.
        """
        self._commands.charge(member, cpu_s / _CPU_S_PER_COMMAND)

    def _take(self, buckets: "_Buckets", member: str) -> None:
        wait_ms = buckets.take(member)
        if not wait_ms:
            return
        now = self._monotonic()
        repeated = 0 <= now - self._refused_at.get(member, now - _REPEATED_MS) < _REPEATED_MS
        if not repeated:
            _remember(self._refused_at, member, now)
        seconds = math.ceil(wait_ms / 1000)
        raise TooManyRequests(f"That was a lot at once. Try again in {seconds} s.", repeated=repeated)


class _Buckets:
    """A token bucket for each member."""

    def __init__(self, *, per_minute: int, burst: int, monotonic: Callable[[], int]) -> None:
        self._per_ms = per_minute / 60_000
        self._burst = burst
        self._monotonic = monotonic
        #: member → tokens left, and when that was
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, member: str) -> float:
        """Take one token; returns 0, or the milliseconds until there is one."""
        left, now = self._left(member)
        enough = left >= 1
        self._keep(member, left - enough, now)
        return 0 if enough else (1 - left) / self._per_ms

    def charge(self, member: str, tokens: float) -> None:
        """Take tokens; the balance may become negative by one burst at most."""
        left, now = self._left(member)
        self._keep(member, max(-float(self._burst), left - tokens), now)

    def _left(self, member: str) -> tuple[float, int]:
        """The tokens that a member has now, and the time."""
        now = self._monotonic()
        left, since = self._buckets.pop(member, (float(self._burst), now))
        # A clock that was set back must not remove tokens.
        return min(float(self._burst), left + max(0, now - since) * self._per_ms), now

    def _keep(self, member: str, left: float, now: int) -> None:
        _remember(self._buckets, member, (left, now))


def _remember(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _MAX_ENTRIES:
        kept.popitem(last=False)
