"""Builds the Discord adapter: REST client, publisher and receiver."""

from functools import partial

from pydantic import SecretStr

from adapters.chat.pending_media import forget_pending_media
from adapters.chat.result_files import media_linker
from adapters.discord.delivery.attachments import AttachmentPlanner
from adapters.discord.delivery.publisher import CardPublisher
from adapters.discord.events.context import ADAPTER
from adapters.discord.events.router import EventRouter
from adapters.discord.gateway.supervisor import GatewaySupervisor, Timings
from adapters.discord.rest.attachment_urls import AttachmentResolver
from adapters.discord.rest.channel_lookups import ChannelLookups
from adapters.discord.rest.client import Connector, RestClient
from adapters.discord.settings import DiscordSettings
from bot.service.plugin import Adapter, AdapterContext
from bot.settings import Role


def build_adapter(
    context: AdapterContext,
    settings: DiscordSettings | None = None,
    *,
    connector: Connector | None = None,
    timings: Timings | None = None,
    defer_after_s: float = 1.5,
) -> Adapter:
    """Build the adapter; nothing is sent before it delivers or runs."""
    settings = settings or DiscordSettings()
    rest = RestClient(
        settings.token or SecretStr(""), proxy=context.settings.https_proxy, connector=connector
    )
    lookups = ChannelLookups(rest, context.clock)
    planner = AttachmentPlanner(context.library, media_linker(context))
    publisher = CardPublisher(
        rest=rest, planner=planner, lookups=lookups, clock=context.clock, mention=settings.mention
    )
    supervisor = None
    if context.settings.role is not Role.WORKER:
        router = EventRouter(
            context, rest=rest, lookups=lookups, publisher=publisher, defer_after_s=defer_after_s
        )
        supervisor = GatewaySupervisor(context, rest, router, settings, connector=connector, timings=timings)

    def not_ready_reason() -> str | None:
        return rest.not_ready_reason() or (supervisor.not_ready_reason() if supervisor is not None else None)

    async def close() -> None:
        await planner.close()
        await rest.close()

    return Adapter(
        name=ADAPTER,
        publisher=publisher,
        receiver=supervisor,
        files=AttachmentResolver(rest, context.clock),
        not_ready_reason=not_ready_reason,
        forget=partial(forget_pending_media, context.adapter_data),
        close=close,
    )
