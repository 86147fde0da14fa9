"""Workspaces, their members, and what admins and the operator decide. Each decision leaves an audit row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from bot.domain.access import Workspace
from bot.domain.identity import Caller, Named
from bot.domain.text import nearest
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import WITHOUT_WILDCARDS, load
from bot.store.rows import member_row, workspace_from

sql = load("admin/workspaces")


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


async def lock_workspace(tx: Transaction, workspace: str) -> None:
    """Let no other transaction change a workspace's settings before the commit."""
    await tx.one(sql.lock_workspace, id=workspace)


async def set_pace(
    tx: Transaction,
    workspace: str,
    *,
    cooldown_ms: int | None = None,
    max_open: int | None = None,
    audit: AuditEntry,
) -> None:
    """Change how fast members may ask for jobs; None keeps a limit as it is, 0 removes it."""
    await add_workspaces(tx, [workspace], now=audit.now)
    changes = {"cooldown_ms": cooldown_ms, "max_open": max_open}
    await tx.run(sql.set_pace, id=workspace, **changes)
    await record_audit(tx, audit, {name: value for name, value in changes.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """Settings of a workspace that its admins choose; None keeps one as it is."""

    timezone: str | None = None
    channels: tuple[Named, ...] | None = None
    roles: tuple[Named, ...] | None = None
    reactions: bool | None = None
    admin_channel: Named | None = None
    admin_adapter: str | None = None


async def set_up(tx: Transaction, workspace: str, changes: SetUp, *, audit: AuditEntry) -> None:
    """Change a workspace's settings."""
    await add_workspaces(tx, [workspace], now=audit.now)
    values = {
        "timezone": changes.timezone,
        "channels": _dumped(changes.channels),
        "roles": _dumped(changes.roles),
        "reactions": None if changes.reactions is None else int(changes.reactions),
        "admin_channel": _dumped(changes.admin_channel),
        "admin_adapter": changes.admin_adapter,
    }
    await tx.run(sql.set_up, id=workspace, **values)
    await record_audit(tx, audit, {name: value for name, value in values.items() if value is not None})


def _dumped(value: Named | tuple[Named, ...] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


async def remember_member(tx: Transaction, caller: Caller, *, now: int) -> None:
    """Make a member known before they have asked for anything."""
    await add_workspaces(tx, [caller.workspace], now=now)
    await tx.run(sql.upsert_members, items=[member_row(caller, now)])


async def set_pause(
    tx: Transaction, workspace: str, *, paused: bool, reason: str = "", audit: AuditEntry
) -> None:
    await add_workspaces(tx, [workspace], now=audit.now)
    before = workspace_from((await tx.fetch(sql.workspaces, ids=[workspace]))[0])
    await tx.run(sql.pause, id=workspace, paused=int(paused), reason=reason)
    await record_audit(
        tx,
        audit,
        {
            "before": {"paused": before.paused, "reason": before.pause_reason},
            "after": {"paused": paused, "reason": reason},
        },
    )


async def set_block(tx: Transaction, subject: str, *, blocked: bool, audit: AuditEntry) -> bool:
    """Block a workspace, member or person, or unblock it; returns whether that changed anything."""
    if blocked:
        changed = await tx.run(sql.block, subject=subject, now=audit.now)
    else:
        changed = await tx.run(sql.unblock, subject=subject)
    before = blocked != bool(changed)
    await record_audit(tx, audit, {"before": {"blocked": before}, "after": {"blocked": blocked}})
    return bool(changed)


async def blocked_subjects(store: Database | Transaction, subjects: Iterable[str]) -> frozenset[str]:
    """Those of the workspaces, members and persons that the operator has blocked."""
    rows = await store.fetch(sql.blocked, subjects=sorted(set(subjects)))
    return frozenset(row["subject"] for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCounts:
    """How many jobs wait for a member, and in their workspace as a whole."""

    member: int
    workspace: int
    #: where the workspace limits the pace: the member's unfinished jobs, and when the last one was made
    unfinished: int
    last_at: int | None


async def waiting_counts(database: Database, caller: Caller, now: int) -> WaitingCounts:
    rows = await database.fetch(sql.waiting, members=[member_row(caller, now)], workspaces=[caller.workspace])
    mine = next(row for row in rows if row["member"])
    return WaitingCounts(
        member=mine["jobs"],
        workspace=sum(row["jobs"] for row in rows if not row["member"]),
        unfinished=mine["unfinished"] or 0,
        last_at=mine["last_at"],
    )


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
    roles: frozenset[str]


async def find_members(database: Database, workspace: str, text: str) -> list[MemberName]:
    """The members that a name or an id matches; more than one where the name is shared."""
    rows = await database.fetch(sql.find_members, workspace=workspace, text=text.removeprefix("@"))
    return [_member_name(row) for row in rows]


async def list_members(
    database: Database, workspace: str, words: str, *, count: int, skip: int
) -> list[MemberName]:
    """The members whose name contains the words, the most recently seen first."""
    rows = await database.fetch(
        sql.list_members,
        workspace=workspace,
        words=words,
        count=count,
        skip=skip,
    )
    return [_member_name(row) for row in rows]


def _member_name(row: Row) -> MemberName:
    return MemberName(
        id=row["id"],
        name=row["name"],
        person=row["person"],
        guest=bool(row["guest"]),
        roles=frozenset(orjson.loads(row["roles"])),
    )


async def unknown_members(database: Database, members: Iterable[Caller]) -> list[Caller]:
    """Those who are not stored yet."""
    asked = {one.member: one for one in members}
    rows = await database.fetch(sql.unknown_members, items=[{"id": one} for one in sorted(asked)])
    return [asked[row["id"]] for row in rows]


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
