"""Nothing is lost: hundreds of jobs under `kill -9`, and what became of them.

With `full` at the real windows: a lost create may take a minute to turn up, a claim's lease ends after 45 s,
the provider's list lags by seconds. Takes about a quarter of an hour.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from tests.crash import timing
from tests.crash.processes import processes
from tests.crash.random_kills import Plan, RandomKills, seed_of, verdict
from tests.crash.world import World, open_world, simulator

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


async def main(*, full: bool) -> None:
    for marked in (True, False):
        await _measure(full=full, marked=marked)


async def _measure(*, full: bool, marked: bool) -> None:
    began = time.monotonic()
    plan = Plan(seed=seed_of(7), jobs=300, kills=30)
    times, served = timing.environment(), {}
    if full:
        plan = Plan(seed=plan.seed, jobs=300, kills=30, life_s=25, rest_s=1_200)
        times = timing.environment(scale=1, times={})
        served = {"speed": 1.0, "window_s": 60, "list_lag_ms": 5_000, "callback_timeout_s": 5}
    with tempfile.TemporaryDirectory(prefix="reverie-crash-") as name:
        folder = Path(name)
        async with (
            processes(folder) as started,
            simulator(folder, started, **served) as address,
            open_world(folder, started, address, marked=marked, times=times, concurrent=40) as world,
        ):
            await RandomKills(world=world, plan=plan).one_bot()
            broken = await verdict(world, within_s=plan.rest_s)
            counts = await _counts(world)
    print(
        f"crash, {'with' if marked else 'without'} a public URL: {plan.kills} kills in "
        f"{time.monotonic() - began:.0f} s\n"
        f"  {', '.join(f'{key} {value}'.replace('_', ' ') for key, value in counts.items())}\n"
        f"  promises broken: {len(broken)}{''.join(f'{chr(10)}    {line}' for line in broken)}"
    )


async def _counts(world: World) -> dict[str, Any]:
    (counts,) = await world.rows(_COUNTS)
    merged = sum(message.merged for message in world.chat.messages.values())
    return {**counts, "posts_merged": merged, "messages": len(world.chat.messages)}
