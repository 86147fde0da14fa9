"""What guilds cost, beside a bot that keeps what the library keeps by default, and beside a tenth of them.

Each is started fresh before a Discord with so many guilds, each with some channels and roles. Memory for a
guild is the difference to a bot in one guild alone.
"""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import quantiles

from benchmarks.platforms.bots import BARE_DISCORD, SLOWED, UNLIMITED, new_discord, on_discord
from benchmarks.results.comparison import CONTROL, OURS, Comparison, Figure, Goal, Measure, compared, in_turn
from benchmarks.results.process import processor_s, resident_mb
from benchmarks.results.run import Run
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.unmodified import REVERIE

#: one shard takes 2,500 guilds, the last of which gives commands
QUICK, FULL = 250, 2_499
CHANNELS, ROLES = 20, 15
_COMMANDS = 100
_PATIENCE_S = 120.0
_DEFAULTS = "discord.py with its default caches"


async def compare(run: Run) -> list[Comparison]:
    many = FULL if run.full else QUICK
    few = many // 10
    tenth = f"Reverie with {few:,} guilds"
    sides: dict[str, Measure] = {
        OURS: partial(_measured, REVERIE, many, UNLIMITED),
        tenth: partial(_started, REVERIE, few, UNLIMITED),
        _DEFAULTS: partial(_measured, BARE_DISCORD, many, {"CACHES": "1"}),
    }
    if run.control:
        sides[CONTROL] = partial(_measured, SLOWED, many, UNLIMITED)
    found = await in_turn(sides, run.rounds)
    figures = {
        "each_kb": Figure(
            title=f"memory for each guild of {CHANNELS} channels and {ROLES} roles, of {many:,}",
            unit="kB",
            goals=(Goal(plus=15),),
        ),
        "size_mb": Figure(title=f"memory with {many:,} guilds", unit="MB"),
        "start_s": Figure(
            title=f"processor time to be ready in {many:,} guilds",
            unit="s",
            goals=(Goal(against=tenth, factor=10),),
            controlled=False,
        ),
        "p99": Figure(
            title=f"p99 to acknowledge a command in the last of {many:,} guilds",
            unit="ms",
            goals=(Goal(against=tenth, factor=1.25),),
            controlled=False,
        ),
    }
    # Each of the two others is compared by what it is there for.
    fair = {
        name: {side: rounds for side, rounds in of.items() if side != (tenth if "b" in name else _DEFAULTS)}
        for name, of in found.items()
    }
    return compared(fair, figures)


async def _measured(program: Sequence[str], count: int, settings: Mapping[str, str]) -> Mapping[str, float]:
    alone = await _started(program, 0, settings, commands=0)
    found = await _started(program, count, settings)
    return {**found, "each_kb": (found["size_mb"] - alone["size_mb"]) * 1000 / count}


async def _started(
    program: Sequence[str], count: int, settings: Mapping[str, str], *, commands: int = _COMMANDS
) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        async with new_discord(Path(name) / "discord") as discord:
            for number in range(count):
                _fill(discord, number)
            ada = discord.member(discord.guild("The last one"), "ada")
            async with on_discord(Path(name), discord, program, settings) as bot:
                # Guilds are told in order: who answers in the last one knows all of them.
                await ada.slash("imagine", prompt="a fox").answered(timeout=_PATIENCE_S)
                found = {"size_mb": resident_mb(bot.pid), "start_s": processor_s(bot.pid)}
                if program == BARE_DISCORD or not commands:
                    return found
                took = []
                for _ in range(commands):
                    asked = ada.slash("quota")
                    await asked.answered(timeout=_PATIENCE_S)
                    took.append(float(asked.acknowledged_after_ms or _PATIENCE_S * 1000))
                return {**found, "p99": quantiles(took, n=100)[98]}


def _fill(discord: FakeDiscord, number: int) -> None:
    guild = discord.guild(f"Guild {number}")
    for place in range(CHANNELS):
        discord.channel(guild, f"channel-{place}")
    for place in range(ROLES):
        discord.role(guild, f"role-{place}")
