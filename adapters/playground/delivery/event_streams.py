"""One open event stream: what waits for its page, and why it ends."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from adapters.playground.delivery.change_signal import heard
from bot.domain.errors import ReverieError

#: changes that wait for a page which reads slowly; it begins anew when there are more
_WAITING = 500


class Closing(StrEnum):
    """Why a stream ends, as its page is told."""

    #: nothing is wrong with it: the page comes back, and goes on where it was
    AGAIN = "again"
    #: the person has opened too many more
    REPLACED = "replaced"
    SIGNED_OUT = "signed-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change as it is sent; its number is the event's id."""

    number: int
    event: bytes


class Stream:
    """The changes on their way to one page."""

    def __init__(self, name: str) -> None:
        #: the person who reads it
        self.name = name
        self.closing: Closing | None = None
        self._waiting: deque[Change] = deque()
        self._ring = asyncio.Event()
        self._checked_at = asyncio.get_running_loop().time()

    def put(self, change: Change) -> None:
        if len(self._waiting) >= _WAITING:
            self.finish(Closing.AGAIN)
        elif self.closing is None:
            self._waiting.append(change)
            self._ring.set()

    def finish(self, closing: Closing) -> None:
        if self.closing is None:
            self.closing = closing
            self._waiting.clear()
        self._ring.set()

    def recheck(self) -> None:
        self._checked_at = float("-inf")
        self._ring.set()

    @property
    def farewell(self) -> bytes:
        """The event that tells the page why it ends; none where the page is to come back at once."""
        if self.closing in (None, Closing.AGAIN):
            return b""
        return b'event: closed\ndata: {"reason": "%s"}\n\n' % self.closing.encode()

    async def changes(
        self, is_known: Callable[[], Awaitable[bool]], *, still_s: float
    ) -> AsyncIterator[Change | None]:
        """The changes as they come, until the stream is closed; None after each `still_s` without any."""
        clock = asyncio.get_running_loop()
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            self._ring.clear()
            if clock.time() - self._checked_at >= still_s:
                self._checked_at = clock.time()
                if not await _is_still(is_known):
                    self.finish(Closing.SIGNED_OUT)
            if self.closing is not None:
                return
            if not await heard(self._ring, within_s=still_s):
                yield None


async def _is_still(is_known: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await is_known()
    except ReverieError:
        # The store is out of reach: it is asked again before long.
        return True
