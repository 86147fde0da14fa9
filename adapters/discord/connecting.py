"""Puts the Discord adapter together."""

from dataclasses import dataclass

from pydantic import SecretStr

from adapters.discord.api.files import DiscordFiles
from adapters.discord.api.rest import Connector, Rest
from adapters.discord.outlet.ladder import Ladder, Link
from adapters.discord.outlet.showing import CardOutlet
from adapters.discord.settings import DiscordSettings
from bot.domain.media import Media
from bot.engine.adapter import Adapter, Surroundings

ADAPTER = "discord"
#: how long the link in a card leads to its file in full
_LINK_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the inlet and the outlet share: the door to the API, and what is opened lazily behind it."""

    rest: Rest
    ladder: Ladder
    outlet: CardOutlet
    files: DiscordFiles
    #: our own page for a file, where people can open one
    link: Link

    async def close(self) -> None:
        await self.ladder.close()
        await self.rest.close()


def open_connection(
    surroundings: Surroundings, settings: DiscordSettings, *, connector: Connector | None = None
) -> Connection:
    """Make everything that needs no gateway; nothing is sent before it is used."""
    rest = Rest(settings.token or SecretStr(""), proxy=surroundings.settings.https_proxy, connector=connector)
    link = link_to(surroundings)
    ladder = Ladder(surroundings.library, link)
    outlet = CardOutlet(rest=rest, ladder=ladder, clock=surroundings.clock, mention=settings.mention)
    return Connection(
        rest=rest, ladder=ladder, outlet=outlet, files=DiscordFiles(rest, surroundings.clock), link=link
    )


def link_to(surroundings: Surroundings) -> Link:
    """Links to our own page for a file, where people can open it."""
    base, signer, clock = surroundings.settings.public_url, surroundings.signer, surroundings.clock

    def link(media: Media) -> str | None:
        if base is None:
            return None
        return f"{base}/media/{signer.sign('media', media.file, expires_at=clock() + _LINK_MS)}/view"

    return link


def connect(surroundings: Surroundings, *, connector: Connector | None = None) -> Adapter:
    """Make the adapter; nothing of it runs before it is asked to show something."""
    connection = open_connection(surroundings, DiscordSettings(), connector=connector)
    return Adapter(
        name=ADAPTER,
        outlet=connection.outlet,
        files=connection.files,
        obstacle=connection.rest.obstacle,
        close=connection.close,
    )
