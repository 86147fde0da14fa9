"""Choose the database by its URL."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.domain.errors import StoreError
from bot.store.database.base import Database


def connect(url: str, *, read_only: bool = False, direct_url: str | None = None) -> Database:
    """Create the database of a URL; `async with` or `open` connects.

    `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://user@host/name`. With `read_only`
    every write is refused, and an SQLite file must exist. `direct_url` bypasses a pooler in front of
    PostgreSQL.
    """
    # Each driver is imported only where it is used: asyncpg alone costs 40 ms and 8 MB.
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        from bot.store.database.sqlite import SqliteDatabase  # noqa: PLC0415

        return SqliteDatabase(path_of(url), read_only=read_only)
    if scheme in ("postgres", "postgresql"):
        from bot.store.database.postgres import PostgresDatabase  # noqa: PLC0415

        return PostgresDatabase(url, read_only=read_only, direct_url=direct_url)
    raise StoreError(
        f"There is no driver for {scheme!r}: REVERIE_DATABASE_URL is sqlite:///path or postgresql://user@host/name."
    )


def path_of(url: str) -> Path:
    """Read the path from `sqlite:///relative` or `sqlite:////absolute`."""
    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"), errors="surrogateescape")
    if parts.netloc or parts.query or not path or path == ":memory:":
        raise StoreError("An SQLite database is named sqlite:///relative/path or sqlite:////absolute/path.")
    return Path(path)
