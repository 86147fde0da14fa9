"""Every command of the catalogue on every front end, over real sockets."""

from pathlib import Path
from typing import Any

from tests.front_ends.in_playground import InPlayground
from tests.front_ends.on_discord import OnDiscord
from tests.front_ends.on_slack import OnSlack
from tests.front_ends.table import use_every_command
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_slack.bot_harness import run_bot
from tests.playground.serving import serve

#: nothing here is about how often somebody may ask
_OFTEN: dict[str, Any] = {"commands_per_minute": 10_000, "commands_burst": 1_000}


async def test_on_discord(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake, **_OFTEN) as env:
        await use_every_command(OnDiscord(env))


async def test_on_slack(tmp_path: Path) -> None:
    async with run_bot(tmp_path, **_OFTEN) as bot:
        await use_every_command(OnSlack(bot))


async def test_in_the_playground() -> None:
    async with serve(**_OFTEN) as served:
        await use_every_command(InPlayground(served))
