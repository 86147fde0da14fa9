"""How many commands a member may give: a token bucket each, before any work is done."""

import math
from collections import OrderedDict
from collections.abc import Callable

from bot.domain.errors import QuotaExhausted

#: members remembered; who was quiet longest is forgotten first, with a bucket that is full again by then
_REMEMBERED = 10_000


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
        now = self._monotonic()
        left, since = self._buckets.pop(member, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._per_ms)
        enough = left >= 1
        self._buckets[member] = (left - enough, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if not enough:
            seconds = math.ceil((1 - left) / self._per_ms / 1000)
            raise QuotaExhausted(f"That was a lot at once. Try again in {seconds} s.")
