"""Reads which jobs were made from which."""

from collections.abc import Iterable

from bot.store.database.base import Database
from bot.store.database.named_sql import load

sql = load("listings/lineage")


async def ancestors(database: Database, job: str, *, most: int) -> list[str]:
    """The job and what it was made from, the nearest first: at most so many generations."""
    return [row["id"] for row in await database.fetch(sql.ancestors, job=job, most=most)]


async def made_from(database: Database, jobs: Iterable[str], *, count: int) -> list[tuple[str, str]]:
    """The oldest results that were made from any of these, each with the job that it was made from."""
    rows = await database.fetch(sql.made_from, parents=sorted(set(jobs)), count=count)
    return [(row["id"], row["parent"]) for row in rows]
