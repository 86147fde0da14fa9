"""Puts the Discord adapter together."""

from adapters.discord.api.rest import Connector
from adapters.discord.connection import open_connection
from adapters.discord.inlet.completing import Completing
from adapters.discord.inlet.doors import Doors
from adapters.discord.inlet.listening import Listener, Rhythm
from adapters.discord.inlet.reading import read
from adapters.discord.inlet.seat import ADAPTER
from adapters.discord.settings import DiscordSettings
from bot.engine.adapter import Adapter, Surroundings
from bot.settings import Role


def connect(
    surroundings: Surroundings,
    settings: DiscordSettings | None = None,
    *,
    connector: Connector | None = None,
    rhythm: Rhythm | None = None,
) -> Adapter:
    """Make the adapter; nothing of it runs before it is asked to show something or to listen."""
    settings = settings or DiscordSettings()
    connection = open_connection(surroundings, settings, connector=connector)
    rest, listener = connection.rest, None
    if surroundings.settings.role is not Role.WORKER:
        doors = Doors(surroundings, connection, read=read, completing=Completing(surroundings.studio))
        listener = Listener(surroundings, rest, doors, settings, connector=connector, rhythm=rhythm)

    def obstacle() -> str | None:
        return rest.obstacle() or (listener.obstacle() if listener is not None else None)

    return Adapter(
        name=ADAPTER,
        outlet=connection.outlet,
        inlet=listener,
        files=connection.files,
        obstacle=obstacle,
        close=connection.close,
    )
