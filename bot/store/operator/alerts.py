"""Alerts to the operator: their states over all processes, and the messages that are still to be sent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain.reports.alerts import Alert, AlertRules, AlertState, Condition, ConditionKind, Notice
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("operator/alerts")


async def alerts(store: Database | Transaction) -> list[Alert]:
    """Everything that was found lately, or that the operator was told."""
    return [_alert(row) for row in await store.fetch(sql.alerts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a process has found in one round."""

    conditions: Sequence[Condition]
    rules: AlertRules
    #: who is told
    targets: Sequence[str]
    #: ids of new messages, one for each alert that may change and each target
    new_id: Callable[[], str]
    now: int
    #: false shortly after a start, when conditions that persist may not have been found again yet
    may_resolve: bool


async def record_findings(tx: Transaction, findings: Findings) -> list[Alert]:
    """Record what was found, and the messages that are due by it; returns the alerts that changed.

    A message is recorded by one process only, together with the change that it tells.
    """
    now = findings.now
    # All processes lock the rows in one order.
    await tx.fetch(sql.lock)
    for condition in sorted(findings.conditions, key=lambda one: one.id):
        values = {"text": condition.text, "remedy": condition.remedy, "now": now}
        await tx.run(sql.found, id=condition.id, kind=condition.kind, **values)
    changed = []
    for alert in await alerts(tx):
        after = findings.rules.next_state(alert, now)
        if after is AlertState.RESOLVED and not findings.may_resolve:
            continue
        if after is not None:
            changed += await _change(tx, alert, after, findings)
        elif findings.rules.may_forget(alert, now):
            await tx.run(sql.forget, id=alert.id, state=alert.state, found_at=alert.found_at)
    return changed


async def _change(tx: Transaction, alert: Alert, after: AlertState, findings: Findings) -> list[Alert]:
    now = findings.now
    notice = alert.notice if after is AlertState.RESOLVED else findings.new_id()
    guard = {"before": alert.state, "found_at": alert.found_at}
    if not await tx.fetch(sql.change, id=alert.id, after=after, notice=notice, now=now, **guard):
        return []
    fields = {
        "alert": notice,
        "kind": alert.kind,
        "state": after,
        "text": alert.text,
        "remedy": alert.remedy,
    }
    items = [
        {"id": findings.new_id(), "target": target, "at": now, "run_at": now, **fields}
        for target in findings.targets
    ]
    await tx.run(sql.insert_notices, items=items)
    return [replace(alert, state=after, notice=notice, told_at=now)]


async def waiting_targets(database: Database, targets: Iterable[str]) -> list[str]:
    """Those of the targets that have a message to get."""
    rows = await database.fetch(sql.targets, targets=sorted(targets))
    return [row["target"] for row in rows]


async def next_notice(database: Database, target: str) -> Notice | None:
    """The oldest message that a target has not got."""
    row = await database.one(sql.next_notice, target=target)
    return _notice(row) if row else None


async def remove_notice(tx: Transaction, notice: str) -> None:
    await tx.run(sql.remove_notice, id=notice)


async def postpone_notice(tx: Transaction, notice: str, *, run_at: int) -> None:
    await tx.run(sql.postpone_notice, id=notice, run_at=run_at)


async def any_outdated_notices(database: Database, *, before: int) -> bool:
    return await database.one(sql.any_outdated, before=before) is not None


async def remove_outdated_notices(tx: Transaction, *, before: int) -> list[str]:
    """Give up messages that could not be sent for long; returns their targets."""
    return [row["target"] for row in await tx.fetch(sql.remove_outdated, before=before)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckQueue:
    """A queue of the operator's accounts whose jobs are not submitted."""

    provider: str
    lane: str
    jobs: int


async def stuck_queues(database: Database, *, before: int, now: int) -> list[StuckQueue]:
    """Queues from which nothing was submitted since a time, although jobs were due before it."""
    rows = await database.fetch(sql.stuck_queues, before=before, now=now)
    return [
        StuckQueue(provider=row["provider"], lane=row["lane"], jobs=row["jobs"])
        for row in rows
        if row["jobs"]
    ]


def _alert(row: Row) -> Alert:
    return Alert(
        id=row["id"],
        kind=ConditionKind(row["kind"]),
        text=row["text"],
        remedy=row["remedy"],
        state=AlertState(row["state"]),
        found_at=row["found_at"],
        told_at=row["told_at"],
        notice=row["notice"],
    )


def _notice(row: Row) -> Notice:
    return Notice(
        id=row["id"],
        target=row["target"],
        alert=row["alert"],
        kind=ConditionKind(row["kind"]),
        state=AlertState(row["state"]),
        text=row["text"],
        remedy=row["remedy"],
        at=row["at"],
        tries=row["tries"],
        run_at=row["run_at"],
    )
