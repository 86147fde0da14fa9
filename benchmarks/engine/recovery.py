"""How soon a bot that was killed with thousands of jobs in flight watches all of them again.

The store has a job for each generation, made by a script; a process is started on it. It watches a job again
once the generation API has told it about its generation.
"""

import asyncio
import shutil
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.engine.delivered import WITHOUT_LIMITS, InstantChat, InstantProvider
from benchmarks.engine.in_flight import started
from benchmarks.engine.luma_api import LumaApi, luma_api
from benchmarks.engine.watcher import PROMPT, Order
from benchmarks.results.comparison import (
    CONTROL,
    CONTROL_S,
    OURS,
    Comparison,
    Figure,
    Goal,
    Measure,
    compared,
    in_turn,
)
from benchmarks.results.run import Run
from benchmarks.store.clones import clone
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.service.plugin import Adapter
from tests.engine.fakes import Clock
from tests.engine.harness import open_engine

QUICK, FULL = 1_000, 10_000
_PATIENCE_S = 120.0
#: how long the generations have run when the process starts: they may have ended
_AGE_MS = 60_000
_REQUEST = {"prompt": PROMPT, "model": "photon-1"}


async def compare(run: Run) -> list[Comparison]:
    jobs = FULL if run.full else QUICK
    title = f"process start to all {jobs:,} jobs in flight watched again"
    figures = {"seconds": Figure(title=title, unit="s", goals=(Goal(plus=3),))}
    note = "The control takes 5 ms longer for each ten generations of a page of the list."
    with TemporaryDirectory(prefix="reverie-") as name:
        store = Path(name) / "store"
        await _make(store, jobs)
        sides: dict[str, Measure] = {OURS: partial(_recovered, store, jobs, 0.0)}
        if run.control:
            sides[CONTROL] = partial(_recovered, store, jobs, CONTROL_S)
        return compared(await in_turn(sides, run.rounds), figures, note=note)


async def _recovered(store: Path, jobs: int, delay_s: float) -> dict[str, float]:
    with TemporaryDirectory(prefix="reverie-") as name:
        folder = Path(name) / "copy"
        shutil.copytree(store, folder)
        async with luma_api(3_600) as api:
            api.delay_s = delay_s
            for number in range(1, jobs + 1):
                api.add(_remote(number), _REQUEST, time.monotonic() + 3_600)
            order = Order(side="reverie", api=api.url, folder=str(folder), jobs=0, callbacks=False)
            began = time.perf_counter()
            async with started(order):
                await _all_told(api, jobs)
                return {"seconds": time.perf_counter() - began}


async def _all_told(api: LumaApi, jobs: int) -> None:
    told, done = set[str](), asyncio.Event()

    def on_told(identity: str) -> None:
        told.add(identity)
        if len(told) == jobs:
            done.set()

    api.on_told = on_told
    async with asyncio.timeout(_PATIENCE_S):
        await done.wait()


async def _make(folder: Path, jobs: int) -> None:
    clock = Clock()
    provider, chat = InstantProvider(clock), InstantChat()
    provider.born = GenerationState.DREAMING
    async with open_engine(
        folder,
        providers=[provider],
        clock=clock,
        reachable=False,
        make_adapter=lambda *_: Adapter(name="chat", publisher=chat),
        **WITHOUT_LIMITS,
    ) as bot:
        card = await bot.ask(f"/imagine {PROMPT}")
        job = await bot.comes_to(card, State.SUBMITTED)
    at = (job.submitted_at or 0) - _AGE_MS
    times = dict.fromkeys(("submitted_at", "created_at", "claimed_at"), str(at))
    clone(folder / "reverie.db", job.id, jobs, {**times, "remote_id": "'clone-' || n"})


def _remote(number: int) -> str:
    return f"clone-{number}"
