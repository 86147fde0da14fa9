"""How much memory a guild costs, beside a bot that keeps what the library keeps by default.

Each is started fresh before a Discord with so many guilds, each with some channels and roles.
"""

import tempfile
from pathlib import Path

from benchmarks.platforms.bots import BARE_DISCORD, new_discord, on_discord
from benchmarks.results.comparison import Better, Comparison, Goal
from benchmarks.results.process import resident_mb
from benchmarks.results.run import Run
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.unmodified import REVERIE

#: one shard takes 2,500 guilds, the last of which gives a command
QUICK, FULL = (0, 250), (0, 1_000, 2_499)
CHANNELS, ROLES = 20, 15
_DEFAULTS = "discord.py with its default caches"


async def compare(run: Run) -> list[Comparison]:
    counts = FULL if run.full else QUICK
    sides = {"reverie": (REVERIE, {}), _DEFAULTS: (BARE_DISCORD, {"CACHES": "1"})}
    # A process of this size varies by less than a megabyte: one round is enough.
    sizes = {
        side: [await _size(count, program, settings) for count in counts]
        for side, (program, settings) in sides.items()
    }
    each = {side: [(size[-1] - size[0]) * 1000 / counts[-1]] for side, size in sizes.items()}
    return [
        Comparison(
            title=f"memory for each guild of {CHANNELS} channels and {ROLES} roles, of {counts[-1]}",
            unit="kB",
            better=Better.LESS,
            ours=each["reverie"],
            alternatives={_DEFAULTS: each[_DEFAULTS]},
            goals=(Goal(plus=15),),
        ),
        Comparison(
            title=f"memory with {counts[-1]} guilds",
            unit="MB",
            better=Better.LESS,
            ours=[sizes["reverie"][-1]],
            alternatives={_DEFAULTS: [sizes[_DEFAULTS][-1]]},
        ),
    ]


async def _size(count: int, program: tuple[str, ...], settings: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        async with new_discord(Path(name) / "discord") as discord:
            for number in range(count):
                _fill(discord, number)
            ada = discord.member(discord.guild("The last one"), "ada")
            async with on_discord(Path(name), discord, program, settings) as bot:
                # Guilds are told in order: who answers in the last one knows all of them.
                await ada.slash("imagine", prompt="a fox").answered(timeout=60)
                return resident_mb(bot.pid)


def _fill(discord: FakeDiscord, number: int) -> None:
    guild = discord.guild(f"Guild {number}")
    for place in range(CHANNELS):
        discord.channel(guild, f"channel-{place}")
    for place in range(ROLES):
        discord.role(guild, f"role-{place}")
