"""Queue statistics: totals, positions of jobs, and durations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from statistics import median

import orjson

from bot.domain.generations.estimates import DurationStats
from bot.domain.jobs.job import Job
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("queue/queue_stats")

#: the latest jobs that durations are learned from, and how few are too few for a percentile
_LEARNED_FROM, _FEW = 50, 5
#: the latest of them, from which is learned what is shown: a provider that becomes slower is noticed at once
_LATEST = 10
#: greater than any id
_MAX_ID = "z" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """Totals over all workspaces."""

    running: int
    waiting: int


async def queue_stats(database: Database) -> QueueStats:
    row = await database.one(sql.totals)
    return (
        QueueStats(running=row["running"], waiting=row["waiting"])
        if row
        else QueueStats(running=0, waiting=0)
    )


async def count_unfinished(database: Database) -> dict[str, int]:
    """How many jobs have not ended, by state; states without any are left out."""
    return {row["state"]: row["jobs"] for row in await database.fetch(sql.count_unfinished)}


async def count_states(database: Database) -> dict[str, int]:
    return {row["state"]: row["jobs"] for row in await database.fetch(sql.count_states)}


async def next_price(database: Database, *, provider: str, queue: str, account: str) -> int:
    """Micro-dollars of the most expensive job that is being submitted or next in a queue; 0 without any."""
    row = await database.one(sql.next_price, provider=provider, queue=queue, account=account)
    return (row["price"] if row else None) or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePosition:
    """The position of a queued job."""

    #: jobs that are claimed before it
    ahead: int
    #: its workspace is paused
    paused: bool
    #: a spending cap is used up
    capped: bool = False


async def queue_positions(store: Database | Transaction, jobs: Iterable[Job]) -> dict[str, QueuePosition]:
    """The positions of these jobs.

    Thousands may share one virtual time. They are counted from its end, where new jobs are, and each of them
    once, between two of the jobs that are asked for.
    """
    groups: dict[tuple[str, int], list[Job]] = {}
    for job in sorted(jobs, key=lambda job: job.id, reverse=True):
        groups.setdefault((job.queue, job.virtual_time), []).append(job)
    if not groups:
        return {}
    rows = await store.fetch(
        sql.positions,
        items=[
            {
                "id": job.id,
                "workspace": job.workspace,
                "queue": job.queue,
                "virtual_time": job.virtual_time,
                "next_id": later.id if later else _MAX_ID,
            }
            for group in groups.values()
            for later, job in pairwise([None, *group])
            if job
        ],
    )
    found = {row["id"]: row for row in rows}
    return {
        job.id: QueuePosition(ahead=found[job.id]["up_to"] - behind, paused=bool(found[job.id]["paused"]))
        for group in groups.values()
        for job, behind in zip(group, accumulate(found[job.id]["since"] for job in group), strict=True)
    }


async def duration_stats(database: Database, classes: Iterable[str]) -> Mapping[str, DurationStats]:
    """How long the latest jobs of each class took; only classes with some."""
    asked = [{"duration_class": name} for name in sorted(set(classes))]
    rows = await database.fetch(sql.latest_durations, items=asked, count=_LEARNED_FROM)
    latest = {row["duration_class"]: orjson.loads(row["durations"] or "[]") for row in rows}
    return {name: _stats(durations) for name, durations in latest.items() if durations}


def _stats(durations: Sequence[int]) -> DurationStats:
    """What the durations of the latest jobs say, the newest first."""
    usual, shown = round(median(durations)), _percentile(durations[:_LATEST], 80)
    late = max(_percentile(durations, 95), shown)
    return DurationStats(p50=usual, p80=shown, p95=max(late, 2 * usual) if len(durations) < _FEW else late)


def _percentile(durations: Sequence[int], percent: int) -> int:
    return sorted(durations)[ceil(len(durations) * percent / 100) - 1]
