"""Rate limits of our own: commands of a member, and edits in a channel that only tell progress."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable

from bot.domain.errors import QuotaExhausted

#: members remembered; who was quiet longest is forgotten first, with a bucket that is full again by then
_REMEMBERED = 10_000
#: channels remembered for their last progress edit; the one that was edited longest ago goes first
_CHANNELS = 10_000
#: processor time that costs as much as a command, in seconds: at 20 commands a minute, all of one processor
_CPU_S_PER_COMMAND = 3.0


class RateLimit:
    """`per_minute` commands a member, in bursts of `burst`."""

    def __init__(self, *, per_minute: int, burst: int, monotonic: Callable[[], int]) -> None:
        self._per_ms = per_minute / 60_000
        self._burst = burst
        self._monotonic = monotonic
        #: member → tokens left, and when that was
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def spend(self, member: str) -> None:
        """Take one token; raises QuotaExhausted telling when there is another."""
        left, now = self._left(member)
        enough = left >= 1
        self._keep(member, left - enough, now)
        if not enough:
            seconds = math.ceil((1 - left) / self._per_ms / 1000)
            raise QuotaExhausted(f"That was a lot at once. Try again in {seconds} s.")

    def charge(self, member: str, cpu_s: float) -> None:
        """Take the tokens that processor time costs, for work that was done for a member's files.

        It may leave fewer than none, so that the next command waits; by one burst at most.
        """
        left, now = self._left(member)
        self._keep(member, max(-float(self._burst), left - cpu_s / _CPU_S_PER_COMMAND), now)

    def _left(self, member: str) -> tuple[float, int]:
        """The tokens of a member by now, and the time."""
        now = self._monotonic()
        left, since = self._buckets.pop(member, (float(self._burst), now))
        # A clock that was set back takes nothing away.
        return min(float(self._burst), left + max(0, now - since) * self._per_ms), now

    def _keep(self, member: str, left: float, now: int) -> None:
        self._buckets[member] = (left, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)


class ProgressPacer:
    """Lets one progress edit through in each channel and interval."""

    def __init__(self, *, interval: int, monotonic: Callable[[], int]) -> None:
        self._interval = interval
        self._monotonic = monotonic
        #: channel → when it took the last one
        self._taken_at: OrderedDict[Hashable, int] = OrderedDict()

    def take(self, channel: Hashable) -> bool:
        """Whether the channel takes an edit now; one that it takes keeps others out."""
        now = self._monotonic()
        # What was taken in the future was taken before the clock was set back.
        if 0 <= now - self._taken_at.get(channel, now - self._interval) < self._interval:
            return False
        self._taken_at.pop(channel, None)
        self._taken_at[channel] = now
        if len(self._taken_at) > _CHANNELS:
            self._taken_at.popitem(last=False)
        return True
