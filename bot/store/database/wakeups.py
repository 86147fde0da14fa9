"""Wake-ups: who writes says what changed, who waits looks again.

A signal carries nothing but its topic and may come once too often; every waiter looks into the store. To lose
none between the look and the wait, take the mark first:

    seen = signals.mark("jobs")
    if not await claim():
        await signals.changed("jobs", since=seen, timeout_s=1)
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable


class Wakeups:
    """The wake-ups of one process. Topics are a fixed handful: each is counted for good."""

    def __init__(self, forward: Callable[[str], None] | None = None) -> None:
        """Make the signals; `forward` passes a topic on to other processes and must not block."""
        self._forward = forward
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._sleepers: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def notify(self, topic: str) -> None:
        """Say that something under this topic was committed."""
        self.wake(topic)
        if self._forward is not None:
            self._forward(topic)

    def wake(self, topic: str) -> None:
        """Wake who waits in this process only."""
        self._counts[topic] += 1
        for sleeper in self._sleepers.pop(topic, ()):
            if not sleeper.done():
                sleeper.set_result(None)

    def wake_all(self) -> None:
        """Wake everybody, when signals from elsewhere may have been missed."""
        for topic in list(self._counts):
            self.wake(topic)

    def mark(self, topic: str) -> int:
        """Remember this moment; `changed` tells what came after it."""
        return self._counts[topic]

    async def changed(self, topic: str, *, since: int, timeout_s: float | None) -> bool:
        """Wait until the topic was signalled after `since`; False when the time ran out first."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._counts[topic] == since:
                    await self._sleep(topic)
        except TimeoutError:
            return self._counts[topic] != since
        return True

    async def wait(self, topic: str, timeout_s: float | None = None) -> bool:
        """Wait for the next signal from now on."""
        return await self.changed(topic, since=self.mark(topic), timeout_s=timeout_s)

    async def _sleep(self, topic: str) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[topic].add(sleeper)
        try:
            await sleeper
        finally:
            self._sleepers[topic].discard(sleeper)
