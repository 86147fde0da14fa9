"""How long a command in the playground waits where hundreds of pages listen, and where none does.

Every listener gets every message. Beside it: a server that only passes on what it is sent, to as many.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from statistics import quantiles

import httpx

from benchmarks.platforms.bots import SLOWED
from benchmarks.playground.bots import bare, command, playground
from benchmarks.results.comparison import CONTROL, OURS, Comparison, Figure, Goal, Measure, compared, in_turn
from benchmarks.results.run import Run
from tests.platforms.unmodified import REVERIE

LISTENERS = 300
#: streams of one person
_EACH = 20
#: commands a second
RATE = 10
QUICK_S, FULL_S = 2.0, 4.0
_NONE, _LIMIT = "the same without listeners", "bare Starlette, which stores nothing"

_keys = count()


async def compare_listeners(run: Run) -> list[Comparison]:
    seconds = FULL_S if run.full else QUICK_S
    programs: dict[str, tuple[Sequence[str], int]] = {OURS: (REVERIE, LISTENERS), _NONE: (REVERIE, 0)}
    if run.control:
        programs[CONTROL] = (SLOWED, LISTENERS)
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="reverie-")))
        sides = dict[str, Measure]()
        for number, (side, (program, listeners)) in enumerate(programs.items()):
            # What is asked for is never made: nothing else happens meanwhile.
            opened = await exits.enter_async_context(
                playground(folder / str(number), program, REVERIE_SIMULATOR_SPEED="0.001")
            )
            await _listen(opened, listeners, exits)
            sides[side] = partial(_commanded, opened, seconds)
        opened = await exits.enter_async_context(bare(folder / "bare"))
        await _listen(opened, LISTENERS, exits)
        sides[_LIMIT] = partial(_commanded, opened, seconds)
        found = await in_turn(sides, run.rounds)
    of = f"of commands in the playground with {LISTENERS} listeners"
    figures = {
        "p50": Figure(title=f"p50 {of}", unit="ms"),
        "p99": Figure(
            title=f"p99 {of}", unit="ms", goals=(Goal(against=_NONE, factor=1.25),), controlled=False
        ),
    }
    return compared(found, figures, limits={_LIMIT})


async def _listen(opened: httpx.AsyncClient, listeners: int, exits: AsyncExitStack) -> None:
    """Open streams, which a process of its own reads until the end of the block."""
    names = [f"listener{number}" for number in range(listeners // _EACH)]
    for name in names:
        await opened.post("/playground/people", params={"me": "ada"}, json={"name": name})
    if names:
        await exits.enter_async_context(_listening(str(opened.base_url.port), names))


@asynccontextmanager
async def _listening(port: str, names: Sequence[str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.playground.listening", port, str(_EACH), *names),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline(), "the streams could not be opened"
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _commanded(opened: httpx.AsyncClient, seconds: float) -> Mapping[str, float]:
    """Milliseconds from a command to its answer, while commands arrive at random."""
    random, took = Random(7), list[float]()  # noqa: S311 - arrivals, not secrets
    began, at = time.perf_counter(), 0.0

    async def give(at: float) -> None:
        await command(opened, "/imagine a red fox in the snow", f"listeners-{next(_keys)}")
        took.append((time.perf_counter() - began - at) * 1000)

    async with asyncio.TaskGroup() as group:
        while (at := at + random.expovariate(RATE)) < seconds:
            await asyncio.sleep(max(0, began + at - time.perf_counter()))
            group.create_task(give(at))
    places = quantiles(took, n=100)
    return {"p50": places[49], "p99": places[98]}
