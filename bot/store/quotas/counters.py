"""Counters of waiting jobs, updated with every state change: no command has to count thousands of rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.jobs.job import WAITING, Job, State
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load

sql = load("quotas/counters")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """A job enters a state, from another one or as a new job."""

    workspace: str
    queue: str
    virtual_time: int
    before: State | None
    after: State

    @classmethod
    def of_new(cls, job: Job) -> "StateChange":
        return cls(
            workspace=job.workspace,
            queue=job.queue,
            virtual_time=job.virtual_time,
            before=None,
            after=job.state,
        )


async def update_counters(tx: Transaction, changes: Iterable[StateChange]) -> None:
    """Count the waiting jobs of each workspace, and the queued jobs of each queue at each virtual time.

    Whoever also locks jobs, meters or cards does so in this order: jobs, meters, these counters, cards.
    """
    waiting, queued = Counter[str](), Counter[tuple[str, int]]()
    for change in changes:
        waiting[change.workspace] += (change.after in WAITING) - (change.before in WAITING)
        queued[change.queue, change.virtual_time] += (change.after is State.QUEUED) - (
            change.before is State.QUEUED
        )
    if changed := [{"id": one, "jobs": jobs} for one, jobs in sorted(waiting.items()) if jobs]:
        await tx.run(sql.count_waiting, items=changed)
    depths = [
        {"queue": queue, "virtual_time": virtual_time, "jobs": jobs}
        for (queue, virtual_time), jobs in sorted(queued.items())
        if jobs
    ]
    if depths:
        await tx.run(sql.count_queued, items=depths)
    if shorter := sorted({queue for (queue, _), jobs in queued.items() if jobs < 0}):
        await tx.run(sql.remove_empty, queues=shorter)
