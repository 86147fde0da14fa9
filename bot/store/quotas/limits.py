"""Limits on a caller: the rules that set them and the meters that count against them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.access import Workspace
from bot.domain.identity import Caller
from bot.domain.money.limits import limits_for
from bot.domain.money.quota import CAP_LEVELS, Defaults, Level, Limit, Meter, Period, Rule, Rules, Unit
from bot.store.admin.workspaces import (
    AuditEntry,
    add_workspaces,
    find_workspace,
    lock_workspace,
    record_audit,
)
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.quotas.ledger import count_jobs
from bot.store.quotas.links import with_links
from bot.store.rows import rule_from

sql = load("quotas/limits")

#: as the limit of a cap without a rule; queries multiply it by a percentage
_UNLIMITED = 2**53

#: a limit, with what has been counted against it
Counted = tuple[Limit, Meter]


async def rules_for(
    store: Database | Transaction, callers: Iterable[Caller], channels: Iterable[str] = ()
) -> list[Rule]:
    """The rules that may limit any of these callers in these channels, those of the operator among them."""
    asking = list(callers)
    subjects = {subject for one in asking for subject in (one.member, *one.persons, one.workspace, "")}
    subjects |= {role for one in asking for role in one.roles or ()}
    rows = await store.fetch(
        sql.rules,
        workspaces=sorted({"", *(caller.workspace for caller in asking)}),
        subjects=sorted(subjects | set(channels)),
        without_roles=sorted({caller.workspace for caller in asking if caller.roles is None}),
    )
    return [rule_from(row) for row in rows]


async def usage_of(
    database: Database, caller: Caller, defaults: Defaults, *, now: int, channel: str = ""
) -> list[Counted]:
    """Every limit on a caller in a channel, with what has been counted against it, the narrowest first."""
    caller = await with_links(database, caller)
    workspace = await find_workspace(database, caller.workspace)
    (counted,) = await usage_of_each(database, workspace, [caller], defaults, now=now, channel=channel)
    return counted


async def usage_of_each(
    database: Database,
    workspace: Workspace,
    callers: Sequence[Caller],
    defaults: Defaults,
    *,
    now: int,
    channel: str = "",
) -> list[list[Counted]]:
    """The same for several members of one workspace, in their order, with the links that the callers have."""
    rules = Rules(await rules_for(database, callers, [channel] if channel else []))
    limits = [
        limits_for(
            caller,
            rules,
            defaults,
            now=now,
            zone=workspace.timezone,
            channel=channel,
            own_key=workspace.own_account is not None,
            group=workspace.group,
        )
        for caller in callers
    ]
    found = await meters_of(database, (one for some in limits for one in some))
    return [[(limit, found.get(limit.meter, Meter())) for limit in some] for some in limits]


async def meters_of(database: Database, limits: Iterable[Limit]) -> dict[str, Meter]:
    """The meters of these limits by their ids; one on which nothing was counted yet is missing."""
    rows = await database.fetch(sql.meters, ids=sorted({limit.meter for limit in limits}))
    return {row["id"]: _meter(row) for row in rows}


def _meter(row: Row) -> Meter:
    return Meter(used=row["used"], reserved=row["reserved"], granted=row["granted"])


async def open_meters(tx: Transaction, limits: Iterable[Limit]) -> dict[str, Meter]:
    """The meters of these limits, created where they are missing and locked until the commit."""
    rows = await tx.fetch(
        sql.open_meters,
        items=[
            {
                "id": limit.meter,
                "scope": limit.scope,
                "unit": limit.unit,
                "period": limit.period,
                "period_start": limit.period_start,
                "period_end": limit.period_end,
                "max_amount": limit.amount,
                "is_cap": int(limit.is_cap),
            }
            for limit in {limit.meter: limit for limit in limits}.values()
        ],
    )
    return {row["id"]: _meter(row) for row in rows}


async def workspace_rules(database: Database, workspace: str) -> list[Rule]:
    """The rules that the admins of a workspace have set; for the empty name those of the operator."""
    return [rule_from(row) for row in await database.fetch(sql.workspace_rules, workspace=workspace)]


async def set_rule(tx: Transaction, rule: Rule, *, audit: AuditEntry) -> list[Rule]:
    """Set a rule, and return those that it replaces: of the same unit and, for caps, of the same period."""
    replaced = [
        one
        for one in await _rules_of_subject(tx, rule, audit.now)
        if rule.level not in CAP_LEVELS or one.allowance.period is rule.allowance.period
    ]
    for one in replaced:
        await _remove(tx, one)
    allowance = {
        "unit": rule.allowance.unit,
        "period": rule.allowance.period,
        "amount": rule.allowance.amount,
    }
    await tx.run(
        sql.set_rule,
        workspace=rule.workspace,
        level=rule.level,
        subject=rule.subject,
        label=rule.label,
        **allowance,
    )
    await tx.run(sql.change_limit, scope=rule.scope, now=audit.now, **allowance)
    await record_audit(tx, audit, {**allowance, "before": [str(one.allowance) for one in replaced]})
    return replaced


async def set_workspace_cap(tx: Transaction, rule: Rule, limit: Limit, *, audit: AuditEntry) -> list[Rule]:
    """Set a rule for a whole workspace, and return those that it replaces; `limit` is what it sets now.

    What was spent in the period before the first such rule counts, and what is under way, as if it had been
    set before.
    """
    replaced = await set_rule(tx, rule, audit=audit)
    if not limit.is_cap or await tx.fetch(sql.meters, ids=[limit.meter]):
        return replaced
    # Whoever locks jobs and meters locks the jobs first.
    under_way = await tx.fetch(sql.under_way, workspace=rule.workspace)
    await open_meters(tx, [limit])
    await count_jobs(tx, limit.meter, under_way, now=audit.now, cause="accepted before the cap")
    row = await tx.one(sql.spent_since, workspace=rule.workspace, since=limit.period_start)
    if row and row["spent"]:
        spent: int = row["spent"]
        await tx.run(sql.add_used, id=limit.meter, amount=spent)
        entry = {"meter": limit.meter, "amount": spent, "at": audit.now, "cause": "spent before the cap"}
        await tx.run(sql.insert_journal, items=[{**entry, "kind": kind} for kind in ("reserved", "captured")])
    return replaced


async def apply_total_caps(tx: Transaction, defaults: Defaults, *, now: int) -> None:
    """Have the current meters of everything say what the settings say now, where no rule does."""
    amounts = {allowance.period: allowance.amount for allowance in defaults.everything}
    for period in Period:
        await tx.run(sql.change_default_cap, period=period, amount=amounts.get(period, _UNLIMITED), now=now)


async def remove_rules(
    tx: Transaction, subject: Rule, *, period: Period | None, default: int | None, audit: AuditEntry
) -> list[Rule]:
    """Remove the rules of a subject in a unit, of one period or of all; returns them.

    `subject` names whom they apply to and the unit; `default` is what limits instead, None for nothing.
    """
    removed = [
        one
        for one in await _rules_of_subject(tx, subject, audit.now)
        if period is None or one.allowance.period is period
    ]
    for one in removed:
        await _remove(tx, one)
        await tx.run(
            sql.change_limit,
            scope=one.scope,
            unit=one.allowance.unit,
            period=one.allowance.period,
            amount=_UNLIMITED if default is None else default,
            now=audit.now,
        )
    await record_audit(tx, audit, {"before": [str(one.allowance) for one in removed]})
    return removed


async def _rules_of_subject(tx: Transaction, rule: Rule, now: int) -> list[Rule]:
    """The rules of the same subject and unit; no other transaction changes them before the commit."""
    if rule.workspace:
        await add_workspaces(tx, [rule.workspace], now=now)
        await lock_workspace(tx, rule.workspace)
    rows = await tx.fetch(sql.subject_rules, workspace=rule.workspace, level=rule.level, subject=rule.subject)
    return [one for one in map(rule_from, rows) if one.allowance.unit is rule.allowance.unit]


async def _remove(tx: Transaction, rule: Rule) -> None:
    await tx.run(
        sql.remove_rule,
        workspace=rule.workspace,
        level=rule.level,
        subject=rule.subject,
        unit=rule.allowance.unit,
        period=rule.allowance.period,
    )


async def grant(
    tx: Transaction, identifier: str, limit: Limit, amount: int, *, reason: str, audit: AuditEntry
) -> Meter:
    """Add an amount to a limit for its current period, once for each id; returns the meter after it."""
    meter = (await open_meters(tx, [limit]))[limit.meter]
    values = {"meter": limit.meter, "amount": amount, "reason": reason, "actor": audit.actor, "at": audit.now}
    if not await tx.run(sql.insert_grant, id=identifier, **values):
        return meter
    await tx.run(sql.grant, id=limit.meter, amount=amount)
    await record_audit(tx, audit, {"unit": limit.unit, "amount": amount, "reason": reason})
    return Meter(used=meter.used, reserved=meter.reserved, granted=meter.granted + amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An amount that an admin has added to a limit."""

    amount: int
    reason: str
    at: int


async def grants_on(database: Database, limits: Iterable[Limit]) -> list[Grant]:
    """The latest grants in the current period of these limits, the newest first."""
    rows = await database.fetch(sql.grants, meters=[limit.meter for limit in limits])
    return [Grant(amount=row["amount"], reason=row["reason"], at=row["at"]) for row in rows]


async def reset_meter(tx: Transaction, meter: str, *, audit: AuditEntry) -> int:
    """Set a meter's use to zero; returns what was given back. What is reserved stays reserved."""
    row = await tx.one(sql.lock_meter, id=meter)
    used: int = row["used"] if row else 0
    if used:
        await tx.run(sql.reset_meter, id=meter)
        entry = {"meter": meter, "kind": "reset", "amount": used, "at": audit.now, "cause": audit.actor}
        await tx.run(sql.insert_journal, items=[entry])
    await record_audit(tx, audit, {"given_back": used})
    return used


def of_level(counted: Iterable[Counted], level: Level, unit: Unit = Unit.MONEY) -> list[Counted]:
    """The limits of one level and unit; more than one where caps of several periods are set."""
    return [(limit, meter) for limit, meter in counted if limit.level is level and limit.unit is unit]
