"""How much memory a guild costs, beside a bot that keeps what the library keeps by default.

Each is started fresh before a Discord with so many guilds, each with some channels and roles.
"""

import tempfile
from pathlib import Path

from benchmarks.platforms.bots import BARE_DISCORD, new_discord, on_discord, resident_mb
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.unmodified import REVERIE

#: one shard takes 2,500 guilds, the last of which gives a command
QUICK, FULL = (0, 250), (0, 1_000, 2_499)
CHANNELS, ROLES = 20, 15


async def main(*, full: bool) -> None:
    counts = FULL if full else QUICK
    print(f"Memory for guilds of {CHANNELS} channels and {ROLES} roles\n")
    print(f"  {'':<18}" + "".join(f"{count:>10} guilds" for count in counts) + f"{'kB a guild':>14}")
    for label, program, settings in (
        ("library's defaults", BARE_DISCORD, {"CACHES": "1"}),
        ("reverie", REVERIE, {}),
    ):
        sizes = [await _size(count, program, settings) for count in counts]
        each = (sizes[-1] - sizes[0]) * 1000 / counts[-1]
        print(f"  {label:<18}" + "".join(f"{size:>14.0f} MB" for size in sizes) + f"{each:>14.1f}")
    print()


async def _size(count: int, program: tuple[str, ...], settings: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        async with new_discord(Path(name) / "discord") as discord:
            for number in range(count):
                _fill(discord, number)
            ada = discord.member(discord.guild("The last one"), "ada")
            async with on_discord(Path(name), discord, program, settings) as bot:
                # Guilds are told in order: who answers in the last one knows all of them.
                await ada.slash("imagine", prompt="a fox").answered(timeout=60)
                return resident_mb(bot)


def _fill(discord: FakeDiscord, number: int) -> None:
    guild = discord.guild(f"Guild {number}")
    for place in range(CHANNELS):
        discord.channel(guild, f"channel-{place}")
    for place in range(ROLES):
        discord.role(guild, f"role-{place}")
