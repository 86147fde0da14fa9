"""Reports for the operator: workspaces, spending, and whether meters and counters are consistent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.store.database.base import Database
from bot.store.database.named_sql import load

workspaces_sql, limits_sql, counters_sql = load("workspaces"), load("limits"), load("counters")


async def list_workspaces(database: Database, *, since: int) -> list[dict[str, Any]]:
    """Every workspace, with its members and what it spent of the operator's money since a time."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a member spent on one class of jobs."""

    member: str
    name: str
    duration_class: str
    jobs: int
    #: micro-dollars
    spent: int


async def usage(database: Database, workspace: str, *, since: int) -> Sequence[Usage]:
    """Spending in a workspace since a time, the largest first."""
    rows = await database.fetch(limits_sql.usage, workspace=workspace, since=since)
    return [
        Usage(
            member=row["member"],
            name=row["name"],
            duration_class=row["duration_class"],
            jobs=row["jobs"],
            spent=row["spent"],
        )
        for row in rows
    ]


async def inconsistent_meters(database: Database) -> list[dict[str, Any]]:
    """Meters whose row differs from the sum of their journal; empty, or something is seriously wrong."""
    return [dict(row) for row in await database.fetch(limits_sql.inconsistent)]


async def inconsistent_counts(database: Database) -> list[str]:
    """Counters that differ from the jobs; empty, or something is seriously wrong."""
    return [
        f"{row['what']} counts {row['counted']} waiting jobs and has {row['jobs']}"
        for row in await database.fetch(counters_sql.inconsistent)
    ]
