"""Rate limits, enforced if a test enables them."""

import math
from collections import deque
from dataclasses import dataclass, field

from tests.platforms.fake_slack.methods.routing import Method
from tests.platforms.fake_slack.rules.refusals import Limited
from tests.platforms.fake_slack.state.clock import WakingClock

#: (times, seconds)
Rate = tuple[int, int]

_POSTING: Rate = (1, 1)
#: of apps in many workspaces outside of the service's own directory
_READING: Rate = (1, 60)
_MINUTE_S = 60
_HISTORY = {"conversations.history", "conversations.replies"}


@dataclass(slots=True, kw_only=True)
class RateLimits:
    clock: WakingClock
    strict: bool = False
    #: method → a rate of its own, whether strict or not
    rates: dict[str, Rate] = field(default_factory=dict)
    _calls: dict[tuple[str, ...], deque[int]] = field(default_factory=dict)

    def be_strict(self) -> None:
        """Limit as the service does: by tiers, and one message a second in each channel."""
        self.strict = True

    def count(self, method: Method, who: str, channel: str, *, distributed: bool) -> None:
        """Count a call, or refuse it with the seconds to wait."""
        if method.name in self.rates:
            self._take((method.name, who), self.rates[method.name])
        elif not self.strict:
            return
        elif method.name == "chat.postMessage":
            self._take((method.name, who, channel), _POSTING)
        elif method.name in _HISTORY and distributed:
            self._take((method.name, who), _READING)
        else:
            self._take((method.name, who), (method.tier.value, _MINUTE_S))

    def _take(self, key: tuple[str, ...], rate: Rate) -> None:
        now = self.clock.now_ms()
        times, window_ms = rate[0], rate[1] * 1000
        calls = self._calls.setdefault(key, deque())
        while calls and now - calls[0] >= window_ms:
            calls.popleft()
        if len(calls) >= times:
            raise Limited(max(1, math.ceil((calls[0] + window_ms - now) / 1000)))
        calls.append(now)
