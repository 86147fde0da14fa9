"""Changes of a workspace's policy. The last write of a rule wins, and the audit says what it replaced."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from bot.domain.policy.record import Policy, load_policy
from bot.store.admin.workspaces import AuditEntry, add_workspaces, record_audit
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load
from bot.store.rows import log_unreadable

sql = load("admin/policies")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """A policy as it was when an admin's change was applied, and as it is now."""

    before: Policy
    after: Policy


async def change_policy(
    tx: Transaction, workspace: str, change: Callable[[Policy], Policy], *, audit: AuditEntry
) -> PolicyChange:
    """Apply a change to the policy as it is now, whatever it was when the admin looked at it.

    The change may raise Refused: then nothing is written.
    """
    row = await tx.one(sql.lock_policy, workspace=workspace)
    before = _readable(workspace, row["policy"] if row else "{}")
    after = change(before)
    await add_workspaces(tx, [workspace], now=audit.now)
    if after != before:
        await tx.run(sql.set_policy, workspace=workspace, policy=after.dump())
    await record_audit(tx, audit, {"before": _stored(before, after), "after": _stored(after, before)})
    return PolicyChange(before=before, after=after)


def _readable(workspace: str, stored: str) -> Policy:
    """The stored policy; an admin who changes a damaged one begins with an empty one."""
    try:
        return load_policy(stored)
    except ValueError as error:
        log_unreadable("workspace", workspace, type(error).__name__)
        return Policy()


def _stored(policy: Policy, other: Policy) -> dict[str, object]:
    """The parts of a policy that differ from another one; each names the admin who decided it and when."""
    mine, theirs = orjson.loads(policy.model_dump_json()), orjson.loads(other.model_dump_json())
    found: dict[str, object] = {}
    for name, value in mine.items():
        if value == theirs[name] or name == "next_id":
            continue
        # Of a list only the entries that differ: the others may be many.
        found[name] = [one for one in value if one not in theirs[name]] if isinstance(value, list) else value
    return found
