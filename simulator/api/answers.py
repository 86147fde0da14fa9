"""What the API answers when it does not answer a generation, in its three shapes of `detail`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Problem(Exception):
    """An answer other than success: `{"detail": …}` with a plain string or a list of errors."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str | Sequence[Mapping[str, Any]],
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(str(detail))
        self.status = status
        self.detail = detail
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}

    @classmethod
    def embedded(cls, detail: str) -> "Problem":
        """A rule that names its status inside the text, as the API does for unsupported combinations."""
        return cls(HTTPStatus.BAD_REQUEST, f"{HTTPStatus.BAD_REQUEST.value}: {detail}")

    @classmethod
    def malformed(cls, error: ValidationError, place: str) -> "Problem":
        """A body or query that does not have the documented shape."""
        return cls(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            [{**fault, "loc": [place, *fault["loc"]]} for fault in error.errors(include_url=False)],
        )

    @classmethod
    def invalid(cls, kind: str, place: Sequence[str | int], message: str, given: object) -> "Problem":
        return cls(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            [{"type": kind, "loc": list(place), "msg": message, "input": given}],
        )


class Json(Response):
    """JSON of whatever came in, echoed without ever failing: infinities become null."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return to_json(content, inf_nan_mode="null", serialize_unknown=True)


class Garbage(Response):
    """A success whose body breaks off in the middle of its JSON."""

    media_type = "application/json"

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(b'{"id": "3ce343aa-57', status)


class LostAnswer(Response):
    """No answer at all: the connection is cut after the work was done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        # ASGI knows no way to hang up before a response starts; under uvicorn `receive` is a method of
        # the object that owns the connection. uvloop's transports are no `asyncio.Transport`s.
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is None or not hasattr(transport, "abort"):
            raise ConnectionResetError("the answer was lost on demand")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


async def show_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for this class
    return Json({"detail": problem.detail}, problem.status, problem.headers)


async def show_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    return Json({"detail": error.detail}, error.status_code, error.headers)
