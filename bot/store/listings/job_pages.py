"""Lists of jobs, page by page: a person's history, and the gallery of a workspace.

A page is a walk along an index from the cursor. Words are compared here, as in `job_search`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.domain.generations.media import MediaKind
from bot.domain.jobs.job import Job
from bot.store.database.base import Database, Row
from bot.store.database.named_sql import load
from bot.store.listings.job_search import FIRST_TITLES, MAX_SEARCHED, TITLES, matcher
from bot.store.queue.jobs import jobs_by_id

sql = load("listings/job_pages")

#: less and greater than any key
_FIRST, _LAST = "", "z" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """Which jobs of a list are wanted."""

    count: int
    #: words of the title, an id or a short id; empty: all
    text: str = ""
    kind: MediaKind | None = None
    #: only those with a star
    starred: bool = False
    #: key beyond which the page begins; None: the newest
    cursor: str | None = None
    #: towards newer jobs from the cursor
    newer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """A page, the newest job first."""

    jobs: Sequence[Job]
    #: cursors of the next pages; None where there is nothing further
    older: str | None = None
    newer: str | None = None


#: reads rows with `key`, `job` and `title` from a cursor on: at most so many, in the query's direction
_Read = Callable[[str, int], Awaitable[Sequence[Row]]]


async def history(database: Database, persons: Sequence[str], query: PageQuery) -> JobPage:
    """A page of the jobs of these persons, from all workspaces."""
    statement = sql.history_newer if query.newer else sql.history_older

    async def read(person: str, cursor: str, count: int) -> Sequence[Row]:
        return await database.fetch(
            statement,
            person=person,
            cursor=cursor,
            kind=query.kind,
            starred=int(query.starred),
            count=count,
        )

    # Person by person: the index has each one's jobs in order.
    found = [row for person in persons for row in await _matching(partial(read, person), query)]
    if _is_over(found, query):
        return await history(database, persons, replace(query, cursor=None, newer=False))
    return await _page(database, found, query)


async def gallery(database: Database, workspace: str, query: PageQuery) -> JobPage:
    """A page of a workspace's gallery: the result that got its first star last comes first."""
    statement = sql.gallery_newer if query.newer else sql.gallery_older

    async def read(cursor: str, count: int) -> Sequence[Row]:
        return await database.fetch(
            statement, workspace=workspace, cursor=cursor, kind=query.kind, count=count
        )

    found = await _matching(read, query)
    if _is_over(found, query):
        return await gallery(database, workspace, replace(query, cursor=None, newer=False))
    return await _page(database, found, query)


def _is_over(found: Sequence[Row], query: PageQuery) -> bool:
    """Whether the list is to be shown from its beginning: jobs beyond the cursor are gone, or too few."""
    return query.cursor is not None and len(found) < (query.count if query.newer else 1)


async def _matching(read: _Read, query: PageQuery) -> list[Row]:
    """One row more than a page, so that it is known whether there is another page."""
    wanted, searched = query.count + 1, 0
    found, matches = list[Row](), matcher(query.text)
    cursor = query.cursor or (_FIRST if query.newer else _LAST)
    batch = FIRST_TITLES if query.text else wanted
    while len(found) < wanted and searched < MAX_SEARCHED:
        rows = await read(cursor, batch)
        found += [row for row in rows if matches(row["job"], row["title"])]
        if len(rows) < batch:
            break
        cursor, searched, batch = rows[-1]["key"], searched + len(rows), TITLES
    return found[:wanted]


async def _page(database: Database, found: Sequence[Row], query: PageQuery) -> JobPage:
    rows = sorted(found, key=lambda row: str(row["key"]), reverse=not query.newer)
    beyond = len(rows) > query.count
    rows = rows[: query.count]
    if query.newer:
        rows.reverse()
    ids = [row["job"] for row in rows]
    jobs = await jobs_by_id(database, ids) if ids else {}
    # Behind the cursor is at least the page that it came from.
    has_older, has_newer = (True, beyond) if query.newer else (beyond, query.cursor is not None)
    return JobPage(
        jobs=[jobs[one] for one in ids if one in jobs],
        older=rows[-1]["key"] if rows and has_older else None,
        newer=rows[0]["key"] if rows and has_newer else None,
    )
