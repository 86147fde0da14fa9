"""Requests to Slack's Web API, each sent once.

Where Slack asks to wait, the answer comes at once: how long. The engine puts the card off durably, and may
show it from another process; a request that went out twice could show it twice.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import aiohttp
import orjson
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.chat.ttl_cache import parse_retry_after
from adapters.slack.web_api.errors import AUTH, NOT_INSTALLED, NOT_NOW, TROUBLE, ApiError
from adapters.slack.web_api.rate_limits import RateLimiter, RateLimitKey
from adapters.slack.web_api.responses import CheckedWebClient, error_code
from adapters.slack.web_api.tokens import TokenSource
from bot.domain.errors import Delayed, NotPosted

_log = structlog.get_logger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30)
#: nothing changes by asking until somebody has mended the token
_UNKNOWN_TOKEN_MS = 60_000
#: where Slack says neither when to come back nor that it is broken
_NOT_NOW_MS = 30_000
#: The library tells its logger every request with all that people wrote, and asks that logger alone, not
#: what is configured above it, whether it should.
_QUIET = logging.getLogger(f"{__name__}.sdk")
_QUIET.setLevel(logging.WARNING)


def web_client(
    base: str, *, proxy: str | None = None, session: aiohttp.ClientSession | None = None
) -> AsyncWebClient:
    """The library's client: through our proxy or none, without replays."""
    client = CheckedWebClient(
        base_url=base,
        session=session,
        ssl=ssl.create_default_context(),
        retry_handlers=[],
        logger=_QUIET,
    )
    # Where it is given none, it takes one of the environment's, even for an address on this machine.
    client.proxy = proxy
    return client


class WebApi:
    """All workspaces' door to the API. Raises Delayed to be asked again later, Refusal for a no.

    What is certain not to have been done is Held instead of Delayed.
    """

    def __init__(
        self, tokens: TokenSource, base: str, *, proxy: str | None = None, alone: bool = True
    ) -> None:
        self._tokens = tokens
        self._base = base
        self._proxy = proxy
        #: there is one token, and without it nothing works
        self._alone = alone
        self._throttle = RateLimiter()
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self._obstacle: str | None = None

    def obstacle(self) -> str | None:
        """Why nothing can be sent, with the remedy; None as far as is known."""
        return self._obstacle

    async def close(self) -> None:
        session, self._session, self._client = self._session, None, None
        if session is not None:
            await session.close()

    async def call(
        self, method: str, team: str, *, enterprise: str | None = None, spare: bool = False, **arguments: Any
    ) -> Mapping[str, Any]:
        """Call a method in a workspace and answer what it says.

        Arguments that are None are left out. `spare` is for what may wait when there is much to do.
        """
        token = await self._tokens.token(team, enterprise)
        if token is None:
            raise ApiError(method=method, code=NOT_INSTALLED)
        lane = RateLimitKey.of(method, team, str(arguments.get("channel", "")))
        await asyncio.sleep(self._throttle.take(lane, _now(), spare=spare) / 1000)
        # A form is what every method reads, JSON only some do.
        form = {name: _written(value) for name, value in arguments.items() if value is not None}
        try:
            async with _translated(method):
                answer = await self._open().api_call(
                    method, data=form, headers={"Authorization": f"Bearer {token}"}
                )
        except SlackApiError as error:
            raise self._said_no(lane, error) from error
        self._obstacle = None
        return cast("Mapping[str, Any]", answer.data)

    def door(self, team: str, enterprise: str | None = None) -> "WorkspaceApi":
        return WorkspaceApi(slack=self, team=team, enterprise=enterprise)

    async def upload(self, url: str, path: Path) -> None:
        """Send a file's bytes to where Slack wants them; that alone shows it to nobody."""
        try:
            stream = await asyncio.to_thread(path.open, "rb")
        except OSError as error:
            raise NotPosted(f"A file of ours cannot be read: {error.strerror}") from error
        headers = {"Content-Type": "application/octet-stream"}
        with stream:
            async with _translated("upload"):
                sending = self._sessions().post(url, data=stream, headers=headers, proxy=self._proxy)
                async with sending as answer:
                    if answer.status != HTTPStatus.OK or answer.content_type == "text/html":
                        raise NotPosted(f"Slack took no file: {answer.status}")

    async def respond(self, url: str, message: Mapping[str, Any]) -> None:
        """Answer at an interaction's own address, which is its own proof; five times in half an hour."""
        async with _translated("response_url"):
            body = orjson.dumps(message)
            headers = {"Content-Type": "application/json"}
            sending = self._sessions().post(url, data=body, headers=headers, proxy=self._proxy)
            async with sending as answer:
                if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise Delayed(f"Slack answered {answer.status}")
                if answer.status != HTTPStatus.OK:
                    raise ApiError(method="response_url", code=f"answered_{answer.status}")

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # aiohttp's own context is as old as its import; this one honours SSL_CERT_FILE as it is now.
            connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT
            )
        return self._session

    def _open(self) -> AsyncWebClient:
        session = self._sessions()
        if self._client is None or self._client.session is not session:
            self._client = web_client(self._base, proxy=self._proxy, session=session)
        return self._client

    def _said_no(self, lane: RateLimitKey, error: SlackApiError) -> Delayed | ApiError:
        method, answer = lane.method, error.response
        status, said = answer.status_code, answer.data if isinstance(answer.data, dict) else {}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._slow_down(lane, answer)
        code = error_code(said)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not code or code in TROUBLE:
            return Delayed(f"Slack answered {status} {code} to {method}".replace("  ", " "))
        if code in NOT_NOW:
            return NotPosted(f"Slack says {code} to {method}", retry_after_ms=_NOT_NOW_MS)
        if code in AUTH:
            return self._lost(code, lane)
        refusal = ApiError(
            method=method, code=code, needed=str(said.get("needed") or ""), details=_details(said)
        )
        _log.info("slack_refused", method=method, team=lane.team, code=code, needed=refusal.needed)
        return refusal

    def _slow_down(self, lane: RateLimitKey, answer: AsyncSlackResponse) -> NotPosted:
        asked = {name.lower(): value for name, value in answer.headers.items()}.get("retry-after")
        told_ms = parse_retry_after(asked)
        wait_ms = _NOT_NOW_MS if told_ms is None else told_ms
        self._throttle.stop(lane, wait_ms, _now())
        _log.info("slack_rate_limited", method=lane.method, team=lane.team, wait_ms=wait_ms)
        return NotPosted("Slack asks to slow down", retry_after_ms=wait_ms)

    def _lost(self, code: str, lane: RateLimitKey) -> NotPosted:
        _log.warning("slack_token_refused", team=lane.team, code=code)
        if self._alone:
            self._obstacle = (
                f"Slack does not accept SLACK_BOT_TOKEN ({code}); copy it anew from the app's page, "
                "under OAuth & Permissions, and restart"
            )
        return NotPosted("Slack does not accept the token", retry_after_ms=_UNKNOWN_TOKEN_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceApi:
    """The API as one workspace has it."""

    slack: WebApi
    team: str
    enterprise: str | None = None

    async def call(self, method: str, *, spare: bool = False, **arguments: Any) -> Mapping[str, Any]:
        """Call a method, as `WebApi.call` does."""
        return await self.slack.call(method, self.team, enterprise=self.enterprise, spare=spare, **arguments)


@asynccontextmanager
async def _translated(what: str) -> AsyncIterator[None]:
    """Name what can go wrong on the way."""
    try:
        yield
    except aiohttp.ClientConnectorError as error:
        raise NotPosted(f"Slack cannot be reached for {what}: {type(error).__name__}") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The error's own message may hold an address that is a secret.
        raise Delayed(f"Slack cannot be reached for {what}: {type(error).__name__}") from error


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode()


def _details(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Where Slack found fault with what, in its own words."""
    more = said.get("response_metadata")
    told = (said.get("errors"), more.get("messages") if isinstance(more, dict) else None)
    found = [one for each in told if isinstance(each, list) for one in each]
    return tuple(dict.fromkeys(str(one)[:200] for one in found))[:10]


def _now() -> int:
    return round(asyncio.get_running_loop().time() * 1000)
