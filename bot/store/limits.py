"""Limits on a caller: the rules that set them and the meters that count against them."""

from collections.abc import Iterable

from bot.domain.identity import Caller
from bot.domain.quota import Defaults, Level, Limit, Meter, Rule, limits_for
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load
from bot.store.rows import rule_from
from bot.store.workspaces import AuditEntry, find_workspace, record_audit

sql = load("limits")


async def rules_for(store: Database | Transaction, callers: Iterable[Caller]) -> list[Rule]:
    """The rules that may limit any of these callers, those of the operator among them."""
    asking = list(callers)
    workspaces = {caller.workspace for caller in asking}
    subjects = {subject for one in asking for subject in (one.member, one.person, one.workspace, "")}
    rows = await store.fetch(sql.rules, workspaces=sorted(workspaces), subjects=sorted(subjects))
    return [rule_from(row) for row in rows]


async def usage_of(
    database: Database, caller: Caller, defaults: Defaults, *, now: int
) -> dict[Level, tuple[Limit, Meter]]:
    """Every limit on a caller, with what has been counted against it."""
    workspace = await find_workspace(database, caller.workspace)
    rules = await rules_for(database, [caller])
    limits = limits_for(
        caller,
        rules,
        defaults,
        now=now,
        zone=workspace.timezone,
        own_key=workspace.own_account is not None,
    )
    rows = await database.fetch(sql.meters, ids=[limit.meter for limit in limits])
    found = {row["id"]: Meter(used=row["used"], reserved=row["reserved"]) for row in rows}
    return {limit.level: (limit, found.get(limit.meter, Meter())) for limit in limits}


async def open_meters(tx: Transaction, limits: Iterable[Limit]) -> dict[str, Meter]:
    """The meters of these limits, created where they are missing and locked until the commit."""
    rows = await tx.fetch(
        sql.open_meters,
        items=[
            {
                "id": limit.meter,
                "scope": limit.scope,
                "period": limit.period,
                "period_start": limit.period_start,
                "period_end": limit.period_end,
                "max_amount": limit.amount,
            }
            for limit in {limit.meter: limit for limit in limits}.values()
        ],
    )
    return {row["id"]: Meter(used=row["used"], reserved=row["reserved"]) for row in rows}


async def workspace_rules(database: Database, workspace: str) -> list[Rule]:
    """The rules that the admins of a workspace have set; for the empty name those of the operator."""
    return [rule_from(row) for row in await database.fetch(sql.workspace_rules, workspace=workspace)]


async def set_rule(tx: Transaction, rule: Rule, *, audit: AuditEntry) -> None:
    allowance = {"amount": rule.allowance.amount, "period": rule.allowance.period}
    await tx.run(sql.set_rule, workspace=rule.workspace, level=rule.level, subject=rule.subject, **allowance)
    await record_audit(tx, audit, allowance)


async def reset_meter(tx: Transaction, meter: str, *, audit: AuditEntry) -> int:
    """Set a meter's use to zero; returns the micro-dollars given back. What is reserved stays reserved."""
    row = await tx.one(sql.lock_meter, id=meter)
    used: int = row["used"] if row else 0
    if used:
        await tx.run(sql.reset_meter, id=meter)
        entry = {"meter": meter, "kind": "reset", "amount": used, "at": audit.now, "cause": audit.actor}
        await tx.run(sql.insert_journal, items=[entry])
    await record_audit(tx, audit, {"given_back": used})
    return used
