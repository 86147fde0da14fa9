"""How long a command waits for its answer, beside a bot that does nothing but acknowledge it.

Both are processes of their own, each before a Discord or a Slack of its own in this one; they take turns,
round by round, on the same machine. Reverie accepts each command durably (policy, price, quota, one commit)
before it answers, while its lane is full of pictures that are made, by the simulator in a process of its own,
and go up; the other answers at once.

Discord, Slack and Luma have machines of their own in life: where that can be had, one half of the cores is
theirs here and the other the bots', or what they do would count as the bots' time.
"""

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Protocol

from benchmarks.platforms.bots import (
    BARE_DISCORD,
    BARE_SLACK,
    SLOWED,
    UNLIMITED,
    new_discord,
    new_slack,
    on_discord,
    on_slack,
    simulated,
)
from benchmarks.results.comparison import CONTROL, OURS, Comparison, Figure, Goal, compared, in_turn
from benchmarks.results.run import Run
from bot.domain.jobs.job import IN_FLIGHT, State
from tests.platforms.unmodified import REVERIE, query

SEED = 7
#: commands a second
RATE = 100
MEMBERS = 200
#: jobs that wait before the first command is measured, so that every place in the lane is taken
BACKLOG = 120
#: seconds of each round
QUICK_S, FULL_S = 2.0, 3.0
#: seconds of commands before the first round
_FIRST_S = 1.0
#: A picture takes half a minute: with 80 creates a minute there are always 40 under way. In a shortened run
#: it takes half of that, and the second forty are still under way at the end.
QUICK_SPEED, FULL_SPEED = 0.8, 0.4
_PATIENCE_S = 120.0
#: after so many seconds a command is no longer answered: the platforms allow three
_MISSED_S = 10.0
_BARE = "bare"
_BY_STATE = "SELECT state, count(*) AS jobs FROM job GROUP BY state"
_PROMPT = "a red fox in the snow"


def _cores() -> tuple[set[int], set[int]]:
    """The cores of the services, and those of the bots."""
    cores = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
    half = len(cores) // 2
    return (set(cores[:half]), set(cores[half:])) if half else (set(cores), set(cores))


_SERVICES, _BOTS = _cores()


class Asked(Protocol):
    """A command that somebody gave."""

    @property
    def acknowledged_after_ms(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One bot, as people meet it."""

    #: the n-th member gives a command
    ask: Callable[[int], Asked]
    #: wait until it was answered
    answered: Callable[[Asked], Awaitable[object]]
    #: wait until the first result is there
    shown: Callable[[], Awaitable[object]]


async def compare(run: Run) -> list[Comparison]:
    found: list[Comparison] = []
    for name, library, open_sides in (("Discord", "discord.py", _discord), ("Slack", "slack-bolt", _slack)):
        with tempfile.TemporaryDirectory(prefix="reverie-") as folder, _on(_SERVICES):
            async with AsyncExitStack() as exits:
                speed = FULL_SPEED if run.full else QUICK_SPEED
                provider = await exits.enter_async_context(simulated(Path(folder), speed=speed))
                sides = await open_sides(Path(folder), exits, _programs(run, name), UNLIMITED | provider)
                found += await _measure(name, f"bare {library}", sides, Path(folder) / "reverie", run)
    return found


def _programs(run: Run, platform: str) -> dict[str, Sequence[str]]:
    """The program of each side."""
    bare = BARE_DISCORD if platform == "Discord" else BARE_SLACK
    return {_BARE: bare, OURS: REVERIE, **({CONTROL: SLOWED} if run.control else {})}


async def _measure(
    platform: str, library: str, sides: Mapping[str, Side], folder: Path, run: Run
) -> list[Comparison]:
    seconds = FULL_S if run.full else QUICK_S
    for name, side in sides.items():
        if name != _BARE:
            await _all_answered(side, [side.ask(number % MEMBERS) for number in range(BACKLOG)])
            await side.shown()
    # This process plays both services, whose pauses would be taken for the bots'.
    gc.collect()
    gc.disable()
    before = _jobs(folder)
    seeds = count(SEED)
    # The first commands of a process are its slowest, and are no part of any round.
    for side in sides.values():
        await _round(side, seeds, _FIRST_S)
    measures = {name: partial(_round, side, seeds, seconds) for name, side in sides.items()}
    found = await in_turn(measures, run.rounds)
    gc.enable()
    after = _jobs(folder)
    under_way = [sum(jobs[state] for state in IN_FLIGHT) for jobs in (before, after)]
    made = after[State.COMPLETED] - before[State.COMPLETED]
    note = f"{platform}: {under_way[0]} to {under_way[1]} pictures under way, {made} made meanwhile."
    each = {
        figure: {library if side == _BARE else side: rounds for side, rounds in of.items()}
        for figure, of in found.items()
    }
    title = f"to acknowledge {RATE} commands/s on {platform} while 40 renders run"
    goals = (Goal(against=library, factor=1.25, plus=8),)
    figures = {
        "p50": Figure(title=f"p50 {title}", unit="ms"),
        "p99": Figure(title=f"p99 {title}", unit="ms", goals=goals, controlled=False),
        "missed": Figure(
            title=f"commands missed on {platform}", unit="", goals=(Goal(plus=0),), controlled=False
        ),
    }
    return compared(each, figures, note=note)


async def _all_answered(side: Side, asked: Sequence[Asked]) -> None:
    """Wait until commands are answered; those that were missed never are."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_MISSED_S):
            for one in asked:
                await side.answered(one)


@contextmanager
def _on(cores: set[int]) -> Iterator[None]:
    """Keep to these cores, and have every process keep to them that is started meanwhile."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _jobs(folder: Path) -> Counter[str]:
    """How many jobs the bot's store has, by state."""
    return Counter({row["state"]: row["jobs"] for row in query(folder, _BY_STATE)})


async def _round(side: Side, seeds: Iterator[int], seconds: float) -> dict[str, float]:
    """Milliseconds from a command to its answer, while commands arrive at random."""
    random, asked = Random(next(seeds)), list[Asked]()  # noqa: S311 - arrivals, not secrets
    began, at = time.perf_counter(), 0.0
    while (at := at + random.expovariate(RATE)) < seconds:
        await asyncio.sleep(max(0, began + at - time.perf_counter()))
        asked.append(side.ask(random.randrange(MEMBERS)))
    await _all_answered(side, asked)
    took = [one.acknowledged_after_ms for one in asked]
    # One that was missed has no time, and would be the best of all.
    places = quantiles([_MISSED_S * 1000 if each is None else float(each) for each in took], n=100)
    return {"p50": places[49], "p99": places[98], "missed": took.count(None)}


async def _discord(
    folder: Path,
    exits: AsyncExitStack,
    programs: Mapping[str, Sequence[str]],
    settings: Mapping[str, str],
) -> dict[str, Side]:
    sides = dict[str, Side]()
    for name, program in programs.items():
        own = folder / name
        discord = await exits.enter_async_context(new_discord(own))
        guild = discord.guild("Film club")
        people = [discord.member(guild, f"member{one}") for one in range(MEMBERS)]
        with _on(_BOTS):
            await exits.enter_async_context(on_discord(own, discord, program, settings))
        sides[name] = Side(
            ask=lambda one, people=people: people[one].slash("imagine", prompt=_PROMPT),  # type: ignore[misc]
            answered=lambda asked: asked.answered(timeout=_PATIENCE_S),  # type: ignore[attr-defined]
            shown=lambda discord=discord, people=people: discord.message_in(  # type: ignore[misc]
                people[0].place, lambda message: bool(message.attachments), timeout=_PATIENCE_S
            ),
        )
    return sides


async def _slack(
    folder: Path,
    exits: AsyncExitStack,
    programs: Mapping[str, Sequence[str]],
    settings: Mapping[str, str],
) -> dict[str, Side]:
    sides = dict[str, Side]()
    for name, program in programs.items():
        own = folder / name
        slack, _ = service = new_slack(own)
        await exits.enter_async_context(slack)
        # Missed commands are a figure here.
        exits.callback(slack.violations.clear)
        team = slack.team("Film club")
        people = [slack.user(team, f"member{one}") for one in range(MEMBERS)]
        with _on(_BOTS):
            await exits.enter_async_context(on_slack(own, team, program, service=service, settings=settings))
        sides[name] = Side(
            ask=lambda one, people=people: people[one].slash("/imagine", _PROMPT),  # type: ignore[misc]
            answered=lambda asked: asked.acknowledged(timeout=_PATIENCE_S),  # type: ignore[attr-defined]
            shown=lambda slack=slack, team=team: slack.message_in(  # type: ignore[misc]
                team.general, lambda message: "slack_file" in str(message.blocks), timeout=_PATIENCE_S
            ),
        )
    return sides
