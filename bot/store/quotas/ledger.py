"""Settle reserved money: capture, release or refund it, or lower it while the job is prepared.

A meter can also begin, and end, to count jobs that were accepted before.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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


async def count_jobs(tx: Transaction, meter: str, jobs: Sequence[Row], *, now: int, cause: str) -> None:
    """Count jobs on a meter as if they had reserved there when they were accepted."""
    if not jobs:
        return
    reservations = [
        {"job": one["job"], "meter": meter, "amount": one["amount"], "settled_as": one["settled_as"]}
        for one in jobs
    ]
    await tx.run(sql.insert_reservations, items=reservations)
    captured = [one for one in jobs if one["settled_as"]]
    await _change(tx, meter, used=_sum(captured), reserved=_sum(jobs) - _sum(captured))
    entries = _journal(meter, jobs, "reserved", now=now, cause=cause)
    await tx.run(
        limits_sql.insert_journal,
        items=[*entries, *_journal(meter, captured, "captured", now=now, cause=cause)],
    )


async def uncount_jobs(tx: Transaction, meter: str, jobs: Sequence[Row], *, now: int, cause: str) -> None:
    """No longer count jobs on a meter, whatever becomes of them."""
    if not jobs:
        return
    captured = [one for one in jobs if one["settled_as"] == "captured"]
    given_back = {
        row["job"]
        for row in await tx.fetch(sql.given_back, jobs=sorted(one["job"] for one in captured))
        if row["meter"] == meter
    }
    captured = [one for one in captured if one["job"] not in given_back]
    opened = [one for one in jobs if one["settled_as"] is None]
    await tx.run(sql.remove_reservations, items=[{"job": one["job"], "meter": meter} for one in jobs])
    await _change(tx, meter, used=-_sum(captured), reserved=-_sum(opened))
    await tx.run(
        limits_sql.insert_journal,
        items=[
            *_journal(meter, opened, "released", now=now, cause=cause),
            *_journal(meter, captured, "refunded", now=now, cause=cause),
        ],
    )


async def _change(tx: Transaction, meter: str, *, used: int, reserved: int) -> None:
    await tx.run(sql.settle_meters, items=[{"id": meter, "used": used, "reserved": reserved}])


def _sum(jobs: Iterable[Row]) -> int:
    return sum(one["amount"] for one in jobs)


def _journal(meter: str, jobs: Iterable[Row], kind: str, *, now: int, cause: str) -> list[dict[str, Any]]:
    return [
        {"meter": meter, "job": one["job"], "kind": kind, "amount": one["amount"], "at": now, "cause": cause}
        for one in jobs
    ]
