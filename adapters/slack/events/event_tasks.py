"""Runs event handlers as background tasks, drains them on shutdown, and refuses events under overload.

An overloaded bot never stays silent. A command is refused in its acknowledgement, a modal under its field,
everything else by a message. Beyond that nothing is acknowledged: Slack then sends events again, and shows
people that their button or shortcut did not work.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
import structlog
from slack_bolt.response import BoltResponse

from adapters.slack.messages.modals import COMMAND_MODAL, field_errors
from bot.domain.errors import Refused

_log = structlog.get_logger(__name__)

#: tasks at once; a request has two or three, of some ten kilobytes each
MAX_TASKS = 5_000
#: messages at once that tell people of the overload
_MAX_NOTICES = 1_000
#: how long running tasks may take at shutdown
_DRAIN_S = 3.0
_JSON: dict[str, str | Sequence[str]] = {"content-type": "application/json"}

_T = TypeVar("_T")


class TooBusy(Refused):
    """Too many requests are running at the moment. Nothing was started and nothing was charged.

    Try again in a moment.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class EventTasks:
    """Owns the background tasks of all events."""

    def __init__(self, *, max_tasks: int = MAX_TASKS) -> None:
        self._max_tasks = max_tasks
        self._tasks: set[asyncio.Task[Any]] = set()
        #: those that only pass a request to bolt and wait for what it starts
        self._entries: set[asyncio.Task[Any]] = set()
        #: those that tell people of the overload
        self._notices: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """The number of unfinished tasks of accepted events."""
        return len(self._tasks) - len(self._entries)

    @property
    def is_full(self) -> bool:
        return len(self) - len(self._notices) >= self._max_tasks

    def start(self, work: Coroutine[Any, Any, _T], name: str, *, entry: bool = False) -> asyncio.Task[_T]:
        """Start a task; an `entry` only passes on a request that may still be refused."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        if entry:
            self._entries.add(task)
        task.add_done_callback(self._forget)
        return task

    def refuse(
        self, body: Mapping[str, Any], notify: Callable[[], Coroutine[Any, Any, None]] | None
    ) -> BoltResponse:
        """Acknowledge an event that is not handled; `notify` tells its person."""
        _log.warning("request_refused_busy", kind=body.get("type") or body.get("command"))
        if notify is not None:
            if len(self._notices) >= _MAX_NOTICES:
                return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, body="")
            task = self.start(notify(), "overload notice")
            self._notices.add(task)
            task.add_done_callback(self._notices.discard)
        return refusal_response(body, TooBusy())

    async def wait(self, task: asyncio.Task[Any], seconds: float) -> bool:
        """Whether a task ends within that time; otherwise it continues."""
        done, _ = await asyncio.wait((task,), timeout=seconds)
        return bool(done)

    async def drain(self) -> None:
        """Wait a little for running tasks and for those that they start."""
        deadline = asyncio.get_running_loop().time() + _DRAIN_S
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)

    async def close(self) -> None:
        """Drain, then cancel what takes longer."""
        await self.drain()
        late = set(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._entries.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("event_task_failed", task=task.get_name(), error=repr(error))


def needs_message(body: Mapping[str, Any]) -> bool:
    """Whether the acknowledgement of an event cannot carry a refusal."""
    if "command" in body or body.get("type") == "block_suggestion":
        return False
    view = body.get("view") or {}
    if body.get("type") == "block_actions" and view.get("callback_id") == COMMAND_MODAL:
        # The modal keeps working as it is.
        return False
    return not (body.get("type") == "view_submission" and field_errors(view, TooBusy()))


def refusal_response(body: Mapping[str, Any], refusal: Refused) -> BoltResponse:
    """An acknowledgement that carries a refusal, where it can."""
    if "command" in body:
        return _json({"response_type": "ephemeral", "text": str(refusal)})
    if body.get("type") == "block_suggestion":
        return _json({"options": []})
    if body.get("type") == "view_submission" and (errors := field_errors(body.get("view") or {}, refusal)):
        return _json({"response_action": "errors", "errors": errors})
    return BoltResponse(status=HTTPStatus.OK, body="")


def _json(body: dict[str, Any]) -> BoltResponse:
    return BoltResponse(status=HTTPStatus.OK, body=orjson.dumps(body).decode(), headers=_JSON)
