"""Runs event handlers as bounded background tasks and drains them on shutdown.

Interactions must be answered within 3 s. What cannot begin soon is turned away in that time, so that nobody
is left without an answer; events that nobody waits for (reactions, invitations) wait for their turn.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

_log = structlog.get_logger(__name__)

#: interactions that are handled at once: more of them would only make each slower
_MOST = 200
#: interactions that wait for a place, and for how long; a deferred response may follow 1.5 s later
_WAITING, _WAIT_S = 300, 1.0
#: turned away beside each other, so that connections are used again instead of opened by the hundred
_MOST_TURNED_AWAY = 32
#: that wait to be turned away; what comes beyond in these seconds, no client of the API could answer
_TURNED_AWAY = 5_000
#: other events that are handled at once, and that wait
_MOST_OTHERS, _OTHERS = 100, 10_000

Do = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is held in memory."""

    most: int = _MOST
    waiting: int = _WAITING
    wait_s: float = _WAIT_S
    most_turned_away: int = _MOST_TURNED_AWAY
    turned_away: int = _TURNED_AWAY
    most_others: int = _MOST_OTHERS
    others: int = _OTHERS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    name: str
    do: Do
    #: done instead when it has waited too long
    late: Do
    #: by the loop's clock
    until: float


class Hands:
    """Starts handlers in a group of tasks, whose owner calls `finish` before it leaves."""

    def __init__(self, group: asyncio.TaskGroup, limits: Limits | None = None) -> None:
        self._group = group
        self._limits = limits or Limits()
        self._loop = asyncio.get_running_loop()
        self._busy: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._others: set[asyncio.Task[None]] = set()
        self._waiting: deque[_Waiting] = deque()
        self._late_waiting: deque[tuple[str, Do]] = deque()
        self._others_waiting: deque[tuple[str, Do]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._leaving = False

    def answer(self, name: str, do: Do, late: Do) -> None:
        """Handle an interaction, now or within the wait; else do `late`, which must be quick and free."""
        if len(self._busy) < self._limits.most and not self._waiting:
            self._begin(self._busy, name, do)
        elif len(self._waiting) < self._limits.waiting:
            until = self._loop.time() + self._limits.wait_s
            self._waiting.append(_Waiting(name=name, do=do, late=late, until=until))
            if self._timer is None:
                self._timer = self._loop.call_at(until, self._expire)
        else:
            self._turn_away(name, late)

    def take(self, name: str, do: Do) -> None:
        """Handle an event that nobody waits for, as soon as there is a place."""
        if len(self._others) < self._limits.most_others:
            self._begin(self._others, name, do)
        elif len(self._others_waiting) < self._limits.others:
            self._others_waiting.append((name, do))
        else:
            _log.warning("event_dropped", event_name=name, waiting=len(self._others_waiting))

    async def finish(self, patience_s: float) -> None:
        """Wait for what has begun; what waits is turned away, and what takes longer goes with the group."""
        self._leaving = True
        if self._timer is not None:
            self._timer.cancel()
        self._others_waiting.clear()
        while self._waiting:
            one = self._waiting.popleft()
            self._turn_away(one.name, one.late)
        until = self._loop.time() + patience_s
        while (begun := self._busy | self._late | self._others) and (left := until - self._loop.time()) > 0:
            await asyncio.wait(begun, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    def _begin(self, place: set[asyncio.Task[None]], name: str, do: Do) -> None:
        task = self._group.create_task(_guarded(name, do), name=f"discord {name}")
        place.add(task)
        task.add_done_callback(place.discard)
        task.add_done_callback(self._go_on)

    def _turn_away(self, name: str, late: Do) -> None:
        if not self._late:
            # Once for each time of overload, which a line for everybody would only make worse.
            _log.warning("interactions_turned_away", in_hand=len(self._busy), waiting=len(self._waiting))
        if len(self._late) < self._limits.most_turned_away:
            self._begin(self._late, name, late)
        elif len(self._late_waiting) < self._limits.turned_away:
            self._late_waiting.append((name, late))
        else:
            _log.warning("interaction_dropped", event_name=name, waiting=len(self._late_waiting))

    def _go_on(self, _: asyncio.Task[None]) -> None:
        """Begin with what waits, in its order, while there are places."""
        while self._late_waiting and len(self._late) < self._limits.most_turned_away:
            self._begin(self._late, *self._late_waiting.popleft())
        if self._leaving:
            return
        while self._waiting and len(self._busy) < self._limits.most:
            one = self._waiting.popleft()
            if one.until <= self._loop.time():
                self._turn_away(one.name, one.late)
            else:
                self._begin(self._busy, one.name, one.do)
        while self._others_waiting and len(self._others) < self._limits.most_others:
            self._begin(self._others, *self._others_waiting.popleft())

    def _expire(self) -> None:
        """Turn away whatever has waited too long."""
        self._timer, now = None, self._loop.time()
        while self._waiting and self._waiting[0].until <= now:
            one = self._waiting.popleft()
            self._turn_away(one.name, one.late)
        if self._waiting:
            self._timer = self._loop.call_at(self._waiting[0].until, self._expire)


async def _guarded(name: str, do: Do) -> None:
    try:
        await do()
    except Exception:  # noqa: BLE001 - one event's fault must not take the whole inlet with it
        _log.exception("event_failed", event_name=name)
