"""What admins and the operator decide: rules, pauses, blocks. Every change leaves an audit row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from bot.domain.access import Workspace
from bot.domain.identity import Caller
from bot.domain.quota import Level, Limit, Meter, Rule
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import WITHOUT_WILDCARDS, load
from bot.store.rows import member_row, rule_from, workspace_from

sql = load("workspaces")
accepting = load("accepting")
meters_sql = load("meters")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who decides what, for the audit table."""

    actor: str
    workspace: str
    action: str
    subject: str
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRule:
    decision: AuditEntry
    rule: Rule


async def set_rule(tx: Transaction, items: Sequence[SetRule]) -> Sequence[None]:
    for item in items:
        rule = item.rule
        allowance = {"amount": rule.allowance.amount, "period": rule.allowance.period}
        await tx.run(
            sql.set_rule, workspace=rule.workspace, level=rule.level, subject=rule.subject, **allowance
        )
        await _note(tx, item.decision, allowance)
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    decision: AuditEntry
    workspace: str
    paused: bool
    reason: str = ""


async def set_pause(tx: Transaction, items: Sequence[Pause]) -> Sequence[None]:
    for item in items:
        await tx.run(accepting.see_workspaces, items=[{"id": item.workspace, "now": item.decision.now}])
        await tx.run(sql.pause, id=item.workspace, paused=int(item.paused), reason=item.reason)
        await _note(tx, item.decision, {"reason": item.reason})
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    decision: AuditEntry
    subject: str
    blocked: bool


async def set_block(tx: Transaction, items: Sequence[Block]) -> Sequence[bool]:
    """Shut a workspace, member or person out, or let them in again; answers whether that changed anything."""
    answers = []
    for item in items:
        if item.blocked:
            changed = await tx.run(sql.block, subject=item.subject, now=item.decision.now)
        else:
            changed = await tx.run(sql.unblock, subject=item.subject)
        await _note(tx, item.decision, {})
        answers.append(bool(changed))
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Count a meter's use from zero again."""

    decision: AuditEntry
    meter: str


async def reset_meter(tx: Transaction, items: Sequence[Reset]) -> Sequence[int]:
    """Reset meters; answers the micro-dollars given back. What is reserved stays reserved."""
    answers = []
    for item in items:
        row = await tx.one(meters_sql.lock_meter, id=item.meter)
        used = row["used"] if row else 0
        if used:
            await tx.run(meters_sql.reset_meter, id=item.meter)
            await tx.run(
                accepting.insert_journal,
                items=[
                    {
                        "meter": item.meter,
                        "job": None,
                        "kind": "reset",
                        "amount": used,
                        "at": item.decision.now,
                        "cause": item.decision.actor,
                    }
                ],
            )
        await _note(tx, item.decision, {"given_back": used})
        answers.append(used)
    return answers


async def _note(tx: Transaction, decision: AuditEntry, detail: dict[str, object]) -> None:
    await tx.run(
        sql.insert_audit,
        at=decision.now,
        actor=decision.actor,
        workspace=decision.workspace,
        action=decision.action,
        subject=decision.subject,
        detail=orjson.dumps(detail).decode(),
    )


async def blocked_subjects(database: Database, subjects: Iterable[str]) -> frozenset[str]:
    """Those of the workspaces, members and persons whom the operator has shut out."""
    rows = await database.fetch(accepting.blocks, subjects=sorted(set(subjects)))
    return frozenset(row["subject"] for row in rows)


async def waiting_counts(database: Database, caller: Caller, now: int) -> tuple[int, int]:
    """How many jobs wait for a member, and in their workspace as a whole."""
    rows = await database.fetch(
        accepting.waiting, members=[member_row(caller, now)], workspaces=[caller.workspace]
    )
    mine = sum(row["jobs"] for row in rows if row["member"])
    return mine, sum(row["jobs"] for row in rows if not row["member"])


async def find_workspace(database: Database, workspace: str) -> Workspace:
    """A workspace, as it is before anybody decided anything where it is not known yet."""
    row = await database.one(sql.workspace, id=workspace)
    return workspace_from(row) if row else Workspace(id=workspace)


async def applicable_rules(database: Database, workspace: str, subjects: Iterable[str]) -> list[Rule]:
    """The rules that may concern these subjects in a workspace, the operator's among them."""
    rows = await database.fetch(
        accepting.rules, workspaces=[workspace], subjects=sorted({*subjects, workspace, ""})
    )
    return [rule_from(row) for row in rows]


async def workspace_rules(database: Database, workspace: str) -> list[Rule]:
    """What the admins of a workspace have set; the operator's rules for the empty one."""
    return [rule_from(row) for row in await database.fetch(sql.rules_of, workspace=workspace)]


async def meters(database: Database, limits: Iterable[Limit]) -> dict[Level, tuple[Limit, Meter]]:
    """What has been counted under each limit."""
    wanted = list(limits)
    rows = await database.fetch(meters_sql.meters, ids=[limit.meter for limit in wanted])
    found = {row["id"]: Meter(used=row["used"], reserved=row["reserved"]) for row in rows}
    return {limit.level: (limit, found.get(limit.meter, Meter())) for limit in wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Somebody whom an event of the platform names."""

    caller: Caller
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberName:
    id: str
    name: str
    person: str
    #: as the platform said when they were seen last
    guest: bool


async def find_members(database: Database, workspace: str, text: str) -> list[MemberName]:
    """The members whom a name or an id means; more than one where the name is shared."""
    plain = text.removeprefix("@")
    rows = await database.fetch(sql.find_members, workspace=workspace, text=plain)
    return [
        MemberName(id=row["id"], name=row["name"], person=row["person"], guest=bool(row["guest"]))
        for row in rows
    ]


async def member_names(database: Database, workspace: str, start: str) -> list[str]:
    """Names of members that begin with `start`, whoever was seen last first."""
    plain = start.translate(WITHOUT_WILDCARDS)
    rows = await database.fetch(sql.members_like, workspace=workspace, prefix=f"{plain}%")
    return [row["name"] for row in rows]


async def remember_member(tx: Transaction, items: Sequence[Introduction]) -> Sequence[None]:
    """Make members known before they have asked for anything."""
    seen = {item.caller.member: member_row(item.caller, item.now) for item in items}
    await tx.run(
        accepting.see_workspaces,
        items=[{"id": one, "now": items[0].now} for one in sorted({item.caller.workspace for item in items})],
    )
    await tx.run(accepting.see_members, items=list(seen.values()))
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a member spent with one model."""

    member: str
    name: str
    duration_class: str
    jobs: int
    #: micro-dollars
    spent: int


async def usage(database: Database, workspace: str, *, since: int) -> list[Usage]:
    rows = await database.fetch(meters_sql.usage, workspace=workspace, since=since)
    return [
        Usage(
            member=row["member"],
            name=row["name"],
            duration_class=row["pace"],
            jobs=row["jobs"],
            spent=row["spent"],
        )
        for row in rows
    ]
