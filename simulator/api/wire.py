"""What comes in over HTTP: bodies and numbers, refused in the API's shapes."""

from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import PydanticCustomError, from_json
from starlette.requests import Request

from simulator.api.answers import Problem

_BODY_MAX = 1 << 20
_URL_MAX = 4096

Body = TypeVar("Body", bound=BaseModel)


def _is_http_url(text: str) -> str:
    """Check a URL without rewriting it: what is echoed must be what was sent."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or len(text) > _URL_MAX or not text.isprintable() or " " in text:
        raise PydanticCustomError("url_parsing", "Input should be a valid URL")
    return text


HttpUrl = Annotated[str, AfterValidator(_is_http_url)]


async def read_body(request: Request) -> Any:
    """Read the JSON of a request. Raises Problem."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request body is too large")
    try:
        return from_json(bytes(body), allow_inf_nan=False)
    except ValueError as error:
        fault = {"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error", "input": {}}
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, [fault | {"ctx": {"error": str(error)}}]) from error


def understand(body: Any, kind: type[Body]) -> Body:
    """Check the shape of a body. Raises Problem."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise Problem.malformed(error, "body") from error


def query_number(request: Request, name: str, default: int, *, least: int) -> int:
    """Read a whole number from the query. Raises Problem."""
    given = request.query_params.get(name)
    if given is None:
        return default
    place = ("query", name)
    try:
        number = int(given)
    except ValueError as error:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise Problem.invalid("int_parsing", place, message, given) from error
    if number < least:
        message = f"Input should be greater than or equal to {least}"
        raise Problem.invalid("greater_than_equal", place, message, given)
    # SQLite counts to 2⁶³ only.
    return min(number, (1 << 63) - 1)


def own_url(request: Request) -> str:
    """Where the simulator is reached, with the prefix under which it is mounted."""
    host = request.headers.get("host") or "127.0.0.1"
    return f"{request.url.scheme}://{host}{request.scope.get('root_path', '')}"


def bad_request(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
