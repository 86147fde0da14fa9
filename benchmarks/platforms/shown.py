"""How soon a picture is seen in the chat once it is made, beside a bot that does nothing but upload it.

Each bot is a process of its own before a chat and a generation API of its own. Reverie is called back, asks
for the generation, reads the file, decodes it in a worker process, stores it, charges for it and uploads it;
the other knows when the picture is there, reads it and uploads it.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.engine.luma_api import LumaApi, luma_api, photo
from benchmarks.platforms.bots import SLOWED, UNLIMITED, UPLOAD, new_discord, new_slack, on_discord, on_slack
from benchmarks.results.comparison import CONTROL, OURS, Comparison, Figure, Goal, Measure, compared, in_turn
from benchmarks.results.run import Run
from tests.platforms.unmodified import REVERIE, free_port

_TAKES_S = 0.7
#: pictures of each round, one after the other
QUICK, FULL = 2, 4
_PATIENCE_S = 60.0
_PROMPT = "a red fox in the snow"

#: gives a command, and waits until its picture is shown
Ask = Callable[[], Awaitable[None]]


async def compare(run: Run) -> list[Comparison]:
    found = list[Comparison]()
    for platform, library, opened in (("Discord", "discord.py", _discord), ("Slack", "slack-bolt", _slack)):
        bare = f"bare {library}, upload alone"
        programs = {OURS: REVERIE, bare: (*UPLOAD, platform.lower())}
        if run.control:
            programs[CONTROL] = SLOWED
        with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
            async with AsyncExitStack() as exits:
                sides = dict[str, Measure]()
                for side, program in programs.items():
                    own = Path(folder) / side.partition(",")[0]
                    sides[side] = await exits.enter_async_context(_side(own, program, opened, run))
                rounds = await in_turn(sides, run.rounds)
        title = f"end of a generation to its picture on {platform}, p50"
        figure = Figure(title=title, unit="ms", goals=(Goal(against=bare, factor=1.3),))
        found += compared(rounds, {"p50": figure})
    return found


@asynccontextmanager
async def _side(
    folder: Path,
    program: Sequence[str],
    opened: Callable[[Path, Sequence[str], Mapping[str, str], AsyncExitStack], Awaitable[Ask]],
    run: Run,
) -> AsyncIterator[Measure]:
    address = f"http://127.0.0.1:{(port := free_port())}"
    async with luma_api(_TAKES_S, address) as api, AsyncExitStack() as exits:
        api.picture = photo()
        settings = UNLIMITED | {
            "LUMAAI_API_KEY": "luma-benchmark",
            "LUMAAI_BASE_URL": f"{api.url}/dream-machine/v1",
            "REVERIE_HTTP_PORT": str(port),
            "REVERIE_PUBLIC_URL": address,
            "TAKES_S": str(_TAKES_S),
        }
        ask = await opened(folder, program, settings, exits)
        await ask()  # opens connections, and worker processes
        yield partial(_shown, ask, api, FULL if run.full else QUICK)


async def _shown(ask: Ask, api: LumaApi, pictures: int) -> Mapping[str, float]:
    took = []
    for _ in range(pictures):
        await ask()
        newest = next(reversed(api.generations.values()))
        took.append((time.monotonic() - newest.ends_at) * 1000)
    return {"p50": median(took)}


async def _discord(
    folder: Path, program: Sequence[str], settings: Mapping[str, str], exits: AsyncExitStack
) -> Ask:
    discord = await exits.enter_async_context(new_discord(folder))
    ada = discord.member(discord.guild("Film club"), "ada")
    await exits.enter_async_context(on_discord(folder, discord, program, settings))
    seen = set[int]()

    async def ask() -> None:
        ada.slash("imagine", prompt=_PROMPT)
        message = await discord.message_in(
            ada.place, lambda one: bool(one.attachments) and one.id not in seen, timeout=_PATIENCE_S
        )
        seen.add(message.id)

    return ask


async def _slack(
    folder: Path, program: Sequence[str], settings: Mapping[str, str], exits: AsyncExitStack
) -> Ask:
    slack, _ = service = new_slack(folder)
    await exits.enter_async_context(slack)
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    await exits.enter_async_context(on_slack(folder, team, program, service=service, settings=settings))
    seen = set[str]()

    async def ask() -> None:
        ada.slash("/imagine", _PROMPT)
        message = await slack.message_in(
            team.general,
            lambda one: one.ts not in seen and (bool(one.files) or "slack_file" in str(one.blocks)),
            timeout=_PATIENCE_S,
        )
        seen.add(message.ts)

    return ask
