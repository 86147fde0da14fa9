"""What is answered while there is more to do than can be done in time: never silence, and nothing is charged.

A command is told so in its acknowledgement, a form under its field, everything else by a message of its own.
Where even those are too many nothing is acknowledged: Slack sends events again, and tells people that their
button or shortcut did not work.
"""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from slack_bolt.response import BoltResponse

from adapters.slack.events.command_form import COMMAND_MODAL, field_errors
from adapters.slack.events.context import Body
from adapters.slack.events.event_tasks import EventTasks
from bot.domain.errors import Refused

_log = structlog.get_logger(__name__)

#: tasks in hand at once; a request has two or three, of some ten kilobytes each
MAX_TASKS = 5_000
#: people who are being told at once that there is too much to do
_TOLD = 1_000
_JSON: dict[str, str | Sequence[str]] = {"content-type": "application/json"}


class TooBusy(Refused):
    """There is too much to do at the moment, so nothing was started and nothing was charged.

    Try again in a moment.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class Overload:
    """Answers what comes beyond what can be had in hand."""

    def __init__(self, hands: EventTasks, *, most: int = MAX_TASKS) -> None:
        self._hands = hands
        self._most = most
        self._telling = 0

    @property
    def now(self) -> bool:
        return len(self._hands) - self._telling >= self._most

    @staticmethod
    def owes(body: Body) -> bool:
        """Whether somebody waits for more than the acknowledgement can carry."""
        if "command" in body or body.get("type") == "block_suggestion":
            return False
        view = body.get("view") or {}
        if body.get("type") == "block_actions" and view.get("callback_id") == COMMAND_MODAL:
            # The form goes on to work as it is.
            return False
        return not (body.get("type") == "view_submission" and field_errors(view, TooBusy()))

    def answer(self, body: Body, tell: Callable[[], Awaitable[None]] | None) -> BoltResponse:
        """Acknowledge, and have whoever waits told by `tell`."""
        _log.warning("request_refused_busy", kind=body.get("type") or body.get("command"))
        if tell is not None:
            if self._telling >= _TOLD:
                return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, body="")
            self._telling += 1
            self._hands.start(self._told(tell), "tell of too much to do")
        return said(body, TooBusy())

    async def _told(self, tell: Callable[[], Awaitable[None]]) -> None:
        try:
            await tell()
        finally:
            self._telling -= 1


def said(body: Body, refusal: Refused) -> BoltResponse:
    """An acknowledgement that tells of a refusal itself, where it can."""
    if "command" in body:
        return _json({"response_type": "ephemeral", "text": str(refusal)})
    if body.get("type") == "block_suggestion":
        return _json({"options": []})
    if body.get("type") == "view_submission" and (faults := field_errors(body.get("view") or {}, refusal)):
        return _json({"response_action": "errors", "errors": faults})
    return BoltResponse(status=HTTPStatus.OK, body="")


def _json(told: dict[str, Any]) -> BoltResponse:
    return BoltResponse(status=HTTPStatus.OK, body=orjson.dumps(told).decode(), headers=_JSON)
