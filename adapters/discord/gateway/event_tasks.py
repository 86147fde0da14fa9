"""Runs event handlers as bounded background tasks and drains them on shutdown.

Interactions must be acknowledged within seconds: one that cannot start soon is rejected in time to tell the
person. Events that nobody waits for (reactions, invitations) are queued.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

_log = structlog.get_logger(__name__)

#: concurrent interactions: more would only make each of them slower
_INTERACTIONS = 200
#: interactions that wait for a slot, and for how long; a deferred response may follow 1.5 s later
_QUEUED_INTERACTIONS, _QUEUE_S = 300, 1.0
#: concurrent rejections, so that connections are reused instead of opened by the hundred
_REJECTIONS = 32
#: queued rejections; no API client could send more within those seconds
_QUEUED_REJECTIONS = 5_000
#: concurrent background events, and queued ones
_BACKGROUND, _QUEUED_BACKGROUND = 100, 10_000

Handler = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLimits:
    """How many events run and wait at once."""

    interactions: int = _INTERACTIONS
    queued_interactions: int = _QUEUED_INTERACTIONS
    queue_s: float = _QUEUE_S
    rejections: int = _REJECTIONS
    queued_rejections: int = _QUEUED_REJECTIONS
    background: int = _BACKGROUND
    queued_background: int = _QUEUED_BACKGROUND


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queued:
    name: str
    handler: Handler
    #: runs instead when the interaction has waited too long
    reject: Handler
    #: by the loop's clock
    deadline: float


class EventTasks:
    """Starts handlers in a task group, whose owner calls `drain` before it leaves."""

    def __init__(self, group: asyncio.TaskGroup, limits: TaskLimits | None = None) -> None:
        self._group = group
        self._limits = limits or TaskLimits()
        self._loop = asyncio.get_running_loop()
        self._interactions: set[asyncio.Task[None]] = set()
        self._rejections: set[asyncio.Task[None]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._queued_interactions: deque[_Queued] = deque()
        self._queued_rejections: deque[tuple[str, Handler]] = deque()
        self._queued_background: deque[tuple[str, Handler]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._draining = False

    def start_interaction(self, name: str, handler: Handler, reject: Handler) -> None:
        """Run a handler now or within the queue time; else run `reject`, which must be quick."""
        if len(self._interactions) < self._limits.interactions and not self._queued_interactions:
            self._start(self._interactions, name, handler)
        elif len(self._queued_interactions) < self._limits.queued_interactions:
            deadline = self._loop.time() + self._limits.queue_s
            self._queued_interactions.append(
                _Queued(name=name, handler=handler, reject=reject, deadline=deadline)
            )
            if self._timer is None:
                self._timer = self._loop.call_at(deadline, self._reject_expired)
        else:
            self._reject(name, reject)

    def start_background(self, name: str, handler: Handler) -> None:
        """Run a handler that nobody waits for as soon as there is a slot."""
        if len(self._background) < self._limits.background:
            self._start(self._background, name, handler)
        elif len(self._queued_background) < self._limits.queued_background:
            self._queued_background.append((name, handler))
        else:
            _log.warning("event_dropped", event_name=name, waiting=len(self._queued_background))

    async def drain(self, timeout_s: float) -> None:
        """Wait for running handlers and reject queued ones; what takes longer is cancelled with the group."""
        self._draining = True
        if self._timer is not None:
            self._timer.cancel()
        self._queued_background.clear()
        while self._queued_interactions:
            one = self._queued_interactions.popleft()
            self._reject(one.name, one.reject)
        deadline = self._loop.time() + timeout_s
        while running := self._interactions | self._rejections | self._background:
            if (left := deadline - self._loop.time()) <= 0:
                return
            await asyncio.wait(running, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    def _start(self, running: set[asyncio.Task[None]], name: str, handler: Handler) -> None:
        task = self._group.create_task(_guarded(name, handler), name=f"event {name}")
        running.add(task)
        task.add_done_callback(running.discard)
        task.add_done_callback(self._start_queued)

    def _reject(self, name: str, reject: Handler) -> None:
        if not self._rejections:
            # Once per overload: a log line for each interaction would make it worse.
            _log.warning(
                "interactions_rejected",
                running=len(self._interactions),
                waiting=len(self._queued_interactions),
            )
        if len(self._rejections) < self._limits.rejections:
            self._start(self._rejections, name, reject)
        elif len(self._queued_rejections) < self._limits.queued_rejections:
            self._queued_rejections.append((name, reject))
        else:
            _log.warning("interaction_dropped", event_name=name, waiting=len(self._queued_rejections))

    def _start_queued(self, _: asyncio.Task[None]) -> None:
        """Start queued handlers in order while there are slots."""
        while self._queued_rejections and len(self._rejections) < self._limits.rejections:
            self._start(self._rejections, *self._queued_rejections.popleft())
        if self._draining:
            return
        while self._queued_interactions and len(self._interactions) < self._limits.interactions:
            one = self._queued_interactions.popleft()
            if one.deadline <= self._loop.time():
                self._reject(one.name, one.reject)
            else:
                self._start(self._interactions, one.name, one.handler)
        while self._queued_background and len(self._background) < self._limits.background:
            self._start(self._background, *self._queued_background.popleft())

    def _reject_expired(self) -> None:
        """Reject the interactions that have waited too long."""
        self._timer, now = None, self._loop.time()
        while self._queued_interactions and self._queued_interactions[0].deadline <= now:
            one = self._queued_interactions.popleft()
            self._reject(one.name, one.reject)
        if self._queued_interactions:
            self._timer = self._loop.call_at(self._queued_interactions[0].deadline, self._reject_expired)


async def _guarded(name: str, handler: Handler) -> None:
    try:
        await handler()
    except Exception:  # noqa: BLE001 - one event's fault must not end the receiver
        _log.exception("event_failed", event_name=name)
