"""Requests to Slack's Web API, each sent once.

A request is never repeated here: sent twice, it could post a message twice. Where Slack asks to wait, the
caller learns at once for how long; the core delays the card durably, and another process may deliver it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, cast

import aiohttp
import orjson
import structlog
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.chat.ttl_cache import parse_retry_after
from adapters.slack.web_api.errors import (
    AUTH_CODES,
    NOT_INSTALLED,
    RETRY_LATER_CODES,
    SERVER_ERROR_CODES,
    ApiError,
    MalformedResponse,
    error_code,
)
from adapters.slack.web_api.rate_limits import RateLimiter, RateLimitKey
from bot.domain.errors import Delayed, NotPosted
from bot.domain.text import storable_json
from bot.tls import tls_context

_log = structlog.get_logger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30)
#: when to try again with a refused token: only the operator or a new installation can replace it
_BAD_TOKEN_RETRY_MS = 60_000
#: when to try again where Slack does not say
_DEFAULT_RETRY_MS = 30_000
#: The SDK logs whole requests with people's messages, and checks the level of this logger only.
_SDK_LOG = logging.getLogger(f"{__name__}.sdk")
_SDK_LOG.setLevel(logging.WARNING)

#: required fields of each method's response: nested fields, or the type of the value
_Schema = Mapping[str, "type | _Schema"]
_SCHEMAS: Mapping[str, _Schema] = {
    "apps.connections.open": {"url": str},
    "auth.test": {"user_id": str},
    "chat.postMessage": {"ts": str},
    "conversations.history": {"messages": list},
    "conversations.info": {"channel": {}},
    "conversations.open": {"channel": {"id": str}},
    "conversations.replies": {"messages": list},
    "files.getUploadURLExternal": {"upload_url": str, "file_id": str},
    "files.info": {"file": {}},
    "oauth.v2.access": {"access_token": str},
    "reactions.get": {"message": {}},
    "users.info": {"user": {}},
}


class TokenSource(Protocol):
    """Finds the bot token of a workspace."""

    async def token(self, team: str, enterprise: str | None = None) -> str | None:
        """The token of a team, or of its organisation; None where the app is not installed.

        Raises DeliveryError where the token is not available now.
        """
        ...


class SingleToken:
    """The token from the settings, for the one workspace that has the app."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    async def token(self, team: str, enterprise: str | None = None) -> str | None:  # noqa: ARG002 - the port's
        return self._token.get_secret_value()


class CheckedWebClient(AsyncWebClient):
    """The SDK's client; raises MalformedResponse for a response without the fields that its caller needs.

    A proxy, a captive portal or Slack in trouble may answer with status 200 and a page, or JSON of another
    shape. That is a broken transfer: nobody knows whether the call was done.
    """

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        try:
            response = await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            if not _is_refusal(error):
                raise MalformedResponse(api_method) from error
            raise
        except aiohttp.ClientError:
            raise
        except (AttributeError, ValueError, LookupError, RecursionError) as error:
            # The SDK assumes a JSON object in a known encoding.
            raise MalformedResponse(api_method) from error
        body, schema = response.data, _SCHEMAS.get(api_method, {})
        if not isinstance(body, dict) or body.get("ok") is not True or not _matches(body, schema):
            raise MalformedResponse(api_method)
        response.data = storable_json(body)
        return response


def web_client(
    base: str, *, proxy: str | None = None, session: aiohttp.ClientSession | None = None
) -> AsyncWebClient:
    """An SDK client that uses the given proxy or none, and never repeats a request."""
    client = CheckedWebClient(
        base_url=base,
        session=session,
        ssl=tls_context(),
        retry_handlers=[],
        logger=_SDK_LOG,
    )
    # Without one the SDK takes a proxy from the environment, even for an address on this machine.
    client.proxy = proxy
    return client


class WebApi:
    """Calls the Web API for every workspace.

    Raises ApiError for a permanent error. Raises NotPosted where the request was certainly not carried out,
    and Delayed where that is unknown; both are to be retried.
    """

    def __init__(
        self, tokens: TokenSource, base: str, *, proxy: str | None = None, single_token: bool = True
    ) -> None:
        self._tokens = tokens
        self._base = base
        self._proxy = proxy
        #: one token from the settings: without it nothing works
        self._single_token = single_token
        self._limiter = RateLimiter()
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self._not_ready: str | None = None

    def not_ready_reason(self) -> str | None:
        """Why no request can succeed, with the remedy; None as far as known."""
        return self._not_ready

    async def close(self) -> None:
        session, self._session, self._client = self._session, None, None
        if session is not None:
            await session.close()

    async def call(
        self,
        method: str,
        team: str,
        *,
        enterprise: str | None = None,
        low_priority: bool = False,
        caller: str = "",
        **arguments: Any,
    ) -> Mapping[str, Any]:
        """Call a method in a workspace and return the response.

        Arguments that are None are left out. Low-priority calls leave a share of the rate limit to others.
        A `caller` who has to come back keeps a turn, as `RateLimiter.reserve` does.
        """
        token = await self._tokens.token(team, enterprise)
        if token is None:
            raise ApiError(method=method, code=NOT_INSTALLED)
        key = RateLimitKey.of(method, team, str(arguments.get("channel", "")))
        wait_ms = self._limiter.reserve(key, _now(), low_priority=low_priority, caller=caller)
        await asyncio.sleep(wait_ms / 1000)
        # Every method accepts a form, only some accept JSON.
        form = {name: _form_value(value) for name, value in arguments.items() if value is not None}
        try:
            async with _transport_errors(method):
                response = await self._sdk_client().api_call(
                    method, data=form, headers={"Authorization": f"Bearer {token}"}
                )
        except SlackApiError as error:
            raise self._error(key, error) from error
        self._not_ready = None
        return cast("Mapping[str, Any]", response.data)

    def workspace(self, team: str, enterprise: str | None = None) -> "WorkspaceApi":
        return WorkspaceApi(web_api=self, team=team, enterprise=enterprise)

    async def upload(self, url: str, content: Path | bytes) -> None:
        """Send a file's bytes to an upload URL; nobody sees the file before the upload is completed."""
        try:
            stream = (
                BytesIO(content)
                if isinstance(content, bytes)
                else await asyncio.to_thread(content.open, "rb")
            )
        except OSError as error:
            raise NotPosted(f"A file of ours cannot be read: {error.strerror}") from error
        headers = {"Content-Type": "application/octet-stream"}
        with stream:
            async with _transport_errors("upload"):
                request = self._http().post(url, data=stream, headers=headers, proxy=self._proxy)
                async with request as response:
                    if response.status != HTTPStatus.OK or response.content_type == "text/html":
                        raise NotPosted(f"Slack did not accept a file: {response.status}")

    async def respond(self, url: str, message: Mapping[str, Any]) -> None:
        """Send a message to a response_url, which needs no token; Slack accepts five in half an hour."""
        async with _transport_errors("response_url"):
            body = orjson.dumps(message)
            headers = {"Content-Type": "application/json"}
            request = self._http().post(url, data=body, headers=headers, proxy=self._proxy)
            async with request as response:
                if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise Delayed(f"Slack answered {response.status}")
                if response.status != HTTPStatus.OK:
                    raise ApiError(method="response_url", code=f"answered_{response.status}")

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # aiohttp's own default context is made at import, before SSL_CERT_FILE may be set.
            connector = aiohttp.TCPConnector(ssl=tls_context())
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT
            )
        return self._session

    def _sdk_client(self) -> AsyncWebClient:
        session = self._http()
        if self._client is None or self._client.session is not session:
            self._client = web_client(self._base, proxy=self._proxy, session=session)
        return self._client

    def _error(self, key: RateLimitKey, error: SlackApiError) -> Delayed | ApiError:
        method, response = key.method, error.response
        status, body = response.status_code, response.data if isinstance(response.data, dict) else {}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._rate_limited(key, response)
        code = error_code(body)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not code or code in SERVER_ERROR_CODES:
            return Delayed(f"Slack answered {status} {code} to {method}".replace("  ", " "))
        if code in RETRY_LATER_CODES:
            return NotPosted(f"Slack answered {code} to {method}", retry_after_ms=_DEFAULT_RETRY_MS)
        if code in AUTH_CODES:
            return self._token_refused(code, key)
        api_error = ApiError(
            method=method, code=code, needed=str(body.get("needed") or ""), details=_details(body)
        )
        _log.info("slack_call_failed", method=method, team=key.team, code=code, needed=api_error.needed)
        return api_error

    def _rate_limited(self, key: RateLimitKey, response: AsyncSlackResponse) -> NotPosted:
        headers = {name.lower(): value for name, value in response.headers.items()}
        retry_ms = parse_retry_after(headers.get("retry-after"))
        wait_ms = _DEFAULT_RETRY_MS if retry_ms is None else retry_ms
        self._limiter.block(key, wait_ms, _now())
        _log.info("slack_rate_limited", method=key.method, team=key.team, wait_ms=wait_ms)
        return NotPosted("Slack's rate limit is reached", retry_after_ms=wait_ms)

    def _token_refused(self, code: str, key: RateLimitKey) -> NotPosted:
        _log.warning("slack_token_refused", team=key.team, code=code)
        if self._single_token:
            self._not_ready = (
                f"Slack does not accept SLACK_BOT_TOKEN ({code}); copy it again from the app's page, "
                "under OAuth & Permissions, and restart"
            )
        return NotPosted("Slack does not accept the token", retry_after_ms=_BAD_TOKEN_RETRY_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceApi:
    """The Web API for one workspace."""

    web_api: WebApi
    team: str
    enterprise: str | None = None

    async def call(
        self, method: str, *, low_priority: bool = False, caller: str = "", **arguments: Any
    ) -> Mapping[str, Any]:
        """Call a method, as `WebApi.call` does."""
        return await self.web_api.call(
            method,
            self.team,
            enterprise=self.enterprise,
            low_priority=low_priority,
            caller=caller,
            **arguments,
        )


@asynccontextmanager
async def _transport_errors(what: str) -> AsyncIterator[None]:
    """Translate network errors: NotPosted where the request never left, else Delayed."""
    try:
        yield
    except aiohttp.ClientConnectorError as error:
        raise NotPosted(f"Slack cannot be reached for {what}: {type(error).__name__}") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The error's message is left out: it may contain a secret URL.
        raise Delayed(f"Slack cannot be reached for {what}: {type(error).__name__}") from error


def _is_refusal(error: SlackApiError) -> bool:
    """Whether Slack itself refused, and not something in its place."""
    response = error.response
    if not isinstance(response, AsyncSlackResponse):
        return False
    return response.status_code != HTTPStatus.OK or bool(error_code(response.data))


def _matches(body: object, schema: _Schema) -> bool:
    """Whether a mapping has every required field; a required text is not empty."""
    if not isinstance(body, Mapping):
        return False
    for name, expected in schema.items():
        value = body.get(name)
        if not isinstance(expected, type):
            matches = _matches(value, expected)
        else:
            matches = isinstance(value, expected) and (expected is not str or value != "")
        if not matches:
            return False
    return True


def _form_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode()


def _details(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Slack's messages about single fields of a request."""
    metadata = body.get("response_metadata")
    lists = (body.get("errors"), metadata.get("messages") if isinstance(metadata, dict) else None)
    messages = [message for each in lists if isinstance(each, list) for message in each]
    return tuple(dict.fromkeys(str(message)[:200] for message in messages))[:10]


def _now() -> int:
    return round(asyncio.get_running_loop().time() * 1000)
