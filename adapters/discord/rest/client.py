"""A client of Discord's REST API that sends each request once, and checks the shape of its answers.

discord.py's own client sleeps through a rate limit and retries a failing service for 25 s, while the
delivery's lease is held and other channels wait. This client raises Delayed at once and says how long to
wait. The core reschedules the card durably, and may do so in another process.

A proxy, an outage or a new API version may answer 200 with HTML, null or other fields. That is an error of
this one request, retried or reported like any other, and never ends a loop.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import structlog
from discord.http import Route
from discord.utils import DISCORD_EPOCH
from pydantic import SecretStr

from adapters.chat.ttl_cache import parse_retry_after
from adapters.discord.rest.errors import EDITED_TOO_OFTEN, TRY_LATER, ApiError
from adapters.discord.rest.rate_limits import RateLimiter
from bot.domain.errors import Delayed
from bot.domain.text import parse_json
from bot.tls import tls_context

_log = structlog.get_logger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30)
#: rate limits up to this are waited for; longer ones raise Delayed
_MAX_SLEEP_MS = 1_000
#: when Cloudflare blocks us without saying for how long
_BANNED_MS = 60_000
#: nothing changes until the operator has replaced the token
_INVALID_TOKEN_MS = 60_000
#: where Discord refuses something for now without saying for how long
_TRY_LATER_MS = 60_000
_USER_AGENT = f"DiscordBot (Reverie, {version('reverie-bot')})"

#: shown to the operator when Discord rejects the token
LOGIN_REFUSED = (
    "Discord does not accept DISCORD_TOKEN; copy it again from the developer portal, under Bot, and restart"
)

#: makes the connector of a session; tests connect to a fake Discord with it
Connector = Callable[[], aiohttp.BaseConnector]


class UnexpectedResponse(Delayed):
    """Discord's answer is not as documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to upload, as the n-th of a message's attachments."""

    content: Path | bytes
    name: str


class RestClient:
    """Sends requests with one bot token. Raises Delayed to be retried later, ApiError for a refusal."""

    def __init__(
        self, token: SecretStr, *, proxy: str | None = None, connector: Connector | None = None
    ) -> None:
        self._token = token
        self._proxy = proxy
        self._connector = connector or _default_connector
        self._session: aiohttp.ClientSession | None = None
        self._limiter = RateLimiter()
        self._not_ready_reason: str | None = None
        self._bot_id: str | None = None

    def not_ready_reason(self) -> str | None:
        """Why requests fail, with the remedy; None as far as is known."""
        return self._not_ready_reason

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def bot_id(self) -> str:
        """The bot's own user id."""
        if self._bot_id is None:
            self._bot_id = id_of(await self.request(Route("GET", "/users/@me")), "user")
        return self._bot_id

    async def request(
        self,
        route: Route,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        files: Sequence[Upload] = (),
    ) -> Any:
        """Send one request; returns the JSON of the answer, None where it is empty."""
        self._check_token(route)
        await self._wait_for_rate_limit(route)
        with ExitStack() as opened:
            content = _request_content(body, files, opened)
            async with _translated(route), self._send(route, content, params) as response:
                self._limiter.update(route, response.headers, _now())
                return self._handle_response(route, response, await response.read())

    def _check_token(self, route: Route) -> None:
        """Reject a token that no header may hold, such as one with a line break."""
        token = self._token.get_secret_value()
        if route.webhook_token is None and not (token.isascii() and token.isprintable()):
            self._not_ready_reason = LOGIN_REFUSED
            raise Delayed("DISCORD_TOKEN is not a token", retry_after_ms=_INVALID_TOKEN_MS)

    async def _wait_for_rate_limit(self, route: Route) -> None:
        while wait_ms := self._limiter.acquire(route, _now()):
            if wait_ms > _MAX_SLEEP_MS:
                raise Delayed("Discord's rate limit is used up", retry_after_ms=wait_ms)
            await asyncio.sleep(wait_ms / 1000)

    def _send(
        self, route: Route, content: aiohttp.FormData | bytes | None, params: Mapping[str, str] | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        headers = {"Content-Type": "application/json"} if isinstance(content, bytes) else {}
        # An interaction token authenticates by itself, and works where the bot token does not.
        if route.webhook_token is None:
            headers["Authorization"] = f"Bot {self._token.get_secret_value()}"
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_TIMEOUT,
                headers={"User-Agent": _USER_AGENT},
            )
        return self._session.request(
            route.method, route.url, data=content, headers=headers, params=params, proxy=self._proxy
        )

    def _handle_response(self, route: Route, response: aiohttp.ClientResponse, text: bytes) -> Any:
        status, answer = response.status, _json(response, text)
        if status < HTTPStatus.BAD_REQUEST:
            if route.webhook_token is None:
                self._not_ready_reason = None
            return answer
        error = answer if isinstance(answer, dict) else {}
        code = error["code"] if type(error.get("code")) is int else 0
        # That one is about a single message, and no limit of its route.
        if status == HTTPStatus.TOO_MANY_REQUESTS and code != EDITED_TOO_OFTEN:
            raise self._rate_limited(route, response, error)
        if code in TRY_LATER:
            wait_ms = parse_retry_after(error.get("retry_after")) or _TRY_LATER_MS
            raise Delayed(TRY_LATER[code], retry_after_ms=wait_ms)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            raise Delayed(f"Discord answered {status}")
        if status == HTTPStatus.UNAUTHORIZED and route.webhook_token is None:
            self._not_ready_reason = LOGIN_REFUSED
            raise Delayed("Discord does not accept the token", retry_after_ms=_INVALID_TOKEN_MS)
        if status == HTTPStatus.FORBIDDEN and not error:
            # A page of Cloudflare, which knows nothing about our message.
            raise Delayed("Discord's network blocks this address", retry_after_ms=_INVALID_TOKEN_MS)
        _log.info("discord_request_refused", route=route.key, status=status, code=code)
        raise ApiError(status=status, code=code, text=_error_text(error))

    def _rate_limited(
        self, route: Route, response: aiohttp.ClientResponse, error: Mapping[str, Any]
    ) -> Delayed:
        asked = error.get("retry_after") or response.headers.get("Retry-After")
        wait_ms = parse_retry_after(asked) or _BANNED_MS
        # Without a body the answer comes from Cloudflare and means this whole IP address.
        everything = bool(error.get("global", not error))
        self._limiter.block(route, wait_ms, _now(), everything=everything, banned=not error)
        _log.info("discord_rate_limited", route=route.key, wait_ms=wait_ms, everything=everything)
        return Delayed("Discord asks to slow down", retry_after_ms=wait_ms)


@contextmanager
def reading_response(what: str) -> Iterator[None]:
    """Translate what reading an unexpected shape raises; `what` names the thing that is read."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        text = f"Discord's answer holds no {what} as documented: {type(error).__name__}"
        raise UnexpectedResponse(text) from error


def object_of(answer: object, what: str) -> Mapping[str, Any]:
    """The answer as a JSON object; raises UnexpectedResponse."""
    if not isinstance(answer, dict):
        raise UnexpectedResponse(f"Discord's answer is not a {what}")
    return answer


def objects_of(answer: object, what: str) -> Sequence[Mapping[str, Any]]:
    """The answer as a list of JSON objects; raises UnexpectedResponse."""
    if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
        raise UnexpectedResponse(f"Discord's answer is not a list of {what}s")
    return answer


def id_of(answer: object, what: str, field: str = "id") -> str:
    """The snowflake of an object; raises UnexpectedResponse."""
    found = object_of(answer, what).get(field)
    if not isinstance(found, str) or not found.isdecimal():
        raise UnexpectedResponse(f"Discord's answer holds no {field} of the {what}")
    return found


def snowflake_ms(snowflake: str) -> int:
    """When an object was created, in milliseconds UTC; every id begins with it."""
    return (int(snowflake) >> 22) + DISCORD_EPOCH


def _request_content(
    body: Any, files: Sequence[Upload], opened: ExitStack
) -> aiohttp.FormData | bytes | None:
    if not files:
        return None if body is None else orjson.dumps(body)
    # Discord does not accept escaped brackets in field names.
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", orjson.dumps(body).decode(), content_type="application/json")
    for number, file in enumerate(files):
        try:
            content = (
                file.content
                if isinstance(file.content, bytes)
                else opened.enter_context(file.content.open("rb"))
            )
        except OSError as error:
            raise Delayed(f"A stored file cannot be read: {error.strerror}") from error
        form.add_field(f"files[{number}]", content, filename=file.name)
    return form


def _default_connector() -> aiohttp.TCPConnector:
    # aiohttp's own default context is made at import, before SSL_CERT_FILE may be set.
    return aiohttp.TCPConnector(ssl=tls_context())


@asynccontextmanager
async def _translated(route: Route) -> AsyncIterator[None]:
    """Translate the library's connection errors to Delayed."""
    try:
        yield
    # ValueError: a redirect or a header that cannot be read.
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        # Without the error's message, which may hold the URL with an interaction token.
        raise Delayed(f"Discord cannot be reached for {route.key}: {type(error).__name__}") from error


def _json(response: aiohttp.ClientResponse, text: bytes) -> Any:
    if not text:
        return None
    if response.content_type != "application/json":
        if response.status < HTTPStatus.BAD_REQUEST:
            # Something between us and Discord answered: the outcome of the request is unknown.
            raise UnexpectedResponse(f"Discord's answer is {response.content_type} instead of JSON")
        return None
    try:
        return parse_json(text)
    except ValueError as error:
        raise UnexpectedResponse("Discord's answer was cut off") from error


def _error_text(error: Mapping[str, Any]) -> str:
    """The error in Discord's words, with the fields that it complains about."""
    fields = orjson.dumps(error["errors"]).decode()[:500] if error.get("errors") else ""
    return f"{error.get('message', '')} {fields}".strip()


def _now() -> int:
    return round(asyncio.get_running_loop().time() * 1000)
