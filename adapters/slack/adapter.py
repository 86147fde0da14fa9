"""Puts the Slack adapter together."""

from adapters.slack.events.bolt_app import make_app
from adapters.slack.events.context import ADAPTER
from adapters.slack.events.router import EventRouter
from adapters.slack.oauth.flow import flow_for
from adapters.slack.oauth.routes import slack_routes
from adapters.slack.services import open_services
from adapters.slack.settings import SlackSettings
from adapters.slack.socket_mode import SocketModeSupervisor
from bot.service.plugin import Adapter, AdapterContext


def connect(context: AdapterContext, settings: SlackSettings | None = None) -> Adapter:
    """Make the adapter; nothing of it runs before it is asked to show something or to listen."""
    settings = settings or SlackSettings()
    connection = open_services(context, settings)
    doors = EventRouter(context, connection)
    app = make_app(
        doors,
        connection.tokens,
        connection.client,
        signing_secret=settings.signing_secret,
        flow=flow_for(context, settings, connection.client, connection.tokens),
    )
    listener = SocketModeSupervisor(
        app,
        doors.hands,
        doors.home,
        connection.client,
        respond=connection.slack.respond,
        app_token=settings.app_token,
        proxy=context.settings.https_proxy,
    )

    async def close() -> None:
        # What came over HTTP after the inlet had ended is still in hand.
        await doors.hands.finish()
        await connection.close()

    return Adapter(
        name=ADAPTER,
        publisher=connection.publisher,
        receiver=listener,
        files=connection.files,
        # Without a secret nobody could tell Slack's requests from anybody's.
        routes=slack_routes(app, settings.signing_secret) if settings.signing_secret is not None else (),
        not_ready_reason=lambda: connection.slack.obstacle() or listener.obstacle(),
        close=close,
    )
