"""What waits, counted as jobs come and go: nobody has to count thousands to answer one command."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.jobs import WAITING, State
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load

sql = load("counting")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """A job comes into a state, from another one or as a new job."""

    workspace: str
    queue: str
    virtual_time: int
    before: State | None
    after: State


async def update_counters(tx: Transaction, steps: Iterable[StateChange]) -> None:
    """Count what waits in each workspace, and what is queued in each turn of each queue.

    Whoever locks jobs, meters or cards too does so in this order: jobs, meters, these counts, cards.
    """
    waiting, lines = Counter[str](), Counter[tuple[str, int]]()
    for step in steps:
        waiting[step.workspace] += (step.after in WAITING) - (step.before in WAITING)
        lines[step.queue, step.virtual_time] += (step.after is State.QUEUED) - (step.before is State.QUEUED)
    if changed := [{"id": one, "jobs": jobs} for one, jobs in sorted(waiting.items()) if jobs]:
        await tx.run(sql.count_waiting, items=changed)
    moved = [
        {"queue": queue, "turn": turn, "jobs": jobs} for (queue, turn), jobs in sorted(lines.items()) if jobs
    ]
    if moved:
        await tx.run(sql.count_lines, items=moved)
    if shorter := sorted({queue for (queue, _), jobs in lines.items() if jobs < 0}):
        await tx.run(sql.end_lines, queues=shorter)
