"""Reading requests and building responses: JSON bodies, query numbers, errors in the API's shapes."""

from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import structlog
from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import PydanticCustomError, from_json, to_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.errors import ApiError
from simulator.generations.accounts import account_id

INTERNAL_ERROR = "Internal server error"
_BODY_MAX = 1 << 20
_URL_MAX = 4096
#: a key that is always refused, to try out what happens then
_INVALID_KEY = "invalid"

Body = TypeVar("Body", bound=BaseModel)

_log = structlog.get_logger()


def _checked_url(text: str) -> str:
    """Check a URL without normalising it: the echo must be exactly what was sent."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or len(text) > _URL_MAX or not text.isprintable() or " " in text:
        raise PydanticCustomError("url_parsing", "Input should be a valid URL")
    return text


HttpUrl = Annotated[str, AfterValidator(_checked_url)]


def authenticate(request: Request) -> str:
    """Return the account of the request's API key. Raises ApiError."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise ApiError(HTTPStatus.UNAUTHORIZED, "Not authenticated")
    if key.strip() == _INVALID_KEY:
        raise ApiError(HTTPStatus.UNAUTHORIZED, "Invalid API key is provided")
    return account_id(key.strip())


async def read_json(request: Request, *, most: int = _BODY_MAX) -> Any:
    """Read the JSON body. Raises ApiError."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request body is too large")
    try:
        return from_json(bytes(body), allow_inf_nan=False)
    except ValueError as error:
        fault = {"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error", "input": {}}
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, [fault | {"ctx": {"error": str(error)}}]) from error


def parse_body(body: Any, model: type[Body]) -> Body:
    """Validate a body against its model; a field that is null counts as left out. Raises ApiError."""
    try:
        return model.model_validate(_without_nulls(body))
    except ValidationError as error:
        raise ApiError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            [{**fault, "loc": ["body", *fault["loc"]]} for fault in error.errors(include_url=False)],
        ) from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def query_number(request: Request, name: str, default: int, *, minimum: int) -> int:
    """Read a whole number from the query. Raises ApiError."""
    text = request.query_params.get(name)
    if text is None:
        return default
    location = ("query", name)
    try:
        number = int(text)
    except ValueError as error:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise ApiError.invalid_field("int_parsing", location, message, text) from error
    if number < minimum:
        message = f"Input should be greater than or equal to {minimum}"
        raise ApiError.invalid_field("greater_than_equal", location, message, text)
    # SQLite's integers end at 2⁶³ - 1.
    return min(number, (1 << 63) - 1)


def base_url_of(request: Request) -> str:
    """The address under which the client reached the simulator, with the prefix where it is mounted."""
    host = request.headers.get("host") or "127.0.0.1"
    return f"{request.url.scheme}://{host}{request.scope.get('root_path', '')}"


class JsonResponse(Response):
    """JSON that echoes whatever came in and never fails: infinities become null."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return to_json(content, inf_nan_mode="null", serialize_unknown=True)


class TruncatedResponse(Response):
    """A success whose JSON body ends in the middle."""

    media_type = "application/json"

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(b'{"id": "3ce343aa-57', status)


class DroppedConnection(Response):
    """No response at all: the connection is cut after the work was done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        # ASGI has no way to hang up before a response starts; under uvicorn `receive` is a method of the
        # object that owns the connection. uvloop's transports are no `asyncio.Transport`s.
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is None or not hasattr(transport, "abort"):
            raise ConnectionResetError("the answer was lost on demand")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


async def render_api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class
    return JsonResponse({"detail": error.detail}, error.status, error.headers)


async def render_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    return JsonResponse({"detail": error.detail}, error.status_code, error.headers)


class ErrorMiddleware:
    """ASGI middleware that logs an unexpected error of one request and answers it with 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def tracked_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, tracked_send)
        except (ConnectionError, ClientDisconnect):
            # The client has gone, or a fault on demand dropped the connection: there is nobody to answer.
            raise
        except Exception as error:
            _log.exception("simulator_request_failed", path=scope["path"], error=repr(error))
            if started:
                # Half a response has been sent; only a broken connection says that it is incomplete.
                raise ConnectionResetError("the answer broke off") from error
            await JsonResponse({"detail": INTERNAL_ERROR}, HTTPStatus.INTERNAL_SERVER_ERROR)(
                scope, receive, send
            )
