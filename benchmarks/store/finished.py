"""Whether a store gets slower with its history: each operation with many finished jobs, and with a few.

The jobs are of a thousand members in twenty workspaces over ninety days; who asks has a thousandth of them.
"""

import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.engine.delivered import WITHOUT_LIMITS, InstantProvider
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
from bot.domain.command_text.parsing import parse
from bot.domain.commands import StudioUsage
from bot.domain.generations.models import Lane
from bot.domain.jobs.job import State
from bot.store.listings.job_search import JobQuery, search_jobs
from bot.store.queue.claim import ClaimRequest, claim
from bot.worker.upkeep.retention import sum_up_days
from tests.engine.fakes import Clock
from tests.engine.harness import Engine, open_engine
from tests.engine.settings import person

QUICK, FULL = 20_000, 1_000_000
_OPERATIONS = 300
#: of the member who asks, so that a search finds a whole page on both sides
_FEW = 75
_NEARLY_EMPTY = f"Reverie with {_FEW} jobs"
_MEMBERS, _WORKSPACES, _DAYS = 1_000, 20, 90
_DAY_MS = 86_400_000
_WHO = person("m5", workspace="chat:w5", admin=True)
_PROMPTS = ("a red fox in the snow", "a lighthouse at dusk", "an old tram in the rain")

Operation = Callable[[Engine], Awaitable[object]]


async def _accept(bot: Engine) -> None:
    await bot.ask(f"/imagine {_PROMPTS[0]}", by=_WHO)


async def _claim(bot: Engine) -> None:
    now = bot.services.clock()
    request = ClaimRequest(
        account=bot.provider.account,
        lane=Lane.IMAGE,
        provider=bot.provider.name,
        queue=bot.services.queue_of(bot.provider, Lane.IMAGE),
        owner=bot.services.owner,
        now=now,
        lease_until=now + 45_000,
        window_start=now - 75_000,
        max_count=1,
    )
    result = await bot.services.database.write(claim, request)
    assert result.claims


async def _history(bot: Engine) -> None:
    await bot.learn("/history", by=_WHO)


async def _search(bot: Engine) -> None:
    query = JobQuery(
        caller=_WHO,
        text="lighthouse",
        kind=None,
        states=frozenset({State.COMPLETED}),
        usable=True,
        place=bot.place(_WHO),
        count=25,
    )
    await search_jobs(bot.services.database, query)


async def _usage(bot: Engine) -> None:
    command = parse("/studio usage month")
    assert isinstance(command, StudioUsage)
    await bot.service.usage_report(command, _WHO)


_MEASURED: dict[str, Operation] = {
    "accept": _accept,
    "claim": _claim,
    "/history": _history,
    "search of one's jobs": _search,
    "a month's usage of a workspace": _usage,
}


async def compare(run: Run) -> list[Comparison]:
    jobs = FULL if run.full else QUICK
    with TemporaryDirectory(prefix="reverie-") as name:
        few, many = Path(name) / "few", Path(name) / "many"
        await _make(few, many, jobs)
        async with AsyncExitStack() as exits:
            bots = {
                OURS: await exits.enter_async_context(_opened(many)),
                _NEARLY_EMPTY: await exits.enter_async_context(_opened(few)),
            }
            sides: dict[str, Measure] = {side: _measure(bot, 0.0) for side, bot in bots.items()}
            if run.control:
                sides[CONTROL] = _measure(bots[OURS], CONTROL_S)
            found = await in_turn(sides, run.rounds)
    figures = {
        operation: Figure(
            title=f"{operation} p99 with {jobs:,} finished jobs",
            unit="ms",
            goals=(Goal(against=_NEARLY_EMPTY, factor=1.5),),
        )
        for operation in found
    }
    return compared(found, figures)


async def _make(few: Path, many: Path, jobs: int) -> None:
    async with _opened(few, start=()) as bot:
        done = await bot.made(f"/imagine {_PROMPTS[1]}", by=_WHO)
        finished_at = done.finished_at or 0
    shutil.copytree(few, many)
    at = f"{finished_at} - n % {_DAYS * _DAY_MS // 1000} * 1000"
    titles = " ".join(f"WHEN {number} THEN '{prompt}'" for number, prompt in enumerate(_PROMPTS))
    times = dict.fromkeys(("created_at", "claimed_at", "finished_at", "run_at"), at)
    own = times | {
        "title": f"CASE n % {len(_PROMPTS)} {titles} END || ' ' || n",
        "remote_id": "'clone-' || n",
        "reaction": "NULL",
    }
    everybodys = own | {
        "workspace": f"'chat:w' || (n % {_WORKSPACES})",
        "person": f"'chat:m' || (n % {_MEMBERS})",
        "member": f"'chat:w' || (n % {_WORKSPACES}) || ':m' || (n % {_MEMBERS})",
        "title": f"CASE n / {_MEMBERS} % {len(_PROMPTS)} {titles} END || ' ' || n",
    }
    clone(few / "reverie.db", done.id, _FEW, own)
    clone(many / "reverie.db", done.id, jobs, everybodys)
    async with _opened(many) as bot:
        # As the bot does once a day has ended.
        await sum_up_days(bot.services)


@asynccontextmanager
async def _opened(folder: Path, start: tuple[str, ...] | None = None) -> AsyncIterator[Engine]:
    """The engine, with no loops unless told otherwise: nobody else works on the store."""
    clock = Clock()
    provider = InstantProvider(clock)
    # Events are named after the owner: those of an earlier process would be taken for repeated ones.
    owner = uuid4().hex
    async with open_engine(
        folder, providers=[provider], clock=clock, start=start, owner=owner, **WITHOUT_LIMITS
    ) as bot:
        provider.app = bot.app
        yield bot


def _measure(bot: Engine, pause_s: float) -> Measure:
    async def measure() -> dict[str, float]:
        found = {}
        for name, operation in _MEASURED.items():
            took = []
            for _ in range(_OPERATIONS):
                began = time.perf_counter()
                if pause_s:
                    time.sleep(pause_s)  # noqa: ASYNC251
                await operation(bot)
                took.append((time.perf_counter() - began) * 1000)
            found[name] = quantiles(took, n=100)[98]
        return found

    return measure
