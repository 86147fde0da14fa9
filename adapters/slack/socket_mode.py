"""Receives events over Socket Mode, and keeps the Home tabs up to date in either mode.

The SDK reconnects when Slack asks for it or a connection breaks. This module handles what the SDK would
retry in vain: a refused token, a connection URL that is valid once, and more sockets than Slack allows.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import orjson
import structlog
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.events.context import Body
from adapters.slack.events.event_tasks import EventTasks
from adapters.slack.events.home_tab import HomeTab
from adapters.slack.events.payloads import ARRIVED_AT, normalize
from adapters.slack.web_api.errors import ApiError, error_reason, is_transient
from bot.domain.errors import DeliveryError

_log = structlog.get_logger(__name__)

#: the SDK logs whole envelopes
_SDK_LOG = logging.getLogger(f"{__name__}.sdk")
_SDK_LOG.setLevel(logging.CRITICAL)
#: first and longest pause between attempts while Slack cannot be reached
_RETRY_S, _MAX_RETRY_S = 1.0, 60.0
#: between attempts with a token that only the operator can replace
_BAD_TOKEN_RETRY_S = 60.0
_TOO_MANY_RETRY_S = 30.0
#: how long the SDK may take to reconnect
_RECONNECT_S = 20.0
PING_S = 5.0
_UNREACHABLE = "Slack cannot be reached; check the network and HTTPS_PROXY. Retrying automatically"
_TOO_MANY_SOCKETS = (
    "Slack allows ten sockets for one app, and all are in use; stop other processes of this app. "
    "Retrying automatically"
)
_TOO_MANY_REASON = "too_many_websockets"

#: sends a message to a response_url
Respond = Callable[[str, Mapping[str, Any]], Awaitable[None]]


class SocketModeSupervisor:
    """The receiver. Without an app token it opens no socket and only refreshes Home tabs."""

    def __init__(
        self,
        app: AsyncApp,
        tasks: EventTasks,
        home: HomeTab,
        client: AsyncWebClient,
        *,
        respond: Respond,
        app_token: SecretStr | None = None,
        proxy: str | None = None,
        ping_s: float = PING_S,
    ) -> None:
        self._app = app
        self._respond = respond
        self._tasks = tasks
        self._home = home
        self._client = client
        self._app_token = app_token
        self._proxy = proxy
        self._ping_s = ping_s
        self._started = False
        self._connected = False
        #: why there is no connection, as far as known
        self._problem: str | None = None

    def not_ready_reason(self) -> str | None:
        """Why no events arrive, with the remedy; None where they do, or where there is to be no socket."""
        if not self._started or self._app_token is None or self._connected:
            return None
        return self._problem or "not connected to Slack yet; retrying automatically"

    async def run(self) -> None:
        self._started = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._refresh_homes(), name="slack home")
                if self._app_token is not None:
                    group.create_task(self._stay_connected(self._app_token), name="slack socket")
        finally:
            await self._tasks.close()

    async def _refresh_homes(self) -> None:
        while True:
            try:
                await self._home.run()
            except Exception as error:  # noqa: BLE001 - a tab that fails must not end the receiver
                _log.error("slack_home_failed", error=repr(error))
                await asyncio.sleep(_RETRY_S)

    async def _stay_connected(self, token: SecretStr) -> None:
        retry_s = _RETRY_S
        while True:
            try:
                response = await self._client.apps_connections_open(app_token=token.get_secret_value())
                retry_s = _RETRY_S
                await self._receive(token, str(response["url"]))
            except SlackApiError as error:
                if is_transient(error):
                    await self._pause(_UNREACHABLE, retry_s)
                    retry_s = min(retry_s * 2, _MAX_RETRY_S)
                else:
                    await self._pause(_token_refused(error), _BAD_TOKEN_RETRY_S)
            except _TooManySockets:
                await self._pause(_TOO_MANY_SOCKETS, _TOO_MANY_RETRY_S)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                _log.warning("slack_unreachable", error=type(error).__name__)
                await self._pause(_UNREACHABLE, retry_s)
                retry_s = min(retry_s * 2, _MAX_RETRY_S)
            except Exception as error:  # noqa: BLE001 - whatever the SDK raises, other adapters continue
                _log.error("slack_socket_failed", error=repr(error))
                await self._pause(_UNREACHABLE, retry_s)
                retry_s = min(retry_s * 2, _MAX_RETRY_S)

    async def _pause(self, problem: str, seconds: float) -> None:
        if problem != self._problem:
            _log.error("slack_not_connected", problem=problem)
        self._problem = problem
        await asyncio.sleep(seconds)

    async def _receive(self, token: SecretStr, url: str) -> None:
        """Receive with one SDK client until it is lost, or Slack has no room for it."""
        handler = AsyncSocketModeHandler(
            self._app,
            token.get_secret_value(),
            logger=_SDK_LOG,
            web_client=self._client,
            proxy=self._proxy,
            ping_interval=self._ping_s,
        )
        client = handler.client
        # Without a proxy the SDK takes one from the environment, even for an address on this machine.
        client.proxy, client.wss_uri = self._proxy, url
        too_many = asyncio.Event()

        async def check(message: aiohttp.WSMessage) -> None:
            if message.type is aiohttp.WSMsgType.TEXT and _says_too_many(message.data):
                too_many.set()

        async def handle(_: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
            work = self._dispatch(client, request)
            await asyncio.shield(self._tasks.start(work, "slack event", entry=True))

        async def acknowledge_empty(
            _: AsyncBaseSocketModeClient, message: Any, raw: str | None = None
        ) -> None:
            """Acknowledge an envelope without a payload, on which the SDK would only raise."""
            envelope = message if isinstance(message, dict) else {}
            if "envelope_id" in envelope and not isinstance(envelope.get("payload", {}), (dict, str)):
                _log.warning("envelope_without_payload", kind=str(envelope.get("type")), size=len(raw or ""))
                await client.send_socket_mode_response({"envelope_id": envelope["envelope_id"]})

        client.on_message_listeners.append(check)
        client.message_listeners.append(acknowledge_empty)
        client.socket_mode_request_listeners[:] = [handle]
        try:
            async with asyncio.timeout(_RECONNECT_S):
                await handler.connect_async()  # type: ignore[no-untyped-call]
            await self._watch(client, too_many)
        finally:
            self._connected = False
            # Accept nothing new; running events are still acknowledged on this connection.
            client.socket_mode_request_listeners.clear()
            await self._tasks.drain()
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _dispatch(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        """Let bolt handle one envelope, and acknowledge it."""
        arrived_at = asyncio.get_running_loop().time()
        bolt_request = AsyncBoltRequest(
            mode="socket_mode",
            body=normalize(request.payload),
            headers=build_headers(request),
            context={ARRIVED_AT: arrived_at},
        )
        response = await self._app.async_dispatch(bolt_request)
        try:
            await send_async_response(client, request, response, arrived_at)
        except (aiohttp.ClientError, OSError) as error:
            # Slack sends events again, but not commands: their reply takes another route.
            _log.warning("acknowledgement_lost", kind=request.type, error=type(error).__name__)
            await self._respond_instead(bolt_request.body, response)

    async def _respond_instead(self, body: Body, response: BoltResponse) -> None:
        """Send the reply of a lost acknowledgement to the response_url."""
        url, text = body.get("response_url"), response.body
        if not (url and text and "command" in body):
            return
        try:
            await self._respond(str(url), orjson.loads(text))
        except (ApiError, DeliveryError, ValueError) as error:
            _log.warning("reply_not_sent", error=str(error))

    async def _watch(self, client: SocketModeClient, too_many: asyncio.Event) -> None:
        """Raise TimeoutError when the connection is lost for longer than the SDK needs to reconnect."""
        lost_at: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            connected = await client.is_connected()
            if connected != self._connected:
                _log.info("slack_connected" if connected else "slack_disconnected")
            self._connected, self._problem = connected, None if connected else self._problem
            lost_at = None if connected else (lost_at or loop.time())
            if lost_at is not None and loop.time() - lost_at > _RECONNECT_S:
                raise TimeoutError
            try:
                async with asyncio.timeout(self._ping_s / 5):
                    await too_many.wait()
            except TimeoutError:
                continue
            raise _TooManySockets


class _TooManySockets(Exception):
    """Slack closed the socket because the app has too many."""


def _says_too_many(text: str) -> bool:
    """Whether it is Slack's disconnect message, and not a text in somebody's event."""
    if _TOO_MANY_REASON not in text:
        return False
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    is_disconnect = isinstance(message, dict) and message.get("type") == "disconnect"
    return bool(is_disconnect and message.get("reason") == _TOO_MANY_REASON)


def _token_refused(error: SlackApiError) -> str:
    return (
        f"Slack does not accept SLACK_APP_TOKEN ({error_reason(error)}); set a token from the app's page, "
        "under Basic Information → App-Level Tokens, with the scope connections:write, and enable "
        "Socket Mode"
    )
