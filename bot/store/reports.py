"""Looking over everything, for the operator."""

from typing import Any

from bot.store.database.base import Database
from bot.store.database.named_sql import load

workspaces_sql = load("workspaces")
meters_sql = load("meters")
counting_sql = load("counting")
jobs_sql = load("jobs")


async def list_workspaces(database: Database, *, since: int) -> list[dict[str, Any]]:
    """Every workspace, with its members and what it spent since a time."""
    return [
        {
            "workspace": row["id"],
            "members": row["members"],
            "paused": bool(row["paused"]),
            "blocked": bool(row["blocked"]),
            "timezone": row["timezone"],
            "spent_microusd": row["spent"],
        }
        for row in await database.fetch(workspaces_sql.list_workspaces, since=since)
    ]


async def inconsistent_meters(database: Database) -> list[dict[str, Any]]:
    """Meters whose row differs from the sum of their journal; empty, or something is badly wrong."""
    return [dict(row) for row in await database.fetch(meters_sql.unsettled)]


async def inconsistent_counts(database: Database) -> list[str]:
    """Counts of what waits that differ from the jobs; empty, or something is badly wrong."""
    return [
        f"{row['what']} counts {row['told']} waiting jobs and has {row['jobs']}"
        for row in await database.fetch(counting_sql.miscounted)
    ]


async def count_states(database: Database) -> dict[str, int]:
    return {row["state"]: row["jobs"] for row in await database.fetch(jobs_sql.count_states)}
