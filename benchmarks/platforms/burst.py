"""A burst of commands over many channels, from the command to the picture that people see.

Each bot is a process of its own before a Discord and a generation API of its own. Reverie checks, stores and
charges each command, and decodes each picture in a worker process, which is counted; the other only asks,
downloads and uploads.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.engine.luma_api import luma_api, photo
from benchmarks.platforms.bots import SDK_DISCORD, SLOWED, UNLIMITED, new_discord, on_discord
from benchmarks.results.comparison import CONTROL, OURS, Comparison, Figure, Goal, Measure, compared, in_turn
from benchmarks.results.process import children, processor_s
from benchmarks.results.run import Run
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.unmodified import REVERIE

#: commands, and channels that they are given in
QUICK, FULL = (60, 12), (300, 60)
#: what a picture takes in life
_TAKES_S = 12.0
_PATIENCE_S = 300.0
_SDK = "bare discord.py, SDK in the handler"
_NOTE = (
    "The bare bot stores, limits and charges nothing, shows no progress, and neither keeps nor checks the"
    " pictures. Reverie's decoders are counted."
)
_SETTINGS = UNLIMITED | {"REVERIE_IMAGE_CONCURRENT": "1000", "REVERIE_IMAGE_PER_MINUTE": "10000"}


async def compare(run: Run) -> list[Comparison]:
    commands, channels = FULL if run.full else QUICK
    programs: dict[str, Sequence[str]] = {OURS: REVERIE, _SDK: SDK_DISCORD}
    if run.control:
        programs[CONTROL] = SLOWED
    sides: dict[str, Measure] = {
        side: partial(_measured, program, commands, channels) for side, program in programs.items()
    }
    of = f"{commands} commands over {channels} channels"
    figures = {
        "work_ms": Figure(
            title=f"processor time for each of {of}", unit="ms", goals=(Goal(against=_SDK, factor=0.5),)
        ),
        "shown_s": Figure(title=f"command to picture p50, {of}", unit="s", controlled=False),
    }
    return compared(await in_turn(sides, run.rounds), figures, note=_NOTE)


async def _measured(program: Sequence[str], commands: int, channels: int) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        async with AsyncExitStack() as exits:
            api = await exits.enter_async_context(luma_api(_TAKES_S))
            api.picture = photo()
            discord = await exits.enter_async_context(new_discord(Path(name) / "discord"))
            guild = discord.guild("Film club")
            places = [discord.channel(guild, f"channel-{number}") for number in range(channels)]
            people = [
                discord.member(guild, f"member{number}").at(place) for number, place in enumerate(places)
            ]
            base = f"{api.url}/dream-machine/v1"
            settings = _SETTINGS | {"LUMAAI_API_KEY": "luma-benchmark", "LUMAAI_BASE_URL": base}
            bot = await exits.enter_async_context(on_discord(Path(name), discord, program, settings))
            family = [bot.pid, *children(bot.pid)]
            worked = sum(map(processor_s, family))
            began = time.monotonic()
            for number in range(commands):
                people[number % channels].slash("imagine", prompt=f"a red fox in the snow {number}")
            shown = await _shown(discord, commands, began)
            family = [bot.pid, *children(bot.pid)]
            return {
                "work_ms": (sum(map(processor_s, family)) - worked) * 1000 / commands,
                "shown_s": median(shown),
            }


async def _shown(discord: FakeDiscord, many: int, began: float) -> list[float]:
    """Seconds after which each picture was in its channel."""
    seen: dict[int, float] = {}
    async with asyncio.timeout(_PATIENCE_S):
        while len(seen) < many:
            await asyncio.sleep(0.1)
            now = time.monotonic() - began
            for channel in discord.world.channels.values():
                for message in channel.messages.values():
                    if message.attachments:
                        seen.setdefault(message.id, now)
    return list(seen.values())
