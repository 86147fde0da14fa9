"""Search a person's jobs: by place, by words, and by the short id that cards show."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.domain.generations.media import MediaKind
from bot.domain.identity import Caller, Place, is_direct_workspace
from bot.domain.ids import parse_job_name, short_id
from bot.domain.jobs.job import Job, State
from bot.store.database.base import Database
from bot.store.database.named_sql import load
from bot.store.queue.jobs import jobs_by_id
from bot.store.rows import jobs_from

sql = load("listings/job_search")

#: greater than any id
_MAX_ID = "z" * 32
#: titles that are read first, which are usually enough, and then at once
FIRST_TITLES, TITLES = 100, 500
#: titles that are searched at most
MAX_SEARCHED = 20_000


async def newest_usable(
    database: Database, caller: Caller, kind: MediaKind | None, place: Place
) -> str | None:
    """The caller's newest job shown at a place whose result can be built on; `kind=None`: of either kind.

    A private one counts only in the person's direct messages with the bot.
    """
    where = {"kind": kind, "direct": int(place.direct), **_place(place, caller.person)}
    rows = [await database.one(sql.newest_usable, person=one, **where) for one in caller.persons]
    return max((row["id"] for row in rows if row is not None), default=None)


async def jobs_shown_at(database: Database, jobs: Iterable[str], place: Place, person: str) -> set[str]:
    """Those of the jobs that a card shows to a person at this place."""
    rows = await database.fetch(sql.shown_in, jobs=sorted(set(jobs)), **_place(place, person))
    return {row["id"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """A search of the caller's jobs by id, short id or words of the title."""

    caller: Caller
    text: str
    kind: MediaKind | None
    states: frozenset[State]
    #: only with results that still exist
    usable: bool
    #: where the search is made: what is private elsewhere is not found
    place: Place
    count: int


async def search_jobs(database: Database, query: JobQuery) -> list[Job]:
    """The newest jobs that match.

    Words are compared here: the databases fold the case of ASCII only, and each in its own way.
    """
    found = [job for person in query.caller.persons for job in await _search(database, query, person)]
    newest = sorted(found, reverse=True)[: query.count]
    jobs = await jobs_by_id(database, newest) if newest else {}
    return [jobs[one] for one in newest if one in jobs]


async def _search(database: Database, query: JobQuery, person: str) -> list[str]:
    """The newest matching jobs of one person: the caller, or somebody whom they have linked."""
    found: list[str] = []
    before, searched, size = _MAX_ID, 0, FIRST_TITLES
    matches = matcher(query.text)
    # A person who is linked is there to be used here, and made nothing in this workspace.
    everywhere = person != query.caller.person or is_direct_workspace(query.place.workspace)
    while len(found) < query.count and searched < MAX_SEARCHED:
        rows = await database.fetch(
            sql.titles,
            person=person,
            before=before,
            kind=query.kind,
            states=sorted(query.states),
            usable=int(query.usable),
            direct=int(query.place.direct),
            everywhere=int(everywhere),
            messages=f"{person.partition(':')[0]}:@dm",
            count=size,
            **_place(query.place, query.caller.person),
        )
        found += [row["id"] for row in rows if matches(row["id"], row["title"])]
        if len(rows) < size:
            break
        before, searched, size = rows[-1]["id"], searched + len(rows), TITLES
    return found[: query.count]


async def jobs_by_any_id(database: Database, name: str) -> list[Job]:
    """The jobs, of any person, that a short or full id names."""
    if len(name) > len(short_id(name)):
        return list((await jobs_by_id(database, [name])).values())
    return list(jobs_from(await database.fetch(sql.by_short_id, short=name)).values())


def matcher(text: str) -> Callable[[str, str], bool]:
    """Whether a text is a prefix of a job's id, its short id, or words that are all in its title."""
    typed = text.strip().casefold()
    name = typed.removeprefix("#")
    is_name, words = parse_job_name(name) is not None, typed.split()

    def matches(job: str, title: str) -> bool:
        if job.startswith(name) or (is_name and short_id(job) == name):
            return True
        folded = title.casefold()
        return all(word in folded for word in words)

    return matches


def _place(place: Place, person: str) -> Mapping[str, object]:
    return {
        "own": f"@{person}" if place.direct else "",
        "adapter": place.adapter,
        "workspace": place.workspace,
        "channel": place.channel,
        "thread": place.thread or "",
    }
