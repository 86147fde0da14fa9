"""Assembles the Slack adapter."""

from functools import partial

from adapters.slack.events.requests import forget_person
from adapters.slack.events.router import EventRouter
from adapters.slack.http_routes import slack_routes
from adapters.slack.oauth.flow import install_flow
from adapters.slack.places import ADAPTER
from adapters.slack.services import open_services
from adapters.slack.settings import SlackSettings
from adapters.slack.socket_mode import SocketModeSupervisor
from bot.service.plugin import Adapter, AdapterContext


def connect(context: AdapterContext, settings: SlackSettings | None = None) -> Adapter:
    """Assemble the adapter; nothing runs before it is asked to publish or to receive."""
    settings = settings or SlackSettings()
    services = open_services(context, settings)
    router = EventRouter(context, services)
    app = router.bolt_app(
        signing_secret=settings.signing_secret,
        flow=install_flow(context, settings, services.client, services.tokens),
    )
    receiver = SocketModeSupervisor(
        app,
        router.tasks,
        router.home,
        services.client,
        respond=services.web_api.respond,
        app_token=settings.app_token,
        proxy=context.settings.https_proxy,
    )

    async def close() -> None:
        # Events that arrived over HTTP after the receiver ended are still being handled.
        await router.tasks.close()
        await services.close()

    return Adapter(
        name=ADAPTER,
        publisher=services.publisher,
        receiver=receiver,
        files=services.files,
        # Without the secret, requests could not be verified.
        routes=slack_routes(app, settings.signing_secret) if settings.signing_secret is not None else (),
        not_ready_reason=lambda: services.web_api.not_ready_reason() or receiver.not_ready_reason(),
        forget=partial(forget_person, context.adapter_data),
        close=close,
    )
