"""Restarts a loop that fails, so that it ends neither the process nor the other loops."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.timing import Timing

#: prefix of the names of receivers' loops
RECEIVER = "receiver "

_log = structlog.get_logger(__name__)


class Supervised:
    """Runs a loop until the process stops; the pause before a restart grows while it keeps failing."""

    def __init__(
        self, name: str, loop: Callable[[], Awaitable[object]], *, times: Timing, stopping: asyncio.Event
    ) -> None:
        self._name = name
        self._loop = loop
        self._times = times
        self._stopping = stopping
        #: why it is not running, for the operator; None before a failure and once it has run for a while
        self.fault: str | None = None

    async def run(self) -> None:
        """Run until `stopping` is set and the loop has ended, or until cancelled."""
        clock = asyncio.get_running_loop()
        pause = self._times.restart
        while not self._stopping.is_set():
            began = clock.time()
            well = clock.call_later(self._times.restart_steady / 1000, self._recovered)
            try:
                await self._attempt()
            finally:
                well.cancel()
            if self._stopping.is_set():
                return
            if (clock.time() - began) * 1000 >= self._times.restart_steady:
                pause = self._times.restart
            _log.warning("loop_restarting", loop=self._name, pause_ms=pause)
            await self._wait(pause)
            pause = min(pause * 2, self._times.restart_max)

    async def _attempt(self) -> None:
        """Run the loop once, and report whatever ends it."""
        try:
            await self._loop()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Something inside the loop was cancelled, not the loop itself; it would end silently.
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a loop
            self._failed(error)
        else:
            if not self._stopping.is_set():
                self._failed(None)

    def _failed(self, error: BaseException | None) -> None:
        what = "ended" if error is None else f"failed ({type(error).__name__})"
        self.fault = f"it {what} and is being restarted; the log has the reason"
        _log.error("loop_failed", loop=self._name, error=repr(error), exc_info=error)

    def _recovered(self) -> None:
        self.fault = None

    async def _wait(self, milliseconds: int) -> None:
        try:
            async with asyncio.timeout(milliseconds / 1000):
                await self._stopping.wait()
        except TimeoutError:
            return
