"""How many files one command passes through, and how often the calls change from one file to another.

Counts, in a whole bot before a chat service of its own, the files of the adapter from the event to its
acknowledgement and on to the message with the result, and the files of the core over the whole job. With
`--names` it also lists the files of the core, with the number of calls into each.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.platforms.bots import new_discord, new_slack, on_discord, on_slack
from tests.patience import PATIENCE_S
from tests.platforms.unmodified import QUICK, Bot

_PROGRAM = ("-m", "benchmarks.platforms.traced_bot", "run")
_NAMES = "--names"
_PROMPT = "a red fox in the snow"
#: stands in for the API, in the bot's process
_SIMULATION = ("simulator/", "bot/simulation/")


@dataclass(frozen=True, slots=True)
class Call:
    at: float
    file: str
    #: in a task that was started after the recording: the event's own, not a loop in the background
    own: bool


def count(calls: Iterable[Call]) -> str:
    """Different files, and changes from one to another."""
    files = [call.file for call in calls]
    return f"{len(set(files)):>5} {sum(one != other for one, other in pairwise(files)):>8}"


async def _trace(bot: Bot, folder: Path, ask: Callable[[], Awaitable[float]]) -> tuple[list[Call], float]:
    """Record one command; `ask` gives it, waits for the result, and tells when it was acknowledged."""
    os.kill(bot.pid, signal.SIGUSR1)
    await asyncio.sleep(0.1)
    acknowledged = await ask()
    os.kill(bot.pid, signal.SIGUSR2)
    path = folder / "data" / "trace.json"
    async with asyncio.timeout(PATIENCE_S):
        while not path.exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    calls = [Call(*one) for one in json.loads(path.read_text(encoding="utf-8"))]
    path.unlink()
    return calls, acknowledged


def _print(name: str, calls: list[Call], acknowledged: float) -> None:
    adapter = [call for call in calls if call.file.startswith(f"adapters/{name}/")]
    before = [call for call in adapter if call.at <= acknowledged]
    after = [call for call in adapter if call.at > acknowledged]
    core = [call for call in calls if call.file.startswith("bot/") and not call.file.startswith(_SIMULATION)]
    print(f"{name}: /imagine {'':<39} files  changes")
    print(f"  event → acknowledgement, its own tasks          {count(call for call in before if call.own)}")
    print(f"  event → acknowledgement, with background work   {count(before)}")
    print(f"  acknowledgement → message with the result       {count(after)}")
    own = [call for call in core if call.own]
    accepting = [call for call in own if call.at <= acknowledged]
    print(f"  the core, event → acknowledgement, own tasks    {count(accepting)}")
    print(f"  the core, event → result, own tasks             {count(own)}")
    print(f"  the core, event → result, with background work  {count(core)}\n")
    if _NAMES in sys.argv[1:]:
        for file, calls_into in sorted(Counter(call.file for call in core).items()):
            print(f"  {calls_into:>6} {file}")
        print()


async def _discord(folder: Path) -> None:
    async with new_discord(folder) as discord:
        guild = discord.guild("Film club")
        member = discord.member(guild, "ada")
        async with on_discord(folder, discord, _PROGRAM, QUICK) as bot:
            await bot.ready()
            seen = 0

            async def ask() -> float:
                nonlocal seen
                asked = member.slash("imagine", prompt=_PROMPT)
                await asked.answered(timeout=PATIENCE_S)
                at = time.monotonic()
                shown = await discord.message_in(
                    member.place, lambda one: bool(one.attachments) and one.id != seen, timeout=PATIENCE_S
                )
                seen = shown.id
                return at

            await ask()
            _print("discord", *await _trace(bot, folder, ask))


async def _slack(folder: Path) -> None:
    slack, _ = service = new_slack(folder)
    async with slack:
        team = slack.team("Film club")
        user = slack.user(team, "ada")
        async with on_slack(folder, team, _PROGRAM, service=service, settings=QUICK) as bot:
            await bot.ready()
            seen = ""

            async def ask() -> float:
                nonlocal seen
                asked = user.slash("/imagine", _PROMPT)
                await asked.acknowledged(timeout=PATIENCE_S)
                at = time.monotonic()
                shown = await slack.message_in(
                    team.general,
                    lambda one: "slack_file" in str(one.blocks) and one.ts != seen,
                    timeout=PATIENCE_S,
                )
                seen = shown.ts
                return at

            await ask()
            _print("slack", *await _trace(bot, folder, ask))


async def main() -> None:
    for trace in (_discord, _slack):
        with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
            await trace(Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
