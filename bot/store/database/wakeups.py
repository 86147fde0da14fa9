"""Wake-ups: a writer notifies a topic, its waiters read the store again.

A wake-up carries only its topic and may be spurious, so every waiter reads the store. To miss none between
the read and the wait, take the mark first:

    seen = wakeups.mark("jobs")
    if not await claim():
        await wakeups.changed("jobs", since=seen, timeout_s=1)
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable


class Wakeups:
    """The wake-ups of one process. Topics are a fixed handful, so their counters are never removed."""

    def __init__(self, forward: Callable[[str], None] | None = None) -> None:
        """Create them; `forward` passes a topic on to other processes and must not block."""
        self._forward = forward
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def notify(self, topic: str) -> None:
        """Wake the waiters of a topic here and in other processes; call it after the commit."""
        self.wake(topic)
        if self._forward is not None:
            self._forward(topic)

    def wake(self, topic: str) -> None:
        """Wake the waiters of this process only."""
        self._counts[topic] += 1
        for waiter in self._waiters.pop(topic, ()):
            if not waiter.done():
                waiter.set_result(None)

    def wake_all(self) -> None:
        """Wake all waiters, when notifications from elsewhere may have been missed."""
        for topic in list(self._counts):
            self.wake(topic)

    def mark(self, topic: str) -> int:
        """The present count of a topic, for `changed`."""
        return self._counts[topic]

    async def changed(self, topic: str, *, since: int, timeout_s: float | None) -> bool:
        """Wait until the topic was notified after the mark `since`; False on a timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._counts[topic] == since:
                    await self._wait(topic)
        except TimeoutError:
            return self._counts[topic] != since
        return True

    async def _wait(self, topic: str) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[topic].add(waiter)
        try:
            await waiter
        finally:
            self._waiters[topic].discard(waiter)
