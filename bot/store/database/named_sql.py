"""Named SQL: statements are in `.sql` files under `-- name:` lines, and Python calls them by name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.store.database.dialect import Dialect, Statement, render

#: the store's statements, unless another folder is named
FOLDER = Path(__file__).parent.with_name("sql")
_NAME = "-- name: "
#: removes from a person's text the characters that mean something to LIKE
WITHOUT_WILDCARDS = str.maketrans("", "", "%_\\")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement and its name, `<file>.<statement>`, the same text for every database."""

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
        # A private attribute is looked up here only while it is unset, as during a copy.
        if name.startswith("_") or name not in self._queries:
            raise AttributeError(f"{self._source} has no {name!r}, only {', '.join(self)}")
        return self._queries[name]

    def __dir__(self) -> Iterable[str]:
        return list(self)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._queries))


@cache
def load(name: str, folder: Path = FOLDER) -> Queries:
    """Read `<folder>/<name>.sql`, such as `queue/claim`.

    A statement is rendered at its first use: most starts need only a few.
    """
    source = folder / f"{name}.sql"
    queries: dict[str, Query] = {}
    head, *parts = source.read_text(encoding="utf-8").split(f"\n{_NAME}")
    for part in [head.removeprefix(_NAME), *parts] if head.startswith(_NAME) else parts:
        first, _, text = part.partition("\n")
        title = first.strip()
        if not title.isidentifier() or title in queries:
            raise ValueError(f"{source.name}: {title!r} is taken already, or cannot be a name")
        queries[title] = Query(f"{source.stem}.{title}", text)
    return Queries(source.name, queries)
