"""Settle reserved money: capture, release or refund it, or lower it while the job is prepared."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.money.quota import SETTLEMENTS, Meter, Settlement, Unit
from bot.store.database.base import Row, Transaction
from bot.store.database.named_sql import load

sql, limits_sql = load("quotas/ledger"), load("quotas/limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleReservation:
    """A job's reservations end."""

    settlement: Settlement
    at: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerReservation:
    """A job costs less than was reserved for it."""

    #: micro-dollars
    price: int
    at: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What happens to one reservation, for the journal."""

    job: str
    meter: str
    kind: str
    amount: int
    #: what is reserved afterwards
    left: int
    settled_as: Settlement | None


async def settle_reservations(
    tx: Transaction, changes: Mapping[str, SettleReservation | LowerReservation]
) -> set[str]:
    """Change the reservations of jobs; returns the jobs that had any to change.

    Changes exactly the meters that were reserved on, whatever rule or period applies now. A meter that was
    reset after a capture has returned that money already and is unchanged. All meters of a batch are
    locked at once and in one order, so that two batches never deadlock.
    """
    rows = await tx.fetch(sql.reservations, jobs=sorted(changes))
    entries = [entry for row in rows if (entry := _entry(row, changes[row["job"]]))]
    if not entries:
        return set()
    await tx.fetch(sql.lock_meters, ids=sorted({entry.meter for entry in entries}))
    refunds = sorted({entry.job for entry in entries if entry.settled_as is Settlement.REFUNDED})
    given_back = await tx.fetch(sql.given_back, jobs=refunds) if refunds else []
    returned = {(row["job"], row["meter"]) for row in given_back}
    counted = [entry for entry in entries if (entry.job, entry.meter) not in returned]
    await tx.run(
        sql.settle_meters,
        items=[
            {"id": meter, "used": change.used, "reserved": change.reserved}
            for meter, change in sorted(_changes(counted).items())
        ],
    )
    await tx.run(
        sql.settle_reservations,
        items=[
            {"job": one.job, "meter": one.meter, "amount": one.left, "settled_as": one.settled_as}
            for one in entries
        ],
    )
    await tx.run(
        limits_sql.insert_journal,
        items=[
            {
                "meter": one.meter,
                "job": one.job,
                "kind": one.kind,
                "amount": one.amount,
                "at": changes[one.job].at,
                "cause": changes[one.job].cause,
            }
            for one in counted
        ],
    )
    return {entry.job for entry in entries}


def _entry(row: Row, change: SettleReservation | LowerReservation) -> _Entry | None:
    """The journal entry of a change to a reservation; None where it changes nothing."""
    settled_as = Settlement(row["settled_as"]) if row["settled_as"] else None
    job, meter, amount = row["job"], row["meter"], row["amount"]
    if isinstance(change, LowerReservation):
        if settled_as is not None or row["unit"] != Unit.MONEY or change.price >= amount:
            return None
        less = amount - change.price
        return _Entry(job=job, meter=meter, kind="lowered", amount=less, left=change.price, settled_as=None)
    if change.settlement not in SETTLEMENTS[settled_as]:
        return None
    kind = change.settlement
    return _Entry(job=job, meter=meter, kind=kind, amount=amount, left=amount, settled_as=kind)


def _changes(entries: list[_Entry]) -> Mapping[str, Meter]:
    """By how much each meter changes."""
    changes: dict[str, Meter] = defaultdict(Meter)
    for one in entries:
        before = changes[one.meter]
        if one.settled_as is None:
            changes[one.meter] = replace(before, reserved=before.reserved - one.amount)
        else:
            changes[one.meter] = before.settle(one.amount, one.settled_as)
    return changes
