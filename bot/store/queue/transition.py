"""T3, T4 and every other state change: one compare-and-set, one event, the money settled, the cards updated.

Transitions of many jobs share a transaction. If its job is in another state or attempt,
the result is `StaleTransition`: another process was faster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import StaleTransition, StoreError
from bot.domain.generations.media import Media
from bot.domain.generations.requests import AnyRequest, dump_request
from bot.domain.jobs.failures import Failure
from bot.domain.jobs.job import FINAL, State, can_transition
from bot.domain.money.quota import Settlement
from bot.store.database.base import Row, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import FileReference, add_references
from bot.store.queue.orphans import OrphanCause
from bot.store.quotas.counters import StateChange, update_counters
from bot.store.quotas.ledger import LowerReservation, SettleReservation, settle_reservations
from bot.store.rows import dump_record

sql, accept_sql = load("queue/transition"), load("queue/accept")

_SETTLED_AS = {
    State.COMPLETED: Settlement.CAPTURED,
    State.FAILED: Settlement.RELEASED,
    State.CANCELLED: Settlement.RELEASED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationLease:
    """One lease of a job; the owner's next lease of the same job ends at another time."""

    owner: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One state change: the job must be in `before`, at `attempt`, or nothing happens."""

    job: str
    before: State
    attempt: int
    after: State
    now: int
    #: one word for the event row: the reason
    cause: str
    account: str | None = None
    remote_id: str | None = None
    submitted_at: int | None = None
    run_at: int | None = None
    deadline: int | None = None
    result: Media | None = None
    failure: Failure | None = None
    #: of a prepared job: the request with all that it builds on, and its price, which is never higher
    request: AnyRequest | None = None
    price: int | None = None
    #: stored files that it needs from now on, besides its result
    files: tuple[str, ...] = ()
    #: the attempt's request was certainly not carried out
    never_arrived: bool = False
    #: the lease under which it was prepared; None: no lease is needed
    lease: PreparationLease | None = None
    #: why its generation lives on without a job, at the operator's expense
    orphan_cause: OrphanCause | None = None

    def __post_init__(self) -> None:
        if not can_transition(self.before, self.after):
            raise StoreError(f"a job cannot move from {self.before} to {self.after}")
        prepared = (self.before, self.after) == (State.PREPARING, State.QUEUED)
        if not prepared and (self.request is not None or self.price is not None):
            raise StoreError("a job's request is frozen once it has been prepared")

    @property
    def money(self) -> SettleReservation | LowerReservation | None:
        """How the job's reservation is settled."""
        if self.after in FINAL:
            return SettleReservation(settlement=_SETTLED_AS[self.after], at=self.now, cause=self.cause)
        if self.price is not None:
            return LowerReservation(price=self.price, at=self.now, cause=self.cause)
        return None


async def transition(tx: Transaction, items: Sequence[Transition]) -> Sequence[Exception | None]:
    results: dict[int, Exception | None] = {}
    pending = dict(enumerate(items))
    while pending:
        # Of two transitions of one job the second is tried after the first.
        wave = {item.job: index for index, item in reversed(pending.items())}
        rows = await tx.fetch(sql.update_jobs, items=[_row(pending[index]) for index in wave.values()])
        changed = {row["id"]: row for row in rows}
        await _apply_effects(tx, [(pending[wave[job]], row) for job, row in changed.items()])
        for job, index in wave.items():
            results[index] = None if job in changed else StaleTransition()
            del pending[index]
    return [results[index] for index in range(len(items))]


async def _apply_effects(tx: Transaction, done: Sequence[tuple[Transition, Row]]) -> None:
    """Write what transitions entail: attempts, orphans, money, file references, events, counters, cards."""
    if bound := [
        {"job": item.job, "number": item.attempt, "remote_id": item.remote_id}
        for item, _ in done
        if item.remote_id
    ]:
        await tx.run(sql.bind_attempts, items=bound)
    if absent := [{"job": item.job, "number": item.attempt} for item, _ in done if item.never_arrived]:
        await tx.run(sql.clear_sending, items=absent)
    if orphans := [
        {"job": item.job, "cause": item.orphan_cause, "now": item.now}
        for item, _ in done
        if item.orphan_cause
    ]:
        await tx.run(sql.insert_orphans, items=orphans)
    if money := {item.job: item.money for item, _ in done if item.money}:
        await settle_reservations(tx, money)
    await add_references(
        tx, [FileReference(file=file, holder=item.job) for item, _ in done for file in _files(item)]
    )
    await record_transitions(
        tx,
        [
            TransitionRow.of(
                row,
                before=item.before,
                after=item.after,
                attempt=item.attempt,
                at=item.now,
                cause=item.cause,
            )
            for item, row in done
        ],
    )


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
        "failure_category": item.failure.category if item.failure else None,
        "lease_owner": item.lease.owner if item.lease else None,
        "lease_until": item.lease.until if item.lease else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRow:
    """The row of a transition for history and counters."""

    job: str
    card: str
    change: StateChange
    attempt: int
    at: int
    cause: str

    @classmethod
    def of(
        cls, row: Row, *, before: State, after: State, attempt: int, at: int, cause: str
    ) -> "TransitionRow":
        """Take id, card, workspace, queue and virtual time from the job's row."""
        change = StateChange(
            workspace=row["workspace"],
            queue=row["queue"],
            virtual_time=row["virtual_time"],
            before=before,
            after=after,
        )
        return cls(job=row["id"], card=row["card"], change=change, attempt=attempt, at=at, cause=cause)


async def record_transitions(tx: Transaction, rows: Sequence[TransitionRow]) -> None:
    """Insert the events, update the counters, and request new revisions of the cards."""
    if not rows:
        return
    await update_counters(tx, [row.change for row in rows])
    await tx.run(
        accept_sql.insert_events,
        items=[
            {
                "job": row.job,
                "before": row.change.before,
                "after": row.change.after,
                "attempt": row.attempt,
                "at": row.at,
                "cause": row.cause,
            }
            for row in rows
        ],
    )
    decided = sorted(row.job for row in rows if row.change.before is State.HELD)
    # The moderators may have been asked to approve it.
    copies = {row["id"] for row in await tx.fetch(sql.copies, jobs=decided)} if decided else set()
    ended = copies | {row.card for row in rows if row.change.after in FINAL}
    now = max(row.at for row in rows)
    await tx.run(
        sql.bump_cards,
        items=[
            {"id": card, "ended": int(card in ended), "now": now}
            for card in sorted(copies | {row.card for row in rows})
        ],
    )


async def refresh_cards(tx: Transaction, cards: Mapping[str, str], now: int) -> None:
    """Request new revisions of the cards of ended jobs, by job, and of their copies."""
    copies = await tx.fetch(sql.copies, jobs=sorted(cards))
    ids = sorted({*cards.values(), *(row["id"] for row in copies)})
    await tx.run(sql.bump_cards, items=[{"id": card, "ended": 1, "now": now} for card in ids])
