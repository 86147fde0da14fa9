"""Puts the Discord adapter together."""

from adapters.discord.events.autocomplete import Completing
from adapters.discord.events.context import ADAPTER
from adapters.discord.events.options import read
from adapters.discord.events.router import Doors
from adapters.discord.gateway.supervisor import Listener, Rhythm
from adapters.discord.rest.client import Connector
from adapters.discord.services import open_connection
from adapters.discord.settings import DiscordSettings
from bot.service.plugin import Adapter, AdapterContext
from bot.settings import Role


def connect(
    context: AdapterContext,
    settings: DiscordSettings | None = None,
    *,
    connector: Connector | None = None,
    rhythm: Rhythm | None = None,
) -> Adapter:
    """Make the adapter; nothing of it runs before it is asked to show something or to listen."""
    settings = settings or DiscordSettings()
    connection = open_connection(context, settings, connector=connector)
    rest, listener = connection.rest, None
    if context.settings.role is not Role.WORKER:
        doors = Doors(context, connection, read=read, completing=Completing(context.service))
        listener = Listener(context, rest, doors, settings, connector=connector, rhythm=rhythm)

    def obstacle() -> str | None:
        return rest.obstacle() or (listener.obstacle() if listener is not None else None)

    return Adapter(
        name=ADAPTER,
        publisher=connection.publisher,
        receiver=listener,
        files=connection.files,
        not_ready_reason=obstacle,
        close=connection.close,
    )
