"""Workspaces, their members, and what admins and the operator decide. Each decision leaves an audit row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from bot.domain.access import Workspace
from bot.domain.identity import Caller
from bot.domain.text import nearest
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import WITHOUT_WILDCARDS, load
from bot.store.rows import member_row, workspace_from

sql = load("workspaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who decides what, for the audit table."""

    actor: str
    workspace: str
    action: str
    subject: str
    now: int


async def record_audit(tx: Transaction, audit: AuditEntry, detail: Mapping[str, object]) -> None:
    await tx.run(
        sql.insert_audit,
        at=audit.now,
        actor=audit.actor,
        workspace=audit.workspace,
        action=audit.action,
        subject=audit.subject,
        detail=orjson.dumps(dict(detail)).decode(),
    )


async def add_workspaces(tx: Transaction, ids: Iterable[str], *, now: int) -> None:
    """Insert workspaces that are not known yet."""
    await tx.run(sql.add_workspaces, items=[{"id": one, "now": now} for one in sorted(set(ids))])


async def remember_member(tx: Transaction, caller: Caller, *, now: int) -> None:
    """Make a member known before they have asked for anything."""
    await add_workspaces(tx, [caller.workspace], now=now)
    await tx.run(sql.upsert_members, items=[member_row(caller, now)])


async def set_pause(
    tx: Transaction, workspace: str, *, paused: bool, reason: str = "", audit: AuditEntry
) -> None:
    await add_workspaces(tx, [workspace], now=audit.now)
    await tx.run(sql.pause, id=workspace, paused=int(paused), reason=reason)
    await record_audit(tx, audit, {"reason": reason})


async def set_block(tx: Transaction, subject: str, *, blocked: bool, audit: AuditEntry) -> bool:
    """Block a workspace, member or person, or unblock it; returns whether that changed anything."""
    if blocked:
        changed = await tx.run(sql.block, subject=subject, now=audit.now)
    else:
        changed = await tx.run(sql.unblock, subject=subject)
    await record_audit(tx, audit, {})
    return bool(changed)


async def blocked_subjects(store: Database | Transaction, subjects: Iterable[str]) -> frozenset[str]:
    """Those of the workspaces, members and persons that the operator has blocked."""
    rows = await store.fetch(sql.blocked, subjects=sorted(set(subjects)))
    return frozenset(row["subject"] for row in rows)


async def waiting_counts(database: Database, caller: Caller, now: int) -> tuple[int, int]:
    """How many jobs wait for a member, and in their workspace as a whole."""
    rows = await database.fetch(sql.waiting, members=[member_row(caller, now)], workspaces=[caller.workspace])
    of_member = sum(row["jobs"] for row in rows if row["member"])
    return of_member, sum(row["jobs"] for row in rows if not row["member"])


async def knows_workspace(database: Database, workspace: str) -> bool:
    return bool(await database.fetch(sql.workspaces, ids=[workspace]))


async def find_workspace(database: Database, workspace: str) -> Workspace:
    """A workspace; with the defaults where it is not known yet."""
    rows = await database.fetch(sql.workspaces, ids=[workspace])
    return workspace_from(rows[0]) if rows else Workspace(id=workspace)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberName:
    id: str
    name: str
    person: str
    #: as the platform said when they were last seen
    guest: bool


async def find_members(database: Database, workspace: str, text: str) -> list[MemberName]:
    """The members that a name or an id matches; more than one where the name is shared."""
    rows = await database.fetch(sql.find_members, workspace=workspace, text=text.removeprefix("@"))
    return [
        MemberName(id=row["id"], name=row["name"], person=row["person"], guest=bool(row["guest"]))
        for row in rows
    ]


async def nearest_subject(database: Database, subject: str, workspace: str) -> str | None:
    """The known workspace or member whose id is most similar to one that is not known."""
    if subject == workspace:
        rows = await database.fetch(sql.workspace_ids)
    else:
        rows = await database.fetch(sql.recent_members, workspace=workspace)
    return nearest(subject, [row["id"] for row in rows])


async def member_names(database: Database, workspace: str, start: str) -> list[str]:
    """Names of members that begin with `start`, the most recently seen first."""
    prefix = f"{start.translate(WITHOUT_WILDCARDS)}%"
    rows = await database.fetch(sql.member_names, workspace=workspace, prefix=prefix)
    return [row["name"] for row in rows]
