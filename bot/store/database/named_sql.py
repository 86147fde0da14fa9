"""Named SQL: statements live in `store/sql/*.sql`, Python reads as calls to them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.store.database.dialect import Dialect, Statement, render

FOLDER = Path(__file__).parent.with_name("sql")
_NAME = "-- name: "
#: takes out of a person's text what means something to LIKE
WITHOUT_WILDCARDS = str.maketrans("", "", "%_\\")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement under its name, the same text for every database."""

    name: str
    text: str

    def on(self, dialect: Dialect) -> Statement:
        return render(self.text, dialect)


class Queries:
    """The statements of one file, each an attribute."""

    def __init__(self, source: str, queries: Mapping[str, Query]) -> None:
        self._source = source
        self._queries = queries

    def __getattr__(self, name: str) -> Query:
        # an attribute of our own is asked for here only while it is unset, as when copied
        if name.startswith("_") or name not in self._queries:
            raise AttributeError(f"{self._source} has no {name!r}, only {', '.join(self)}")
        return self._queries[name]

    def __dir__(self) -> Iterable[str]:
        return list(self)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._queries))


@cache
def load(name: str, folder: Path = FOLDER) -> Queries:
    """Read `<folder>/<name>.sql`; a statement that one of the databases cannot be given fails here."""
    source = folder / f"{name}.sql"
    queries: dict[str, Query] = {}
    head, *parts = source.read_text(encoding="utf-8").split(f"\n{_NAME}")
    for part in [head.removeprefix(_NAME), *parts] if head.startswith(_NAME) else parts:
        title, _, text = part.partition("\n")
        query = Query(title.strip(), text)
        if not query.name.isidentifier() or query.name in queries:
            raise ValueError(f"{source.name}: {query.name!r} is taken already, or cannot be a name")
        for dialect in Dialect:
            if not query.on(dialect).sql:
                raise ValueError(f"{source.name}: {query.name} is empty")
        queries[query.name] = query
    return Queries(source.name, queries)
