"""Requests to Discord's HTTP API, each sent once.

discord.py's own client sleeps through a rate limit and asks a broken service for 25 s, while the engine's
hand that delivers is held and other channels wait. Here the answer comes at once: how long to wait. The
engine puts the card off durably, and may do so in another process.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import structlog
from discord.http import Route
from pydantic import SecretStr

from adapters.chat.ttl_cache import parse_retry_after
from adapters.discord.rest.errors import EDITED_TOO_OFTEN, Refusal
from adapters.discord.rest.rate_limits import Throttle
from adapters.discord.rest.responses import Unexpected, id_of
from bot.domain.errors import Delayed
from bot.domain.text import parse_json

_log = structlog.get_logger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30)
#: waits up to this are sat out, longer ones are told
_PATIENCE_MS = 1_000
#: when the network in front of Discord has had enough of us and does not say for how long
_BANNED_MS = 60_000
#: nothing changes by asking until the operator has mended the token
_UNKNOWN_TOKEN_MS = 60_000
#: one message may be edited so often after its first hour; Discord does not say when again
_EDITED_TOO_OFTEN_MS = 60_000
_USER_AGENT = f"DiscordBot (Reverie, {version('reverie-bot')})"

#: what the operator is told of a token that Discord refuses
NOT_ACCEPTED = (
    "Discord does not accept DISCORD_TOKEN; copy it anew from the developer portal, under Bot, and restart"
)

#: makes what requests go through; tests lead it to a service of their own
Connector = Callable[[], aiohttp.BaseConnector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that goes up with a message, as the n-th of its attachments."""

    path: Path
    name: str


class Rest:
    """One token's door to the API. Raises Delayed to be asked again later, Refusal for a no."""

    def __init__(
        self, token: SecretStr, *, proxy: str | None = None, connector: Connector | None = None
    ) -> None:
        self._token = token
        self._proxy = proxy
        self._connector = connector or _connector
        self._session: aiohttp.ClientSession | None = None
        self._throttle = Throttle()
        self._obstacle: str | None = None
        self._me: str | None = None

    def obstacle(self) -> str | None:
        """Why nothing can be sent, with the remedy; None as far as is known."""
        return self._obstacle

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def me(self) -> str:
        """The bot's own user id."""
        if self._me is None:
            self._me = id_of(await self.request(Route("GET", "/users/@me")), "user")
        return self._me

    async def request(
        self,
        route: Route,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        files: Sequence[Upload] = (),
    ) -> Any:
        """Send one request; answers what Discord's JSON says, None where it says nothing."""
        self._check_token(route)
        await self._turn(route)
        with ExitStack() as opened:
            content = self._content(body, files, opened)
            async with _translated(route), self._send(route, content, params) as response:
                self._throttle.note(route, response.headers, _now())
                text = await response.read()
                return self._read(route, response, text)

    def _check_token(self, route: Route) -> None:
        """Refuse what no header may hold, such as a line break within the token: nothing is sent."""
        token = self._token.get_secret_value()
        if route.webhook_token is None and not (token.isascii() and token.isprintable()):
            self._obstacle = NOT_ACCEPTED
            raise Delayed("DISCORD_TOKEN is no token", retry_after_ms=_UNKNOWN_TOKEN_MS)

    def _content(
        self, body: Any, files: Sequence[Upload], opened: ExitStack
    ) -> aiohttp.FormData | bytes | None:
        if not files:
            return None if body is None else orjson.dumps(body)
        # Discord does not understand escaped brackets in the names of fields.
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", orjson.dumps(body).decode(), content_type="application/json")
        for number, file in enumerate(files):
            try:
                stream = opened.enter_context(file.path.open("rb"))
            except OSError as error:
                raise Delayed(f"A file of ours cannot be read: {error.strerror}") from error
            form.add_field(f"files[{number}]", stream, filename=file.name)
        return form

    def _send(
        self, route: Route, content: aiohttp.FormData | bytes | None, params: Mapping[str, str] | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        headers = {"Content-Type": "application/json"} if isinstance(content, bytes) else {}
        # An interaction's token is its own proof, and works where the bot's token is worth nothing.
        if route.webhook_token is None:
            headers["Authorization"] = f"Bot {self._token.get_secret_value()}"
        return self._open().request(
            route.method, route.url, data=content, headers=headers, params=params, proxy=self._proxy
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_TIMEOUT,
                headers={"User-Agent": _USER_AGENT},
            )
        return self._session

    async def _turn(self, route: Route) -> None:
        """Wait for the route's turn, where that is soon."""
        while wait := self._throttle.wait(route, _now()):
            if wait > _PATIENCE_MS:
                raise Delayed("Discord's rate limit is used up", retry_after_ms=wait)
            await asyncio.sleep(wait / 1000)
        self._throttle.take(route, _now())

    def _read(self, route: Route, response: aiohttp.ClientResponse, text: bytes) -> Any:
        status, answer = response.status, _json(response, text)
        if status < HTTPStatus.BAD_REQUEST:
            if route.webhook_token is None:
                self._obstacle = None
            return answer
        said = answer if isinstance(answer, dict) else {}
        code = said["code"] if type(said.get("code")) is int else 0
        if code == EDITED_TOO_OFTEN:
            raise Delayed("This message was edited too often", retry_after_ms=_EDITED_TOO_OFTEN_MS)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._slow_down(route, response, said)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            raise Delayed(f"Discord answered {status}")
        if status == HTTPStatus.UNAUTHORIZED and route.webhook_token is None:
            self._obstacle = NOT_ACCEPTED
            raise Delayed("Discord does not accept the token", retry_after_ms=_UNKNOWN_TOKEN_MS)
        if status == HTTPStatus.FORBIDDEN and not said:
            # A page of the network in front of Discord, which knows nothing of our message.
            raise Delayed("Discord's network refuses us", retry_after_ms=_UNKNOWN_TOKEN_MS)
        refusal = Refusal(status=status, code=code, text=_told(said))
        _log.info("discord_refused", route=route.key, status=status, code=code)
        raise refusal

    def _slow_down(self, route: Route, response: aiohttp.ClientResponse, said: Mapping[str, Any]) -> Delayed:
        asked = said.get("retry_after") or response.headers.get("Retry-After")
        wait_ms = parse_retry_after(asked) or _BANNED_MS
        # Without a body it comes from the network in front of Discord and means this whole address.
        everything = bool(said.get("global", not said))
        self._throttle.stop(route, wait_ms, _now(), everything=everything, banned=not said)
        _log.info("discord_rate_limited", route=route.key, wait_ms=wait_ms, everything=everything)
        return Delayed("Discord asks to slow down", retry_after_ms=wait_ms)


def _connector() -> aiohttp.TCPConnector:
    # aiohttp's own context is as old as its import; this one honours SSL_CERT_FILE as it is now.
    return aiohttp.TCPConnector(ssl=ssl.create_default_context())


@asynccontextmanager
async def _translated(route: Route) -> AsyncIterator[None]:
    """Name what can go wrong on the way."""
    try:
        yield
    # ValueError: a redirect or a header that cannot be read.
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        # The message of the error may hold the address, and that an interaction's token.
        raise Delayed(f"Discord cannot be reached for {route.key}: {type(error).__name__}") from error


def _json(response: aiohttp.ClientResponse, text: bytes) -> Any:
    if not text:
        return None
    if response.content_type != "application/json":
        if response.status < HTTPStatus.BAD_REQUEST:
            # Something between us and Discord speaks: nobody knows what has become of the request.
            raise Unexpected(f"Discord's answer is {response.content_type} instead of JSON")
        return None
    try:
        return parse_json(text)
    except ValueError as error:
        raise Unexpected("Discord's answer was cut off") from error


def _told(said: Mapping[str, Any]) -> str:
    """The error in Discord's words, with the fields that it complains about."""
    fields = orjson.dumps(said["errors"]).decode()[:500] if said.get("errors") else ""
    return f"{said.get('message', '')} {fields}".strip()


def _now() -> int:
    return round(asyncio.get_running_loop().time() * 1000)
