"""The whole bot in this process with a fake Discord: real core, simulator and discord.py.

async with open_bot_env(folder, fake) as env:
    asked = env.ada.slash("imagine", prompt="a red fox")
    card = await env.done(asked)
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.discord.adapter import build_adapter
from adapters.discord.rest.client import RestClient
from adapters.discord.settings import DiscordSettings
from bot.bootstrap import App
from bot.domain.errors import MediaUnavailable
from bot.domain.identity import Place
from bot.ports import ResolvedFile
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from tests.databases import lay_migrated
from tests.engine.settings import AT_EASE, given_settings
from tests.media_workers import PlainPool
from tests.platforms.fake_discord import FakeDiscord, Invocation, Message, Permissions
from tests.platforms.running import running

_PATIENT_MS = 30_000


class _NoFiles:
    """Keeps the core from fetching at the real Discord's addresses, which only the fake's proxy serves."""

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        raise MediaUnavailable(f"{url} is not read at {place.channel}")


class BotEnv:
    """One run of the bot, with one guild, a member and a moderator in it."""

    def __init__(
        self,
        fake: FakeDiscord,
        folder: Path,
        *,
        defer_after_s: float = 1.5,
        wrap: Callable[[AdapterContext], AdapterContext] = lambda context: context,
        **settings: Any,
    ) -> None:
        self.fake = fake
        self.guild = fake.guild("Film club")
        self.channel = self.guild.first_channel()
        self.ada = fake.member(self.guild, "ada")
        role = fake.role(self.guild, "moderators", Permissions.MANAGE_GUILD)
        self.moderator = fake.member(self.guild, "mod", roles=[role])
        self._defer_after_s = defer_after_s
        self._wrap = wrap
        # A busy machine may take longer than 3 s; late responses have tests of their own.
        fake.world.ack_within_ms = _PATIENT_MS
        times = AT_EASE | {"answer_window": _PATIENT_MS} | settings.pop("times", {})
        values = {"http_port": 0, "default_ceiling": 100, "default_allowance": 25, "times": times, **settings}
        lay_migrated(folder)
        self.app = App(
            given_settings(folder, **values),
            plugins=[AdapterPlugin(name="discord", enabled=lambda _: True, build=self._build)],
            open_pool=PlainPool,
        )
        self.context: AdapterContext

    def _build(self, context: AdapterContext) -> Adapter:
        self.context = self._wrap(context)
        token = SecretStr(self.fake.token)
        self.rest = RestClient(token, connector=self.fake.connector)
        adapter = build_adapter(
            self.context,
            DiscordSettings(token=token),
            connector=self.fake.connector,
            defer_after_s=self._defer_after_s,
        )

        async def close() -> None:
            await adapter.close()
            await self.rest.close()

        files = adapter.files if context.settings.https_proxy else _NoFiles()
        return replace(adapter, files=files, close=close)

    def is_connected(self) -> bool:
        """Whether the bot is connected and its commands are registered."""
        return self.fake.gateway.connected > 0 and bool(self.fake.world.commands.all(None))

    async def imagine(self, prompt: str = "a red fox", **more: Any) -> tuple[Invocation, Message]:
        """Ask for pictures and wait for them; returns the command and its card."""
        asked = self.ada.slash("imagine", prompt=prompt, **more)
        return asked, await self.done(asked, more.get("count", 1))

    async def done(self, asked: Invocation, count: int = 1) -> Message:
        """Wait until the card of a command shows its results."""
        # A running video has an attachment too: its preview.
        return await asked.message(
            lambda message: len(message.attachments) == count and "Done" in str(message.embeds)
        )

    def mine(self, channel: Any = None) -> list[Message]:
        """The bot's public messages in a channel, the oldest first."""
        messages = (channel or self.channel).messages.values()
        return [
            one
            for one in messages
            if one.author is self.fake.world.bot and not one.ephemeral and not one.deleted
        ]


@asynccontextmanager
async def open_bot_env(folder: Path, fake: FakeDiscord, **more: Any) -> AsyncIterator[BotEnv]:
    """Run the bot until the block ends."""
    env = BotEnv(fake, folder, **more)
    async with running(env.app, fake.until(env.is_connected)):
        yield env
