"""The real bot in this process with Discord as its only platform, as `run` would start it.

async with started(fake, folder) as bot:
    await until(lambda: not bot.not_ready_reason)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.discord.adapter import build_adapter
from adapters.discord.doctor import diagnose
from adapters.discord.gateway.supervisor import Timings
from adapters.discord.settings import DiscordSettings
from bot.bootstrap import App
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin, Diagnosis
from tests.databases import lay_migrated
from tests.engine.settings import AT_EASE, given_settings
from tests.media_workers import PlainPool
from tests.patience import PATIENCE_S
from tests.platforms.fake_discord import FakeDiscord

_FAST = Timings(retry=0.02, operator_retry=0.02, identify=0.02, presence=0.05)


class Bot:
    def __init__(self, fake: FakeDiscord, folder: Path, token: str, timings: Timings) -> None:
        self.adapter: Adapter
        self.context: AdapterContext
        self._fake = fake
        self._timings = timings
        self._settings = DiscordSettings(token=SecretStr(token))
        plugin = AdapterPlugin(name="discord", enabled=lambda _: True, build=self._build)
        lay_migrated(folder)
        self.app = App(
            given_settings(folder, http_port=0, times=AT_EASE), plugins=[plugin], open_pool=PlainPool
        )

    @property
    def not_ready_reason(self) -> str:
        """Why the bot is not ready; empty when it is."""
        return self.adapter.not_ready_reason() or ""

    def _build(self, context: AdapterContext) -> Adapter:
        self.context = context
        self.adapter = build_adapter(
            context, self._settings, connector=self._fake.connector, timings=self._timings
        )
        return self.adapter


@asynccontextmanager
async def started(
    fake: FakeDiscord, folder: Path, *, token: str | None = None, **timings: float
) -> AsyncIterator[Bot]:
    """Run the bot until the block ends, with short waits except those in `timings`."""
    # Tests start it more often than once in 5 s.
    fake.gateway.identify_limits.window_ms = 0
    bot = Bot(fake, folder, token or fake.token, replace(_FAST, **timings))
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(bot.app.run())
        try:
            await bot.app.started.wait()
            yield bot
        finally:
            bot.app.stop()


async def findings_of(fake: FakeDiscord, *, token: str | None = None, **own: Any) -> list[Diagnosis]:
    settings = DiscordSettings(token=SecretStr(token or fake.token), **own)
    given = given_settings(Path("unused"))
    findings = [one async for one in diagnose(given, settings, connector=fake.connector)]
    assert all(one.remedy for one in findings if not one.ok)
    return findings
