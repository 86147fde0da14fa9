"""Delays after wrong passwords, per address, so that nobody locks out another address."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.domain.errors import Refused

_FIRST_S, _LONGEST_S = 0.5, 30.0
#: an address without failures for so long starts again without a delay
_FORGET_AFTER_S = 900.0
#: requests that may wait at once: of one address, and of all
_MAX_WAITING, _MAX_WAITING_TOTAL = 4, 100
#: addresses that are remembered; the one that failed longest ago is forgotten first
_MAX_ADDRESSES = 10_000

_log = structlog.get_logger(__name__)


class TooManyLogins(Refused):
    """Too many sign-in attempts from this address are waiting."""

    def __init__(self, wait_s: float) -> None:
        self.retry_after_s = math.ceil(wait_s)
        super().__init__(
            "There were wrong passwords from this address, and too many of its sign-in attempts are waiting. "
            f"Try again in {self.retry_after_s} s."
        )


@dataclass(slots=True, kw_only=True)
class _Address:
    """The failures of one address. Times are seconds of the monotonic clock."""

    failures: int = 0
    #: from then on the next password is checked
    free_at: float = 0.0
    waiting: int = 0


class LoginDelays:
    """Checks passwords. Every wrong one doubles the delay of its address before the next check."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._waiting = 0

    async def check(self, address: str, is_correct: Callable[[], bool]) -> bool:
        """Wait out the delay of the address, at most 30 s, then check the password.

        Raises TooManyLogins where too many requests of the address, or of all addresses, are waiting.
        """
        entry = self._entry(address)
        wait_s = entry.free_at - self._now()
        if wait_s > 0:
            await self._wait(entry, wait_s)
        if is_correct():
            self._addresses.pop(address, None)
            return True
        # Requests that waited together are all checked; each failure counts, so the next ones wait longer.
        entry.failures += 1
        entry.free_at = self._now() + min(_LONGEST_S, _FIRST_S * 2 ** min(entry.failures - 1, 10))
        self._put(address, entry)
        _log.warning("login_failed", address=address, failures=entry.failures)
        return False

    async def _wait(self, entry: _Address, wait_s: float) -> None:
        if entry.waiting >= _MAX_WAITING or self._waiting >= _MAX_WAITING_TOTAL:
            raise TooManyLogins(wait_s)
        entry.waiting += 1
        self._waiting += 1
        try:
            await self._sleep(wait_s)
        finally:
            entry.waiting -= 1
            self._waiting -= 1

    def _entry(self, address: str) -> _Address:
        entry = self._addresses.get(address)
        if entry is None or self._now() - entry.free_at > _FORGET_AFTER_S:
            return _Address()
        return entry

    def _put(self, address: str, entry: _Address) -> None:
        self._addresses[address] = entry
        self._addresses.move_to_end(address)
        if len(self._addresses) > _MAX_ADDRESSES:
            self._addresses.popitem(last=False)
