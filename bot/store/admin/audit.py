"""The audit: search, retention, and refusals, which are recorded together some time after they were given."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from bot.domain.reports.audit import REFUSED, AuditRecord
from bot.store.admin.workspaces import AuditEntry, add_workspaces, record_audit
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import WITHOUT_WILDCARDS, load

sql = load("admin/audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """Which entries are looked for; empty fields leave none out."""

    workspace: str = ""
    #: id of who decided, or of whom it was about
    member: str = ""
    action: str = ""
    words: str = ""


async def search_audit(
    database: Database, search: AuditSearch, *, count: int, skip: int = 0
) -> list[AuditRecord]:
    """The newest matching entries first."""
    rows = await database.fetch(
        sql.search,
        workspace=search.workspace,
        member=search.member.translate(WITHOUT_WILDCARDS),
        action=search.action.translate(WITHOUT_WILDCARDS),
        words=search.words.translate(WITHOUT_WILDCARDS),
        count=count,
        skip=skip,
    )
    return [
        AuditRecord(
            at=row["at"],
            actor=row["actor"],
            actor_name=row["actor_name"],
            workspace=row["workspace"],
            action=row["action"],
            subject=row["subject"],
            detail=orjson.loads(row["detail"]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """Equal refusals of a member within a short time."""

    at: int
    member: str
    workspace: str
    #: the command or action that was refused
    asked: str
    reason: str
    times: int


async def record_refusals(tx: Transaction, refusals: Iterable[RefusalRow]) -> None:
    items = [
        {
            "at": one.at,
            "actor": one.member,
            "workspace": one.workspace,
            "action": REFUSED,
            "subject": one.asked,
            "detail": orjson.dumps(
                {"reason": one.reason} | ({"times": one.times} if one.times > 1 else {})
            ).decode(),
        }
        for one in refusals
    ]
    await tx.run(sql.insert_refusals, items=items)


async def audit_days(store: Database | Transaction, workspace: str) -> int | None:
    """For how many days a workspace keeps its audit; None: as long as the operator's settings say."""
    row = await store.one(sql.audit_days, workspace=workspace)
    return row["audit_days"] if row else None


async def set_audit_days(tx: Transaction, workspace: str, days: int, *, audit: AuditEntry) -> None:
    await add_workspaces(tx, [workspace], now=audit.now)
    before = await audit_days(tx, workspace)
    await tx.run(sql.set_audit_days, workspace=workspace, days=days)
    await record_audit(tx, audit, {"before": before, "after": days})


async def expire_audit(tx: Transaction, *, now: int, default_days: int, count: int) -> int:
    """Delete up to twice `count` entries that are older than their workspace keeps them."""
    own = await tx.run(sql.expire_own, now=now, count=count)
    return own + await tx.run(sql.expire_others, before=now - default_days * 86_400_000, count=count)
