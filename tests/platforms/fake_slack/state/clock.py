"""The service's clock, which tests can advance; waiting tasks are woken."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.platforms.fake_discord.state.clock import MovableClock
from tests.platforms.fake_discord.state.world import ChangeSignal


class WakingClock(MovableClock):
    def __init__(self, changes: ChangeSignal) -> None:
        super().__init__()
        self._changes = changes
        self._held_ms: int | None = None

    def now_ms(self) -> int:
        return super().now_ms() if self._held_ms is None else self._held_ms

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no time pass, so that a slow machine is late for nothing."""
        self._held_ms = super().now_ms()
        try:
            yield
        finally:
            self._held_ms = None

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._changes.notify()

    async def reaches(self, moment_ms: int, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Wait for a moment and answer True, or False when something else became true before it."""
        while not unless():
            left_ms = moment_ms - self.now_ms()
            if left_ms <= 0:
                return True
            try:
                await self._changes.until(
                    lambda: unless() or self.now_ms() >= moment_ms, timeout=left_ms / 1000
                )
            except TimeoutError:
                continue
        return False


class MessageTimestamps:
    """Names of messages: seconds and a number, rising and never the same twice."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self._last_us = 0

    def take(self) -> str:
        self._last_us = max(self._last_us + 1, self._clock.now_ms() * 1000)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"
