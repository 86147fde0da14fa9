"""Every other arrow of a job's way: one compare-and-set, one event, the money settled, the card told.

Moves of many jobs share a transaction. A move that finds its job elsewhere than it thought is answered with
`StaleTransition`: somebody else did it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import StaleTransition, StoreError
from bot.domain.failures import Failure
from bot.domain.jobs import FINAL, Picture, State, may_move
from bot.domain.quota import SETTLEMENTS, Meter, Settlement
from bot.store.database import Transaction
from bot.store.queries import load
from bot.store.records import dump_record

sql = load("moving")
accepting = load("accepting")

_SETTLED_BY = {
    State.COMPLETED: Settlement.CAPTURED,
    State.FAILED: Settlement.RELEASED,
    State.CANCELLED: Settlement.RELEASED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One arrow: the job must be in `before`, at `attempt`, or nothing happens."""

    job: str
    before: State
    attempt: int
    after: State
    now: int
    #: one word for the event row: why it moved
    cause: str
    account: str | None = None
    remote_id: str | None = None
    submitted_at: int | None = None
    run_at: int | None = None
    deadline: int | None = None
    result: Picture | None = None
    failure: Failure | None = None
    #: the attempt's request is known not to have been carried out
    never_arrived: bool = False
    #: its generation lives on without a job: the operator bears it, and it is to be removed
    abandons: bool = False

    def __post_init__(self) -> None:
        if not may_move(self.before, self.after):
            raise StoreError(f"a job cannot move from {self.before} to {self.after}")


async def move(tx: Transaction, items: Sequence[Move]) -> Sequence[Exception | None]:
    answers: dict[int, Exception | None] = {}
    pending = dict(enumerate(items))
    while pending:
        # Of two moves of one job the second is tried on what the first left behind.
        wave = {item.job: index for index, item in reversed(pending.items())}
        rows = await tx.fetch(sql.move, items=[_row(pending[index]) for index in wave.values()])
        moved = {row["id"]: row["card"] for row in rows}
        await _follow(tx, [(pending[wave[job]], card) for job, card in moved.items()])
        for job, index in wave.items():
            answers[index] = None if job in moved else StaleTransition()
            del pending[index]
    return [answers[index] for index in range(len(items))]


async def _follow(tx: Transaction, moved: Sequence[tuple[Move, str]]) -> None:
    """Do all that moves bring with them: bind, settle, note, tell the cards."""
    bound = [item for item, _ in moved if item.remote_id]
    if bound:
        await tx.run(
            sql.bind_attempts,
            items=[{"job": m.job, "number": m.attempt, "remote_id": m.remote_id} for m in bound],
        )
    absent = [{"job": m.job, "number": m.attempt} for m, _ in moved if m.never_arrived]
    if absent:
        await tx.run(sql.forget_sending, items=absent)
    abandoned = [{"job": m.job, "now": m.now} for m, _ in moved if m.abandons]
    if abandoned:
        await tx.run(sql.abandon, items=abandoned)
    ended = {
        item.job: (_SETTLED_BY[item.after], item.now, item.cause) for item, _ in moved if item.after in FINAL
    }
    if ended:
        await settle(tx, ended)
    await note_moves(
        tx,
        [
            Moved(
                job=m.job,
                card=card,
                before=m.before,
                after=m.after,
                attempt=m.attempt,
                at=m.now,
                cause=m.cause,
            )
            for m, card in moved
        ],
    )


def _row(item: Move) -> dict[str, object]:
    return {
        "id": item.job,
        "before": item.before,
        "attempt": item.attempt,
        "after": item.after,
        "account": item.account,
        "remote_id": item.remote_id,
        "submitted_at": item.submitted_at,
        "finished_at": item.now if item.after in FINAL else None,
        "run_at": item.run_at,
        "deadline": item.deadline,
        "file": item.result.file if item.result else None,
        "result": dump_record(item.result),
        "failure": dump_record(item.failure),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move leaves in the job's history."""

    job: str
    card: str
    before: State
    after: State
    attempt: int
    at: int
    cause: str


async def note_moves(tx: Transaction, moves: Sequence[Moved]) -> None:
    """Write the moves' events and ask for new revisions of their cards."""
    if not moves:
        return
    await tx.run(
        accepting.insert_events,
        items=[
            {
                "job": m.job,
                "before": m.before,
                "after": m.after,
                "attempt": m.attempt,
                "at": m.at,
                "cause": m.cause,
            }
            for m in moves
        ],
    )
    ended = {m.card for m in moves if m.after in FINAL}
    await tx.run(
        sql.bump_cards,
        items=[
            {"id": card, "ended": int(card in ended), "now": max(m.at for m in moves)}
            for card in sorted({m.card for m in moves})
        ],
    )


async def settle(tx: Transaction, ended: dict[str, tuple[Settlement, int, str]]) -> set[str]:
    """Settle the reservations of jobs, each with its settlement, time and cause; answers those that had any.

    Touches exactly the meters that were reserved on, whatever rule or period holds by now. A meter that was
    reset after a capture has given that money back already, and is left as it is.
    """
    rows = [
        row
        for row in await tx.fetch(sql.open_reservations, jobs=sorted(ended))
        if ended[row["job"]][0] in SETTLEMENTS[Settlement(row["settled_as"]) if row["settled_as"] else None]
    ]
    if not rows:
        return set()
    await tx.fetch(accepting.lock_meters, ids=sorted({row["meter"] for row in rows}))
    refunds = [job for job, (settlement, _, _) in ended.items() if settlement is Settlement.REFUNDED]
    given_back = await tx.fetch(sql.given_back, jobs=refunds) if refunds else []
    returned = {(row["job"], row["meter"]) for row in given_back}
    counted = [row for row in rows if (row["job"], row["meter"]) not in returned]
    changes: dict[str, Meter] = defaultdict(Meter)
    for row in counted:
        changes[row["meter"]] = changes[row["meter"]].settle(row["amount"], ended[row["job"]][0])
    await tx.run(
        sql.settle_meters,
        items=[
            {"id": meter, "used": change.used, "reserved": change.reserved}
            for meter, change in sorted(changes.items())
        ],
    )
    settled = [{"job": row["job"], "meter": row["meter"], "settled_as": ended[row["job"]][0]} for row in rows]
    await tx.run(sql.settle_reservations, items=settled)
    await tx.run(
        accepting.insert_journal,
        items=[
            {
                "meter": row["meter"],
                "job": row["job"],
                "kind": ended[row["job"]][0],
                "amount": row["amount"],
                "at": ended[row["job"]][1],
                "cause": ended[row["job"]][2],
            }
            for row in counted
        ],
    )
    return {row["job"] for row in rows}
