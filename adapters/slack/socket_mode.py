"""Listening: in Socket Mode by a socket that is opened and kept, over HTTP by the web server's routes.

The library reconnects by itself where Slack asks for it or a line breaks. What it would try for ever in vain
is seen from here: a token that is refused, an address that is good once, more sockets than Slack allows.
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
from adapters.slack.events.payloads import ARRIVED, normalize
from adapters.slack.oauth.errors import error_reason, is_transient
from adapters.slack.web_api.errors import ApiError
from bot.domain.errors import DeliveryError

_log = structlog.get_logger(__name__)

#: the library logs whole envelopes
_QUIET = logging.getLogger(f"{__name__}.sdk")
_QUIET.setLevel(logging.CRITICAL)
#: between two tries while Slack is out of reach, and the longest
_AGAIN_S, _AGAIN_MAX_S = 1.0, 60.0
#: between two tries at what only the operator can mend
_MENDED_S = 60.0
_CROWDED_S = 30.0
#: how long the library may take to find a new line by itself
_LOST_S = 20.0
#: between two signs of life
PING_S = 5.0
_UNREACHABLE = "Slack cannot be reached; check the network and HTTPS_PROXY, it is tried again by itself"
_CROWDED = (
    "Slack lets an app have ten sockets, and all are in use; stop other processes of this app. "
    "It is tried again by itself"
)
_TOO_MANY = "too_many_websockets"

#: sends a message to a response_url
Respond = Callable[[str, Mapping[str, Any]], Awaitable[None]]


class SocketModeSupervisor:
    """The inlet. Without an app token it has no socket, and only keeps what people look at true."""

    def __init__(
        self,
        app: AsyncApp,
        hands: EventTasks,
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
        self._hands = hands
        self._home = home
        self._client = client
        self._app_token = app_token
        self._proxy = proxy
        self._ping_s = ping_s
        self._begun = False
        self._hears = False
        #: why it cannot work, as far as is known
        self._trouble: str | None = None

    def obstacle(self) -> str | None:
        """Why nobody is heard, with the remedy; None where all is well, or where it is not to listen."""
        if not self._begun or self._app_token is None or self._hears:
            return None
        return self._trouble or "not connected to Slack yet; it is tried by itself"

    async def run(self) -> None:
        self._begun = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._refresh_homes(), name="slack home")
                if self._app_token is not None:
                    group.create_task(self._listen(self._app_token), name="slack socket")
        finally:
            await self._hands.finish()

    async def _refresh_homes(self) -> None:
        while True:
            try:
                await self._home.run()
            except Exception as error:  # noqa: BLE001 - a tab that cannot be published ends nothing else
                _log.error("slack_home_failed", error=repr(error))
                await asyncio.sleep(_AGAIN_S)

    async def _listen(self, token: SecretStr) -> None:
        again_s = _AGAIN_S
        while True:
            try:
                opened = await self._client.apps_connections_open(app_token=token.get_secret_value())
                again_s = _AGAIN_S
                await self._hear(token, str(opened["url"]))
            except SlackApiError as error:
                if is_transient(error):
                    await self._wait(_UNREACHABLE, again_s)
                    again_s = min(again_s * 2, _AGAIN_MAX_S)
                else:
                    await self._wait(_not_accepted(error), _MENDED_S)
            except _Crowded:
                await self._wait(_CROWDED, _CROWDED_S)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                _log.warning("slack_unreachable", error=type(error).__name__)
                await self._wait(_UNREACHABLE, again_s)
                again_s = min(again_s * 2, _AGAIN_MAX_S)
            except Exception as error:  # noqa: BLE001 - whatever the library meets, the other chats go on
                _log.error("slack_socket_failed", error=repr(error))
                await self._wait(_UNREACHABLE, again_s)
                again_s = min(again_s * 2, _AGAIN_MAX_S)

    async def _wait(self, trouble: str, seconds: float) -> None:
        if trouble != self._trouble:
            _log.error("slack_not_heard", trouble=trouble)
        self._trouble = trouble
        await asyncio.sleep(seconds)

    async def _hear(self, token: SecretStr, url: str) -> None:
        """Hear by one client of the library, until it is lost or Slack has no room for it."""
        handler = AsyncSocketModeHandler(
            self._app,
            token.get_secret_value(),
            logger=_QUIET,
            web_client=self._client,
            proxy=self._proxy,
            ping_interval=self._ping_s,
        )
        client = handler.client
        # Where it is given no proxy, it takes one of the environment's, even for an address on this machine.
        client.proxy, client.wss_uri = self._proxy, url
        crowded = asyncio.Event()

        async def look(message: aiohttp.WSMessage) -> None:
            if message.type is aiohttp.WSMsgType.TEXT and _says_too_many(message.data):
                crowded.set()

        async def take(_: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
            serving = self._serve(client, request)
            await asyncio.shield(self._hands.start(serving, "slack event", entry=True))

        async def decline(_: AsyncBaseSocketModeClient, message: Any, raw: str | None = None) -> None:
            """Acknowledge an envelope without a payload, which the library would only fail over."""
            told = message if isinstance(message, dict) else {}
            if "envelope_id" in told and not isinstance(told.get("payload", {}), (dict, str)):
                _log.warning("envelope_without_payload", kind=str(told.get("type")), size=len(raw or ""))
                await client.send_socket_mode_response({"envelope_id": told["envelope_id"]})

        client.on_message_listeners.append(look)
        client.message_listeners.append(decline)
        client.socket_mode_request_listeners[:] = [take]
        try:
            async with asyncio.timeout(_LOST_S):
                await handler.connect_async()  # type: ignore[no-untyped-call]
            await self._watch(client, crowded)
        finally:
            self._hears = False
            # Take nothing new; what is in hand is still acknowledged on this line.
            client.socket_mode_request_listeners.clear()
            await self._hands.settle()
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _serve(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        """Have bolt do what one envelope asks, and acknowledge it."""
        arrived = asyncio.get_running_loop().time()
        asked = AsyncBoltRequest(
            mode="socket_mode",
            body=normalize(request.payload),
            headers=build_headers(request),
            context={ARRIVED: arrived},
        )
        answer = await self._app.async_dispatch(asked)
        try:
            await send_async_response(client, request, answer, arrived)
        except (aiohttp.ClientError, OSError) as error:
            # Events are sent again; what was typed is not, so its answer takes another way.
            _log.warning("acknowledgement_lost", kind=request.type, error=type(error).__name__)
            await self._respond_late(asked.body, answer)

    async def _respond_late(self, body: Body, answer: BoltResponse) -> None:
        """Tell by the request's own address what its acknowledgement was to say."""
        url, said = body.get("response_url"), answer.body
        if not (url and said and "command" in body):
            return
        try:
            await self._respond(str(url), orjson.loads(said))
        except (ApiError, DeliveryError, ValueError) as error:
            _log.warning("answer_not_told", error=str(error))

    async def _watch(self, client: SocketModeClient, crowded: asyncio.Event) -> None:
        """Return when the line is lost for longer than the library needs to find another."""
        lost_at: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            connected = await client.is_connected()
            if connected != self._hears:
                _log.info("slack_connected" if connected else "slack_disconnected")
            self._hears, self._trouble = connected, None if connected else self._trouble
            lost_at = None if connected else (lost_at or loop.time())
            if lost_at is not None and loop.time() - lost_at > _LOST_S:
                raise TimeoutError
            try:
                async with asyncio.timeout(self._ping_s / 5):
                    await crowded.wait()
            except TimeoutError:
                continue
            raise _Crowded


def _says_too_many(text: str) -> bool:
    """Whether it is Slack that says so, and not somebody in an event."""
    if _TOO_MANY not in text:
        return False
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    is_goodbye = isinstance(told, dict) and told.get("type") == "disconnect"
    return bool(is_goodbye and told.get("reason") == _TOO_MANY)


class _Crowded(Exception):
    """Slack has closed the socket because there are too many."""


def _not_accepted(error: SlackApiError) -> str:
    return (
        f"Slack does not accept SLACK_APP_TOKEN ({error_reason(error)}); set a token of the app's page, "
        "under Basic Information → App-Level Tokens, with the scope connections:write, and turn Socket Mode on"
    )
