"""What a whole bot uses with thousands of jobs in flight, of which none ends meanwhile.

The bot is a process of its own before a Discord, a Slack and a generation API. It has one job made, ends, and
starts again on a store in which that job has so many copies.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from benchmarks.engine.luma_api import WARM_UP, luma_api, photo
from benchmarks.platforms.bots import UNLIMITED, both_chats
from benchmarks.results.comparison import OURS, Comparison, Figure, Goal, compared, in_turn
from benchmarks.results.process import processor_s, resident_mb
from benchmarks.results.run import Run
from benchmarks.store.clones import clone
from tests.platforms.unmodified import REVERIE, free_port, query

QUICK, FULL = 500, 5_000
#: seconds of each round in which the share of a core is measured
_WINDOW_S = 2.0
#: none of the generations ends
_TAKES_S = 3_600.0
_PATIENCE_S = 120.0
_PROMPT = "a red fox in the snow"
#: seconds since the jobs were submitted, by whether callbacks arrive: with them the jobs are too young to be
#: asked for, without them each look asks for all
_AGE_S = {True: -60, False: 60}
#: its card has a message: none of the copies is posted
_SUBMITTED = """
SELECT job.id FROM job JOIN card ON card.id = job.card
WHERE job.state = 'submitted' AND card.message IS NOT NULL AND card.shown_rev = card.wanted_rev
"""
_NOTE = "The SDK's loop does not finish with 5,000 in flight."


async def compare(run: Run) -> list[Comparison]:
    jobs = FULL if run.full else QUICK
    comparisons = list[Comparison]()
    for callbacks, way in ((True, ""), (False, ", by list")):
        found = await _measured(callbacks, jobs, run.rounds)
        figures = {
            "share": Figure(
                title=f"share of a core, {jobs:,} in flight{way}", unit="%", goals=(Goal(plus=40),)
            ),
            "size": Figure(
                title=f"resident memory, {jobs:,} in flight{way}",
                unit="MB",
                goals=(Goal(plus=150),),
            ),
        }
        comparisons += compared(found, figures, note=_NOTE)
    return comparisons


async def _measured(callbacks: bool, jobs: int, rounds: int) -> Mapping[str, Mapping[str, Sequence[float]]]:
    address = f"http://127.0.0.1:{(port := free_port())}"
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="reverie-")))
        chats = await exits.enter_async_context(both_chats(folder))
        api = await exits.enter_async_context(luma_api(_TAKES_S, address if callbacks else None))
        api.picture = photo()
        settings = UNLIMITED | {
            "REVERIE_IMAGE_CONCURRENT": "100000",
            "REVERIE_IMAGE_PER_MINUTE": "100000",
            "LUMAAI_API_KEY": "luma-benchmark",
            "LUMAAI_BASE_URL": f"{api.url}/dream-machine/v1",
            "REVERIE_HTTP_PORT": str(port),
            **({"REVERIE_PUBLIC_URL": address} if callbacks else {}),
        }
        async with chats.connected(REVERIE, settings) as bot:
            chats.ada.slash("imagine", prompt=_PROMPT)
            job = await _submitted(folder)
            await bot.stop()
        at = str(round((time.time() - _AGE_S[callbacks]) * 1000))
        times = dict.fromkeys(("submitted_at", "created_at", "claimed_at"), at)
        clone(folder / "data" / "reverie.db", job, jobs, {**times, "remote_id": "'clone-' || n"})
        request = next(iter(api.generations.values())).request
        for number in range(1, jobs + 1):
            api.add(f"clone-{number}", request, time.monotonic() + _TAKES_S)
        bot = await exits.enter_async_context(chats.connected(REVERIE, settings))
        # Where callbacks arrive, the bot waits for them.
        chats.ada.slash("imagine", prompt=_PROMPT, model=WARM_UP)
        await chats.discord.message_in(
            chats.ada.place, lambda one: bool(one.attachments), timeout=_PATIENCE_S
        )
        return await in_turn({OURS: partial(_usage, bot.pid)}, rounds)


async def _submitted(folder: Path) -> str:
    """Wait until the job is submitted and shown; returns its id."""
    async with asyncio.timeout(_PATIENCE_S):
        while not (rows := query(folder, _SUBMITTED)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)
    job: str = rows[0]["id"]
    return job


async def _usage(pid: int) -> Mapping[str, float]:
    worked, began = processor_s(pid), time.perf_counter()
    await asyncio.sleep(_WINDOW_S)
    share = (processor_s(pid) - worked) * 100 / (time.perf_counter() - began)
    return {"share": share, "size": resident_mb(pid)}
