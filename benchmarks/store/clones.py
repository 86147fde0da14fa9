"""Stores with many jobs, made by copying one that the bot has stored itself."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

#: the number of a copy as an id that is older than all others
ID = "printf('%024d', n)"
_FAST = ("PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000")
_SLOW = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
#: tables whose rows name a job, with the column that does
_OF_JOB = {"attempt": "job", "job_event": "job", "reservation": "job", "journal": "job"}
_NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"


def clone(file: Path, job: str, count: int, changes: Mapping[str, str]) -> None:
    """Copy a job with all its rows so many times.

    `changes` are SQL expressions of the copy's number `n` for columns of `job` and `card`, and for the
    `remote_id` and `claimed_at` of its attempt. The store must not be open.
    """
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for pragma in _FAST:
            db.execute(pragma)
        (card,) = db.execute("SELECT card FROM job WHERE id = ?", (job,)).fetchone()
        db.execute("BEGIN")
        _copy(db, "card", ("id", card), count, {**changes, "id": ID, "event": f"'clone/' || {ID}"})
        _copy(db, "job", ("id", job), count, {**changes, "id": ID, "card": ID})
        of_attempt = {name: changes[name] for name in ("remote_id", "claimed_at") if name in changes}
        for table, column in _OF_JOB.items():
            _copy(db, table, (column, job), count, {"remote_id": "NULL", **of_attempt, column: ID})
        db.execute("COMMIT")
        db.execute("ANALYZE")
        for pragma in _SLOW:
            db.execute(pragma)


def _copy(
    db: sqlite3.Connection, table: str, source: tuple[str, str], count: int, changes: Mapping[str, str]
) -> None:
    # The database makes the other ids.
    columns = [
        name
        for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})")
        if (name, kind) != ("id", "INTEGER")
    ]
    values = ", ".join(changes.get(name, f"original.{name}") for name in columns)
    column, value = source
    db.execute(
        f"{_NUMBERS} INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"  # noqa: S608 - our names
        f" FROM numbers, (SELECT * FROM {table} WHERE {column} = ?) AS original",
        (count, value),
    )
