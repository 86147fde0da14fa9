"""What admins have to look after in their workspace: unfinished jobs, and reports to the moderators."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.jobs.job import Job, State
from bot.store.database.base import Database
from bot.store.database.named_sql import load
from bot.store.rows import jobs_from

sql = load("listings/workspace_jobs")


async def unfinished_counts(database: Database, workspace: str) -> Mapping[State, int]:
    """How many jobs of a workspace have not ended, by state; states without any are left out."""
    rows = await database.fetch(sql.counts, workspace=workspace)
    return {State(row["state"]): row["jobs"] for row in rows}


async def unfinished_of_workspace(
    database: Database, workspace: str, states: Iterable[State], *, count: int, skip: int
) -> list[Job]:
    """Unfinished jobs of a workspace in some states: held ones first, then the oldest."""
    rows = await database.fetch(
        sql.unfinished, workspace=workspace, states=sorted(states), count=count, skip=skip
    )
    return list(jobs_from(rows).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A result that somebody has reported to the moderators."""

    #: the card that shows it to them
    card: str
    job: str
    #: who reported it, and why
    note: str
    at: int


async def reports_of_workspace(database: Database, workspace: str, *, count: int, skip: int) -> list[Report]:
    """The reports of a workspace, the newest first."""
    rows = await database.fetch(sql.reports, workspace=workspace, count=count, skip=skip)
    return [
        Report(card=row["id"], job=row["copy_of"], note=row["note"], at=row["created_at"]) for row in rows
    ]
