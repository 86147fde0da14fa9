"""Every other arrow of a job's way: one compare-and-set, one event, the money settled, the card told.

Moves of many jobs share a transaction. A move that finds its job elsewhere than it thought is answered with
`StaleTransition`: somebody else did it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import StaleTransition, StoreError
from bot.domain.failures import Failure
from bot.domain.jobs import FINAL, State, can_transition
from bot.domain.media import Media
from bot.domain.quota import Settlement
from bot.domain.requests import AnyRequest, dump_request
from bot.store.counters import StateChange, update_counters
from bot.store.database.base import Row, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import FileReference, add_references
from bot.store.ledger import LowerReservation, SettleReservation, settle_reservations
from bot.store.orphans import OrphanCause
from bot.store.rows import dump_record

sql = load("moving")
accepting = load("accepting")

_SETTLED_BY = {
    State.COMPLETED: Settlement.CAPTURED,
    State.FAILED: Settlement.RELEASED,
    State.CANCELLED: Settlement.RELEASED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationLease:
    """One lease of a job: the next one of the same owner ends at another time."""

    owner: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
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
    result: Media | None = None
    failure: Failure | None = None
    #: of a prepared job: the request with all that it builds on, and what it costs; only ever less
    request: AnyRequest | None = None
    price: int | None = None
    #: stored files that it needs from now on, besides its result
    files: tuple[str, ...] = ()
    #: the attempt's request is known not to have been carried out
    never_arrived: bool = False
    #: the lease under which it was prepared; None: whoever moves it needs none
    lease: PreparationLease | None = None
    #: why its generation lives on without a job: the operator bears it
    orphan_cause: OrphanCause | None = None

    def __post_init__(self) -> None:
        if not can_transition(self.before, self.after):
            raise StoreError(f"a job cannot move from {self.before} to {self.after}")
        prepared = (self.before, self.after) == (State.PREPARING, State.QUEUED)
        if not prepared and (self.request is not None or self.price is not None):
            raise StoreError("what a job asks for is frozen once it has been prepared")


async def transition(tx: Transaction, items: Sequence[Transition]) -> Sequence[Exception | None]:
    answers: dict[int, Exception | None] = {}
    pending = dict(enumerate(items))
    while pending:
        # Of two moves of one job the second is tried on what the first left behind.
        wave = {item.job: index for index, item in reversed(pending.items())}
        rows = await tx.fetch(sql.move, items=[_row(pending[index]) for index in wave.values()])
        moved = {row["id"]: row for row in rows}
        await _follow(tx, [(pending[wave[job]], row) for job, row in moved.items()])
        for job, index in wave.items():
            answers[index] = None if job in moved else StaleTransition()
            del pending[index]
    return [answers[index] for index in range(len(items))]


async def _follow(tx: Transaction, moved: Sequence[tuple[Transition, Row]]) -> None:
    """Do all that moves bring with them: bind, settle, hold files, note, tell the cards."""
    bound = [item for item, _ in moved if item.remote_id]
    if bound:
        await tx.run(
            sql.bind_attempts,
            items=[{"job": m.job, "number": m.attempt, "remote_id": m.remote_id} for m in bound],
        )
    absent = [{"job": m.job, "number": m.attempt} for m, _ in moved if m.never_arrived]
    if absent:
        await tx.run(sql.forget_sending, items=absent)
    abandoned = [{"job": m.job, "cause": m.orphan_cause, "now": m.now} for m, _ in moved if m.orphan_cause]
    if abandoned:
        await tx.run(sql.abandon, items=abandoned)
    changes = {item.job: change for item, _ in moved if (change := _change(item)) is not None}
    if changes:
        await settle_reservations(tx, changes)
    await add_references(
        tx, [FileReference(file=file, holder=item.job) for item, _ in moved for file in _files(item)]
    )
    await record_transitions(
        tx,
        [
            transition_row(row, before=m.before, after=m.after, attempt=m.attempt, at=m.now, cause=m.cause)
            for m, row in moved
        ],
    )


def _change(item: Transition) -> SettleReservation | LowerReservation | None:
    """What a move does to the money reserved for its job."""
    if item.after in FINAL:
        return SettleReservation(settlement=_SETTLED_BY[item.after], at=item.now, cause=item.cause)
    if item.price is not None:
        return LowerReservation(price=item.price, at=item.now, cause=item.cause)
    return None


def _files(item: Transition) -> tuple[str, ...]:
    return (*item.files, item.result.file) if item.result else item.files


def _row(item: Transition) -> dict[str, object]:
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
        "request": dump_request(item.request) if item.request else None,
        "price": item.price,
        "result": dump_record(item.result),
        "failure": dump_record(item.failure),
        "lease_owner": item.lease.owner if item.lease else None,
        "lease_until": item.lease.until if item.lease else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRow:
    """What a move leaves in the job's history."""

    job: str
    card: str
    step: StateChange
    attempt: int
    at: int
    cause: str


def transition_row(
    row: Row, *, before: State, after: State, attempt: int, at: int, cause: str
) -> TransitionRow:
    """A move of the job whose id, card, workspace, queue and turn the row tells."""
    step = StateChange(
        workspace=row["workspace"], queue=row["queue"], virtual_time=row["turn"], before=before, after=after
    )
    return TransitionRow(job=row["id"], card=row["card"], step=step, attempt=attempt, at=at, cause=cause)


async def record_transitions(tx: Transaction, moves: Sequence[TransitionRow]) -> None:
    """Write the moves' events, count what waits, and ask for new revisions of their cards."""
    if not moves:
        return
    await update_counters(tx, [m.step for m in moves])
    await tx.run(
        accepting.insert_events,
        items=[
            {
                "job": m.job,
                "before": m.step.before,
                "after": m.step.after,
                "attempt": m.attempt,
                "at": m.at,
                "cause": m.cause,
            }
            for m in moves
        ],
    )
    ended = {m.card for m in moves if m.step.after in FINAL}
    await tx.run(
        sql.bump_cards,
        items=[
            {"id": card, "ended": int(card in ended), "now": max(m.at for m in moves)}
            for card in sorted({m.card for m in moves})
        ],
    )


async def refresh_cards(tx: Transaction, cards: Mapping[str, str], now: int) -> None:
    """Ask for new revisions of cards of ended jobs, by job, and of the copies that others were sent."""
    copies = await tx.fetch(sql.copies, jobs=sorted(cards))
    told = sorted({*cards.values(), *(row["id"] for row in copies)})
    await tx.run(sql.bump_cards, items=[{"id": card, "ended": 1, "now": now} for card in told])
