"""A minimal app on slack-bolt that tests the fake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.patience import PATIENCE_S
from tests.platforms.fake_slack import FakeSlack, Team

Json = dict[str, Any]
Setup = Callable[[AsyncApp], None]

ORIGIN = "https://app.example.org"
EVENTS = f"{ORIGIN}/slack/events"


def manifest(*, socket_mode: bool = True, **settings: Any) -> Json:
    """Return a manifest with something of everything."""
    return {
        "display_information": {"name": "Tiny", "description": "Makes pictures"},
        "features": {
            "bot_user": {"display_name": "tiny", "always_online": True},
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "slash_commands": [{"command": "/imagine", "url": EVENTS, "description": "Make a picture"}],
            "shortcuts": [
                {"name": "Make", "type": "global", "callback_id": "make", "description": "Make a picture"},
                {"name": "Animate", "type": "message", "callback_id": "animate", "description": "Animate"},
            ],
        },
        "oauth_config": {
            "redirect_urls": [f"{ORIGIN}/slack/oauth_redirect"],
            "scopes": {"bot": list(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {"request_url": EVENTS, "bot_events": list(BOT_EVENTS)},
            "interactivity": {"is_enabled": True, "request_url": EVENTS},
            "socket_mode_enabled": socket_mode,
            **settings,
        },
    }


SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
)
BOT_EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.im",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)


class ReceivedEvents:
    """What an app has received, with a signal for changes."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self._more = asyncio.Condition()

    async def add(self, body: Json) -> None:
        async with self._more:
            self.bodies.append(body)
            self._more.notify_all()

    async def nth(self, number: int = 1) -> Json:
        """Wait for so many and return the last of them."""
        async with asyncio.timeout(PATIENCE_S), self._more:
            await self._more.wait_for(lambda: len(self.bodies) >= number)
        return self.bodies[number - 1]


def listen(app: AsyncApp) -> ReceivedEvents:
    """Make an app acknowledge and keep whatever it is told."""
    heard = ReceivedEvents()

    async def keep(body: Json, ack: Callable[[], Awaitable[None]]) -> None:
        await ack()
        await heard.add(body)

    app.command("/imagine")(keep)
    for shortcut in ("make", "animate"):
        app.shortcut(shortcut)(keep)
    for event in ("app_mention", "message", "reaction_added", "reaction_removed", "app_home_opened"):
        app.event(event)(keep)
    for event in ("app_uninstalled", "tokens_revoked"):
        app.event(event)(keep)
    return heard


def listening(app: AsyncApp) -> None:
    listen(app)


def client(slack: FakeSlack, team: Team, **options: Any) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token(team), base_url=slack.api, **options)


async def refused(call: Awaitable[object]) -> str:
    """Return the word with which a call is refused."""
    try:
        await call
    except SlackApiError as error:
        return str(error.response["error"])
    return "nothing"


@asynccontextmanager
async def by_socket(slack: FakeSlack, team: Team, *setups: Setup) -> AsyncIterator[AsyncApp]:
    """Run an app in Socket Mode until the test is done with it."""
    app = AsyncApp(name="tests", client=client(slack, team), process_before_response=True)
    for setup in setups:
        setup(app)
    before = slack.sockets.greeted
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.1)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.until(lambda: slack.sockets.greeted > before)
    try:
        yield app
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def by_http(slack: FakeSlack, app: AsyncApp) -> AsyncIterator[str]:
    """Serve an app over HTTP, and lead the manifest's addresses to it."""

    async def serve(request: web.Request) -> web.Response:
        asked = AsyncBoltRequest(
            body=await request.text(), query=request.query_string, headers=dict(request.headers)
        )
        flow = app.oauth_flow
        if request.path == "/slack/install" and flow is not None:
            answer = await flow.handle_installation(asked)
        elif request.path == "/slack/oauth_redirect" and flow is not None:
            answer = await flow.handle_callback(asked)
        else:
            answer = await app.async_dispatch(asked)
        headers = {name: value for name, values in answer.headers.items() for value in values}
        return web.Response(status=answer.status, body=answer.body.encode(), headers=headers)

    server = web.Application()
    server.router.add_route("*", "/{tail:.*}", serve)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        slack.point_to(origin)
        yield origin
    finally:
        await runner.cleanup()
