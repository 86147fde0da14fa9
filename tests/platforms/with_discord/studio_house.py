"""The whole bot of this process at a fake Discord: real core, simulator, discord.py and doors.

async with open_studio(folder, fake) as house:
    asked = house.ada.slash("imagine", prompt="a red fox")
    card = await house.done(asked)
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.discord.events.autocomplete import Completing
from adapters.discord.events.options import read
from adapters.discord.events.router import Doors
from adapters.discord.gateway.supervisor import Listener
from adapters.discord.services import Connection, open_connection
from adapters.discord.settings import DiscordSettings
from bot.bootstrap import App
from bot.domain.errors import MediaUnavailable
from bot.domain.identity import Place
from bot.ports import ResolvedFile
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from tests.engine.house import given_settings
from tests.media_workers import SharedPool
from tests.platforms.fake_discord import FakeDiscord, Invocation, Message, Permissions
from tests.platforms.running import AT_EASE, running

_PATIENT_MS = 30_000


class _NoFiles:
    """The core fetches by the names of the real Discord, which no test may reach but by the fake's proxy."""

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        raise MediaUnavailable(f"{url} is not read at {place.channel}")


class StudioHouse:
    """One run of the bot, with one guild, a member and a moderator in it."""

    def __init__(
        self,
        fake: FakeDiscord,
        folder: Path,
        *,
        patience_s: float = 1.5,
        wrap: Callable[[AdapterContext], AdapterContext] = lambda context: context,
        **settings: Any,
    ) -> None:
        self.fake = fake
        self.guild = fake.guild("Film club")
        self.channel = self.guild.first_channel()
        self.ada = fake.member(self.guild, "ada")
        role = fake.role(self.guild, "moderators", Permissions.MANAGE_GUILD)
        self.moderator = fake.member(self.guild, "mod", roles=[role])
        self._patience_s = patience_s
        self._wrap = wrap
        # On a busy machine three seconds may pass by themselves; what comes late is tested on purpose.
        fake.world.ack_within_ms = _PATIENT_MS
        times = AT_EASE | {"answer_window": _PATIENT_MS} | settings.pop("times", {})
        values = {"http_port": 0, "default_ceiling": 100, "default_allowance": 25, "times": times, **settings}
        self.app = App(
            given_settings(folder, **values),
            plugins=[AdapterPlugin(name="discord", enabled=lambda _: True, build=self._build)],
            open_pool=SharedPool,
        )
        self.context: AdapterContext
        self.connection: Connection
        self.doors: Doors

    def _build(self, context: AdapterContext) -> Adapter:
        self.context = self._wrap(context)
        settings = DiscordSettings(token=SecretStr(self.fake.token))
        self.connection = open_connection(context, settings, connector=self.fake.connector)
        self.doors = Doors(
            self.context,
            self.connection,
            read=read,
            completing=Completing(self.context.service),
            patience_s=self._patience_s,
        )
        listener = Listener(
            self.context, self.connection.rest, self.doors, settings, connector=self.fake.connector
        )
        return Adapter(
            name="discord",
            publisher=self.connection.publisher,
            receiver=listener,
            files=self.connection.files if context.settings.https_proxy else _NoFiles(),
            close=self.connection.close,
        )

    def is_heard(self) -> bool:
        """Whether the bot is connected, and people are offered its commands."""
        return self.fake.gateway.connected > 0 and bool(self.fake.world.commands.all(None))

    async def imagine(self, prompt: str = "a red fox", **more: Any) -> tuple[Invocation, Message]:
        """Ask for pictures and wait for them; answers the command and its card."""
        asked = self.ada.slash("imagine", prompt=prompt, **more)
        return asked, await self.done(asked, more.get("count", 1))

    async def done(self, asked: Invocation, count: int = 1) -> Message:
        """Wait until a card that answers shows its results."""
        return await asked.message(lambda message: len(message.attachments) == count)

    def mine(self, channel: Any = None) -> list[Message]:
        """What the bot has written in a channel for everybody, the oldest first."""
        messages = (channel or self.channel).messages.values()
        return [
            one
            for one in messages
            if one.author is self.fake.world.bot and not one.ephemeral and not one.deleted
        ]


@asynccontextmanager
async def open_studio(folder: Path, fake: FakeDiscord, **more: Any) -> AsyncIterator[StudioHouse]:
    """Run the bot until the block ends."""
    house = StudioHouse(fake, folder, **more)
    async with running(house.app, fake.until(house.is_heard)):
        yield house
