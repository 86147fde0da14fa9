"""Delays for wrong passwords: each address waits for its own, and no other one is locked out."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.domain.errors import Refused

_FIRST_S, _LONGEST_S = 0.5, 30.0
#: an address that has been quiet for so long begins anew
_FORGOTTEN_S = 900.0
#: requests that wait at once: of one address, and of all
_WAITING, _WAITING_IN_ALL = 4, 100
#: addresses that are remembered; the one that was quiet longest is forgotten first
_ADDRESSES = 10_000

_log = structlog.get_logger(__name__)


class TooManyTries(Refused):
    """Too many sign-ins from this address are waiting already."""

    def __init__(self, wait_s: float) -> None:
        self.retry_after_s = math.ceil(wait_s)
        super().__init__(
            "Several wrong passwords came from this address, and others of its sign-ins are waiting already. "
            f"Try again in {self.retry_after_s} s."
        )


@dataclass(slots=True, kw_only=True)
class _Address:
    """What is remembered of one address. Times are seconds of a clock that never jumps."""

    failures: int = 0
    #: the next password is looked at from then on
    free_at: float = 0.0
    waiting: int = 0


class LoginDelays:
    """Looks at passwords; every wrong one doubles what its address waits before the next is looked at."""

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

    async def is_right(self, address: str, right: Callable[[], bool]) -> bool:
        """Wait as long as the address has to, at most 30 s, then look at the password.

        Raises TooManyTries where more of them wait than one address, or all together, may hold.
        """
        known = self._known(address)
        wait_s = known.free_at - self._now()
        if wait_s > 0:
            await self._wait(known, wait_s)
        if right():
            self._addresses.pop(address, None)
            return True
        # Those that waited together are all looked at: each counts, so the next ones wait longer.
        known.failures += 1
        known.free_at = self._now() + min(_LONGEST_S, _FIRST_S * 2 ** min(known.failures - 1, 10))
        self._keep(address, known)
        _log.warning("login_failed", address=address, failures=known.failures)
        return False

    async def _wait(self, known: _Address, wait_s: float) -> None:
        if known.waiting >= _WAITING or self._waiting >= _WAITING_IN_ALL:
            raise TooManyTries(wait_s)
        known.waiting += 1
        self._waiting += 1
        try:
            await self._sleep(wait_s)
        finally:
            known.waiting -= 1
            self._waiting -= 1

    def _known(self, address: str) -> _Address:
        known = self._addresses.get(address)
        if known is None or self._now() - known.free_at > _FORGOTTEN_S:
            return _Address()
        return known

    def _keep(self, address: str, known: _Address) -> None:
        self._addresses[address] = known
        self._addresses.move_to_end(address)
        if len(self._addresses) > _ADDRESSES:
            self._addresses.popitem(last=False)
