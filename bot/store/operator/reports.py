"""Reports for the operator: workspaces and their spending, and whether meters and counters are consistent."""

from typing import Any

from bot.store.database.base import Database
from bot.store.database.named_sql import load

workspaces_sql, limits_sql, counters_sql = (
    load("admin/workspaces"),
    load("quotas/limits"),
    load("quotas/counters"),
)


async def list_workspaces(database: Database, *, since: int) -> list[dict[str, Any]]:
    """Every workspace, with its members and what it spent of the operator's money since a time."""
    return [
        {
            "workspace": row["id"],
            "members": row["members"],
            "paused": bool(row["paused"]),
            "blocked": bool(row["blocked"]),
            "timezone": row["timezone"],
            "group": row["group_name"],
            "spent_microusd": row["spent"],
        }
        for row in await database.fetch(workspaces_sql.list_workspaces, since=since)
    ]


async def spent_since(database: Database, workspace: str, *, since: int) -> int:
    """Micro-dollars of the results of a workspace since a time, without what was refunded."""
    row = await database.one(limits_sql.spent_since, workspace=workspace, since=since)
    return row["spent"] if row else 0


async def inconsistent_meters(database: Database) -> list[dict[str, Any]]:
    """Meters whose row differs from the sum of their journal; empty, or something is seriously wrong."""
    return [dict(row) for row in await database.fetch(limits_sql.inconsistent)]


async def inconsistent_counts(database: Database) -> list[str]:
    """Counters that differ from the jobs; empty, or something is seriously wrong."""
    return [
        f"{row['what']} counts {row['counted']} waiting jobs and has {row['jobs']}"
        for row in await database.fetch(counters_sql.inconsistent)
    ]
