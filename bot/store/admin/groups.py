"""Groups of workspaces with one monthly budget. Each change leaves an audit row.

A job in flight settles the meters that it reserved on, so whoever joins or leaves a group changes only what
is accepted from then on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.errors import InvalidRequest
from bot.domain.money.groups import Group
from bot.domain.money.quota import Period, Unit
from bot.domain.text import nearest
from bot.store.admin.workspaces import AuditEntry, lock_workspace, record_audit
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql, limits_sql = load("admin/groups"), load("quotas/limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembers:
    """A group with its workspaces."""

    group: Group
    workspaces: tuple[str, ...]


async def list_groups(database: Database) -> list[GroupMembers]:
    """All groups by name."""
    found: dict[Group, list[str]] = {}
    for row in await database.fetch(sql.groups):
        found.setdefault(_group(row), []).extend([row["workspace"]] if row["workspace"] else [])
    return [GroupMembers(group=group, workspaces=tuple(members)) for group, members in found.items()]


async def workspaces_of_group(database: Database, group: str) -> list[str]:
    return [row["id"] for row in await database.fetch(sql.workspaces_of_group, id=group)]


async def groups_of(database: Database, workspaces: Iterable[str]) -> Mapping[str, str]:
    """The id of each workspace's group; those without one are missing."""
    rows = await database.fetch(sql.group_ids, workspaces=sorted(set(workspaces)))
    return {row["id"]: row["group_id"] for row in rows}


async def create_group(tx: Transaction, group: Group, *, audit: AuditEntry) -> None:
    values = {"id": group.id, "name": group.name, "budget": group.budget, "now": audit.now}
    if not await tx.run(sql.insert_group, **values):
        raise _taken(group.name)
    await record_audit(tx, audit, {"budget": group.budget})


async def rename_group(tx: Transaction, name: str, new_name: str, *, audit: AuditEntry) -> None:
    group = await _locked(tx, name)
    if not await tx.run(sql.rename_group, id=group.id, name=new_name):
        raise _taken(new_name)
    await record_audit(tx, audit, {"before": name, "after": new_name})


async def set_group_budget(tx: Transaction, name: str, budget: int, *, audit: AuditEntry) -> Group:
    """Set what a group may spend in a month, from now; returns the group as it was."""
    group = await _locked(tx, name)
    await tx.run(sql.set_budget, id=group.id, budget=budget)
    await tx.run(
        limits_sql.change_limit,
        scope=group.scope,
        unit=Unit.MONEY,
        period=Period.MONTH,
        amount=budget,
        now=audit.now,
    )
    await record_audit(tx, audit, {"before": group.budget, "after": budget})
    return group


async def delete_group(tx: Transaction, name: str, *, audit: AuditEntry) -> int:
    """Remove a group; returns how many workspaces were in it, which keep their own budgets."""
    group = await _locked(tx, name)
    emptied = await tx.run(sql.empty_group, id=group.id)
    await tx.run(sql.delete_group, id=group.id)
    await record_audit(tx, audit, {"workspaces": emptied})
    return emptied


async def join_group(tx: Transaction, name: str, workspace: str, *, audit: AuditEntry) -> Group:
    """Put a known workspace into a group; raises InvalidRequest if it is in another one."""
    group = await _locked(tx, name)
    await lock_workspace(tx, workspace)
    row = await tx.one(sql.group_of, workspace=workspace)
    if row is not None and row["id"] != group.id:
        raise InvalidRequest(
            f"{workspace} is in the group {row['name']}; take it out first: "
            f"reverie workspaces group remove {row['name']!r} {workspace}"
        )
    await tx.run(sql.join_group, id=group.id, workspace=workspace)
    await record_audit(tx, audit, {"group": name})
    return group


async def leave_group(tx: Transaction, name: str, workspace: str, *, audit: AuditEntry) -> Group:
    """Take a workspace out of a group."""
    group = await _locked(tx, name)
    if not await tx.run(sql.leave_group, id=group.id, workspace=workspace):
        raise InvalidRequest(
            f"{workspace} is not in the group {name}; reverie workspaces group list shows all"
        )
    await record_audit(tx, audit, {"group": name})
    return group


async def _locked(tx: Transaction, name: str) -> Group:
    """A group that no other transaction changes before the commit; raises InvalidRequest if there is none."""
    row = await tx.one(sql.lock_group, name=name)
    if row is not None:
        return _group(row)
    known = nearest(name, [row["name"] for row in await tx.fetch(sql.group_names)])
    hint = f"did you mean {known}?" if known else "reverie workspaces group create makes one"
    raise InvalidRequest(f"There is no group {name}; {hint}")


def _group(row: Row) -> Group:
    return Group(id=row["id"], name=row["name"], budget=row["budget"])


def _taken(name: str) -> InvalidRequest:
    return InvalidRequest(f"There is a group {name} already")
