"""Rate limit of a member's commands."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

from bot.domain.errors import TooManyRequests

#: members and events remembered; who was quiet longest goes first, with a bucket that is full by then
_REMEMBERED = 10_000
#: processor time that costs as much as a command, in seconds: at 20 commands a minute, all of one processor
_CPU_S_PER_COMMAND = 3.0
#: questions for each command: a client asks with nearly every letter that somebody types
_QUESTIONS = 15
#: how long somebody who goes on is not told again that they are too fast
_TOLD_MS = 60_000

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class RateLimiter:
    """`per_minute` commands a member, in bursts of `burst`, and several times as many small questions."""

    def __init__(self, *, per_minute: int, burst: int, monotonic: Callable[[], int]) -> None:
        self._commands = _Buckets(per_minute=per_minute, burst=burst, monotonic=monotonic)
        self._questions = _Buckets(
            per_minute=per_minute * _QUESTIONS, burst=burst * _QUESTIONS, monotonic=monotonic
        )
        self._monotonic = monotonic
        #: events whose token was taken before anything was looked up for them
        self._admitted: OrderedDict[tuple[str, str], None] = OrderedDict()
        #: member → when they were told last that they are too fast
        self._told_at: OrderedDict[str, int] = OrderedDict()

    def admit(self, member: str, event: str) -> None:
        """Take the token of an event before any work for it, so that `spend` takes no second one."""
        self._take(self._commands, member)
        if event:
            _remember(self._admitted, (member, event), None)

    def spend(self, member: str, event: str = "") -> None:
        """Take one token, or none for an admitted event; raises TooManyRequests telling when there is one."""
        if (member, event) not in self._admitted:
            self._take(self._commands, member)

    def ask(self, member: str) -> None:
        """Take a token for a small question, such as what could be typed next; raises TooManyRequests."""
        self._take(self._questions, member)

    def charge(self, member: str, cpu_s: float) -> None:
        """Take the tokens that processor time costs, for work that was done for a member's files.

        It may leave fewer than none, so that the next command waits; by one burst at most.
        """
        self._commands.charge(member, cpu_s / _CPU_S_PER_COMMAND)

    def _take(self, buckets: "_Buckets", member: str) -> None:
        wait_ms = buckets.take(member)
        if not wait_ms:
            return
        now = self._monotonic()
        repeated = 0 <= now - self._told_at.get(member, now - _TOLD_MS) < _TOLD_MS
        if not repeated:
            _remember(self._told_at, member, now)
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
        """Take one token; answers the milliseconds until there is one, 0 where it was taken."""
        left, now = self._left(member)
        enough = left >= 1
        self._keep(member, left - enough, now)
        return 0 if enough else (1 - left) / self._per_ms

    def charge(self, member: str, tokens: float) -> None:
        """Take tokens; it may leave fewer than none, by one burst at most."""
        left, now = self._left(member)
        self._keep(member, max(-float(self._burst), left - tokens), now)

    def _left(self, member: str) -> tuple[float, int]:
        """The tokens of a member by now, and the time."""
        now = self._monotonic()
        left, since = self._buckets.pop(member, (float(self._burst), now))
        # A clock that was set back takes nothing away.
        return min(float(self._burst), left + max(0, now - since) * self._per_ms), now

    def _keep(self, member: str, left: float, now: int) -> None:
        _remember(self._buckets, member, (left, now))


def _remember(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _REMEMBERED:
        kept.popitem(last=False)
