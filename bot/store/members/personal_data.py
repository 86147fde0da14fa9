"""Reads everything that is stored about a person, as they may take it along."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from bot.domain.access import blocked_by_admins
from bot.domain.money.quota import personal_scopes
from bot.store.database.base import Database
from bot.store.database.named_sql import Query, load

sql = load("members/personal_data")

_PAGE = 500
#: greater than any id
_MAX_ID = "z" * 32
#: columns that hold JSON
_JSON = ("request", "result", "failure", "detail", "defaults", "makers")

#: a row as JSON can hold it: money in micro-dollars, times in milliseconds UTC
Record = dict[str, Any]


async def jobs_of(database: Database, person: str) -> AsyncIterator[Record]:
    """Every job, the newest first."""
    before = _MAX_ID
    while rows := await database.fetch(sql.jobs, person=person, before=before, count=_PAGE):
        for row in rows:
            yield _record(row)
        before = rows[-1]["id"]


async def data_of(database: Database, person: str) -> dict[str, list[Record]]:
    """Everything but the jobs, by what it is."""
    members = [_record(row) for row in await database.fetch(sql.members, person=person)]
    ids = [member["id"] for member in members]
    whose = {"members": ids}
    scopes = personal_scopes(person, ids)
    blocked = [person, *ids, *map(blocked_by_admins, ids)]
    workspaces = ["", *sorted({member["workspace"] for member in members})]
    queries: dict[str, tuple[Query, Mapping[str, Any]]] = {
        "spending": (sql.meters, {"scopes": scopes}),
        "limits": (sql.limits, {"subjects": [person, *ids]}),
        "blocks": (sql.blocks, {"subjects": blocked}),
        "links": (sql.links, {"person": person}),
        "stars": (sql.stars, whose),
        "votes": (sql.votes, whose),
        "reports": (sql.reports, {"person": person}),
        # The operator's decisions belong to no workspace.
        "audit": (
            sql.audit,
            whose | {"workspaces": workspaces, "subjects": [person, *ids, *scopes]},
        ),
    }
    found = {
        name: [_record(row) for row in await database.fetch(query, **values)]
        for name, (query, values) in queries.items()
    }
    return {"members": members, "presets": await _presets_of(database, person)} | found


async def _presets_of(database: Database, person: str) -> list[Record]:
    """The presets with a picture that is a result of the person's."""
    rows = map(_record, await database.fetch(sql.presets))
    return [row for row in rows if person in row.pop("makers")]


def _record(row: Any) -> Record:
    record = dict(row)
    for name in _JSON:
        if record.get(name):
            record[name] = _read(record[name])
    return record


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        # Damaged; the person gets what there is.
        return text
