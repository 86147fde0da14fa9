"""One open event stream: the changes that wait for its page, and why it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import ReverieError

#: changes that may wait for a slow page; with more, it must start again
_QUEUE_MAX = 500

#: whether the reader of a stream is still signed in
IsSignedIn = Callable[[], Awaitable[bool]]


class CloseReason(StrEnum):
    """Why a stream ends; sent to its page."""

    #: the page reconnects and continues where it was
    AGAIN = "again"
    #: the person has opened too many newer streams
    REPLACED = "replaced"
    SIGNED_OUT = "signed-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """A change as it is sent. Its sequence number is the event's id."""

    seq: int
    data: bytes


class EventStream:
    """Queues changes for one page."""

    def __init__(self, name: str) -> None:
        #: the person who reads it
        self.name = name
        self.close_reason: CloseReason | None = None
        self._queue: list[StreamEvent] = []
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._checked_at = self._loop.time()
        #: its time without an event may be over
        self._may_be_idle = False

    def put(self, events: Sequence[StreamEvent]) -> None:
        if len(self._queue) + len(events) > _QUEUE_MAX:
            self.close(CloseReason.AGAIN)
        elif self.close_reason is None:
            self._queue += events
            self._wake.set()

    def close(self, reason: CloseReason) -> None:
        if self.close_reason is None:
            self.close_reason = reason
            self._queue.clear()
        self._wake.set()

    def recheck_session(self) -> None:
        self._checked_at = float("-inf")
        self._wake.set()

    @property
    def close_event(self) -> bytes:
        """Return the event with the reason of the close; empty where the page should reconnect."""
        if self.close_reason in (None, CloseReason.AGAIN):
            return b""
        return b'event: closed\ndata: {"reason": "%s"}\n\n' % self.close_reason.encode()

    async def events(
        self, is_signed_in: IsSignedIn, *, keep_alive_s: float
    ) -> AsyncIterator[list[StreamEvent]]:
        """Yield all that waits until the stream is closed; an empty list after each idle `keep_alive_s`."""
        sent_at = self._loop.time()
        # A timer for each event would cost half as much as sending it.
        timer = self._loop.call_later(keep_alive_s, self._on_timer)
        try:
            while True:
                while self._queue:
                    waiting, self._queue = self._queue, []
                    yield waiting
                    sent_at = self._loop.time()
                self._wake.clear()
                now = self._loop.time()
                if now - self._checked_at >= keep_alive_s:
                    self._checked_at = now
                    if not await _or_true_on_error(is_signed_in):
                        self.close(CloseReason.SIGNED_OUT)
                if self.close_reason is not None:
                    return
                if self._may_be_idle:
                    self._may_be_idle = False
                    if now - sent_at >= keep_alive_s:
                        yield []
                        sent_at = now
                    timer = self._loop.call_at(sent_at + keep_alive_s, self._on_timer)
                await self._wake.wait()
        finally:
            timer.cancel()

    def _on_timer(self) -> None:
        self._may_be_idle = True
        self._wake.set()


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait until an event is set; return False where it was not set in time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _or_true_on_error(is_signed_in: IsSignedIn) -> bool:
    try:
        return await is_signed_in()
    except ReverieError:
        # The store is unavailable: the session is checked again before long.
        return True
