"""Hands: what events ask for is done beside each other, so many at once, and never left half done."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_log = structlog.get_logger(__name__)

#: events in hand at once; what comes beyond would not be answered in time anyway
_MOST = 1_000


class Hands:
    """Does things in a group of tasks, whose owner calls `finish` before it leaves."""

    def __init__(self, group: asyncio.TaskGroup, *, most: int = _MOST) -> None:
        self._group = group
        self._most = most
        self._busy: set[asyncio.Task[None]] = set()

    def take(self, name: str, do: Callable[[], Awaitable[None]]) -> None:
        """Begin with something at once; beyond what can be held it is dropped, and nothing was charged."""
        if len(self._busy) >= self._most:
            _log.warning("event_dropped", event_name=name, in_hand=len(self._busy))
            return
        task = self._group.create_task(_guarded(name, do), name=f"discord {name}")
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def finish(self, patience_s: float) -> None:
        """Wait for what is in hand; what takes longer is cancelled with the group."""
        if self._busy:
            await asyncio.wait(set(self._busy), timeout=patience_s)


async def _guarded(name: str, do: Callable[[], Awaitable[None]]) -> None:
    try:
        await do()
    except Exception:  # noqa: BLE001 - one event's fault must not take the whole inlet with it
        _log.exception("event_failed", event_name=name)
