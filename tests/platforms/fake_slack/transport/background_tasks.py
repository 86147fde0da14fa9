"""Background tasks of the service; all end with the fake."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.platforms.fake_slack.state.clock import WakingClock

#: called when it begins, so that nothing is left over of one that never does
Work = Callable[[], Coroutine[Any, Any, None]]


class BackgroundTasks:
    def __init__(self, clock: WakingClock, violations: list[str]) -> None:
        self._clock = clock
        self._violations = violations
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Work, *, name: str) -> None:
        task = asyncio.create_task(self._guarded(work, name), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something when the service's clock has gone on by so much."""

        async def wait() -> None:
            await self._clock.reaches(self._clock.now_ms() + round(seconds * 1000))
            do()

        self.start(wait, name="what comes later")

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _guarded(self, work: Work, name: str) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001
            # The fake's own fault, which no test would otherwise hear of.
            self._violations.append(f"{name} broke the fake: {error!r}")
