"""Finding a person's jobs: by place, by words, and by the short id that cards show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.identity import Place, is_direct_workspace
from bot.domain.ids import parse_job_name, short_id
from bot.domain.jobs import Job, State
from bot.domain.media import MediaKind
from bot.store.database.base import Database
from bot.store.database.named_sql import load
from bot.store.jobs import jobs_by_id
from bot.store.rows import jobs_from

sql = load("job_search")

#: an id behind which there is none
_AFTER_ALL = "z" * 32
#: titles that are read at once, and how many at most are looked through for a person's words
_PAGE, _MOST = 500, 20_000


async def newest_usable(database: Database, person: str, kind: MediaKind | None, place: Place) -> str | None:
    """A person's newest job shown at a place, with a result that can be built on; None as `kind`: either.

    A private one counts only in the person's direct messages with the bot.
    """
    row = await database.one(
        sql.newest_usable, person=person, kind=kind, direct=int(place.direct), **_place(place, person)
    )
    return row["id"] if row else None


async def jobs_shown_at(database: Database, jobs: Iterable[str], place: Place, person: str) -> set[str]:
    """Those of the jobs that a card shows to a person at this place."""
    rows = await database.fetch(sql.shown_at, jobs=sorted(set(jobs)), **_place(place, person))
    return {row["id"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """A person looks for one of their jobs by its id, its short id or words of its title."""

    person: str
    text: str
    kind: MediaKind | None
    states: frozenset[State]
    #: only with results that are still there
    usable: bool
    #: where it is looked for: what is private elsewhere is not found
    place: Place
    count: int


async def search_jobs(database: Database, wanted: JobQuery) -> list[Job]:
    """The newest jobs that fit.

    Words are compared here: the databases fold the case of ASCII alone, and each in its own way.
    """
    found: list[str] = []
    before, looked = _AFTER_ALL, 0
    while len(found) < wanted.count and looked < _MOST:
        rows = await database.fetch(
            sql.titles,
            person=wanted.person,
            before=before,
            kind=wanted.kind,
            states=sorted(wanted.states),
            usable=int(wanted.usable),
            direct=int(wanted.place.direct),
            everywhere=int(is_direct_workspace(wanted.place.workspace)),
            messages=f"{wanted.place.workspace.partition(':')[0]}:@dm",
            count=_PAGE,
            **_place(wanted.place, wanted.person),
        )
        found += [row["id"] for row in rows if _fits(row["id"], row["title"], wanted.text)]
        if len(rows) < _PAGE:
            break
        before, looked = rows[-1]["id"], looked + len(rows)
    newest = found[: wanted.count]
    jobs = await jobs_by_id(database, newest) if newest else {}
    return [jobs[one] for one in newest if one in jobs]


async def jobs_by_any_id(database: Database, name: str) -> list[Job]:
    """The jobs of everybody that a short or a whole id names."""
    if len(name) > len(short_id(name)):
        return list((await jobs_by_id(database, [name])).values())
    return list(jobs_from(await database.fetch(sql.jobs_named, short=name)).values())


def _fits(job: str, title: str, text: str) -> bool:
    """Whether a text begins an id, is a short one, or each of its words stands in the title."""
    typed = text.strip().casefold()
    name = typed.removeprefix("#")
    if job.startswith(name) or (parse_job_name(name) is not None and short_id(job) == name):
        return True
    words = title.casefold()
    return all(word in words for word in typed.split())


def _place(place: Place, person: str) -> Mapping[str, object]:
    return {
        "own": f"@{person}" if place.direct else "",
        "adapter": place.adapter,
        "workspace": place.workspace,
        "channel": place.channel,
        "thread": place.thread or "",
    }
