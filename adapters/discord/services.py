"""What the inlet and the outlet share."""

from dataclasses import dataclass

from pydantic import SecretStr

from adapters.chat.result_files import MediaLinker, media_linker
from adapters.discord.delivery.attachments import Ladder
from adapters.discord.delivery.publisher import CardOutlet
from adapters.discord.rest.attachment_urls import DiscordFiles
from adapters.discord.rest.client import Connector, Rest
from adapters.discord.settings import DiscordSettings
from bot.service.plugin import AdapterContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The door to the API, and what is opened lazily behind it."""

    rest: Rest
    ladder: Ladder
    publisher: CardOutlet
    files: DiscordFiles
    #: our own page for a file, where people can open one
    link: MediaLinker

    async def close(self) -> None:
        await self.ladder.close()
        await self.rest.close()


def open_connection(
    context: AdapterContext, settings: DiscordSettings, *, connector: Connector | None = None
) -> Connection:
    """Make everything that needs no gateway; nothing is sent before it is used."""
    rest = Rest(settings.token or SecretStr(""), proxy=context.settings.https_proxy, connector=connector)
    link = media_linker(context)
    ladder = Ladder(context.library, link)
    publisher = CardOutlet(rest=rest, ladder=ladder, clock=context.clock, mention=settings.mention)
    return Connection(
        rest=rest, ladder=ladder, publisher=publisher, files=DiscordFiles(rest, context.clock), link=link
    )
