"""Nothing is lost: hundreds of jobs under `kill -9`, and what became of them.

At the real windows, a lost create may take a minute to turn up, a claim's lease ends after 45 s, the
provider's list lags by seconds. That takes about a quarter of an hour.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.results.comparison import Better, Comparison, Goal
from benchmarks.results.run import Run
from tests.crash import timing
from tests.crash.processes import processes
from tests.crash.random_kills import Plan, RandomKills, seed_of, verdict
from tests.crash.simulator_process import simulator
from tests.crash.world import World, open_world

_COUNTS = """
SELECT (SELECT count(*) FROM job) AS jobs,
       (SELECT count(*) FROM job WHERE state = 'completed') AS completed,
       (SELECT count(*) FROM job WHERE state = 'failed') AS failed,
       (SELECT count(*) FROM job WHERE state = 'cancelled') AS cancelled,
       (SELECT count(*) FROM job_event WHERE cause = 'adopted') AS creates_found_again,
       (SELECT count(*) FROM job_event WHERE cause = 'proven_absent') AS creates_sent_again,
       (SELECT count(*) FROM job_event WHERE cause = 'lost_answer') AS creates_given_up,
       (SELECT count(*) FROM orphan_generation) AS orphans
"""


async def compare(run: Run) -> list[Comparison]:
    return [await _measure(run, marked=marked) for marked in (True, False)]


async def _measure(run: Run, *, marked: bool) -> Comparison:
    began = time.monotonic()
    plan = Plan(seed=seed_of(7), jobs=100 if run.full else 30, kills=10 if run.full else 3)
    times, served = timing.environment(), {}
    if run.real_windows:
        plan = Plan(seed=plan.seed, jobs=300, kills=30, life_s=25, rest_s=1_200)
        times = timing.environment(scale=1, times={})
        served = {"speed": 1.0, "window_s": 60, "list_lag_ms": 5_000, "callback_timeout_s": 5}
    with tempfile.TemporaryDirectory(prefix="reverie-crash-") as name:
        folder = Path(name)
        with simulator(folder, **served) as address:
            async with (
                processes(folder) as started,
                open_world(folder, started, address, marked=marked, times=times, concurrent=40) as world,
            ):
                await RandomKills(world=world, plan=plan).one_bot()
                broken = await verdict(world, within_s=plan.rest_s)
                counts = await _counts(world)
                control = [len(await _without_a_message(world))] if run.control else []
    took = time.monotonic() - began
    counted = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in counts.items())
    return Comparison(
        title=f"promises broken by {plan.kills} kills, {'with' if marked else 'without'} a public URL",
        unit="",
        better=Better.LESS,
        ours=[len(broken)],
        goals=(Goal(plus=0),),
        control=control,
        note="\n".join([f"In {took:.0f} s: {counted}.", *map(str, broken)]),
    )


async def _without_a_message(world: World) -> list[str]:
    """The promises that are broken once a message is lost."""
    world.chat.messages.popitem()
    return await verdict(world, within_s=1)


async def _counts(world: World) -> dict[str, Any]:
    (counts,) = await world.rows(_COUNTS)
    merged = sum(message.merged for message in world.chat.messages.values())
    return {**counts, "posts_merged": merged, "messages": len(world.chat.messages)}
