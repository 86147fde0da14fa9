"""Migrate a database to the schema of this program.

`migrations/NNNN_name.sql` are scripts in the common SQL of `dialect`, applied in order, each in one
transaction with its row in the table `migration`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bot.domain.errors import StoreError
from bot.store.database.base import Database, Transaction
from bot.store.database.dialect import split
from bot.store.database.named_sql import Query

FOLDER = Path(__file__).parent.with_name("migrations")

_KNOWN = Query("migration_known", "SELECT {{has_table migration}} AS known")
_APPLIED = Query("migrations_applied", "SELECT version, name FROM migration ORDER BY version")
_CREATE = Query(
    "create_migration",
    """
    CREATE TABLE IF NOT EXISTS migration (
      version    INTEGER PRIMARY KEY,
      name       TEXT NOT NULL,
      applied_at BIGINT NOT NULL -- milliseconds UTC
    )
    """,
)
_RECORD = Query(
    "record_migration",
    "INSERT INTO migration (version, name, applied_at) VALUES (:version, :name, :applied_at)",
)

log = structlog.get_logger()


class NewerDatabase(StoreError):
    """The database has a newer schema than this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One change of the schema."""

    version: int
    name: str
    path: Path

    def statements(self) -> Sequence[str]:
        # Read when it is applied: most starts have nothing to apply.
        return split(self.path.read_text(encoding="utf-8"))


async def migrate(database: Database, *, folder: Path = FOLDER) -> Sequence[Migration]:
    """Apply the missing migrations and return them; replicas that start together wait for each other.

    Raises NewerDatabase where the database has a migration that this program does not know.
    """
    known = _read(folder)
    applied: list[Migration] = []
    # The check takes no lock, so a start with nothing to do does not wait.
    while _missing(known, await _versions(database)):
        if migration := await database.exclusively(partial(_apply_next, known)):
            applied.append(migration)
            log.info("migration_applied", version=migration.version, name=migration.name)
    return applied


async def pending(database: Database, *, folder: Path = FOLDER) -> Sequence[Migration]:
    """List what `migrate` would apply, without writing; raises NewerDatabase."""
    return _missing(_read(folder), await _versions(database))


async def _apply_next(known: Sequence[Migration], transaction: Transaction) -> Migration | None:
    await transaction.run(_CREATE)
    missing = _missing(known, await _versions(transaction))
    if not missing:
        return None  # another replica has applied it
    migration = missing[0]
    for statement in migration.statements():
        await transaction.run(Query(migration.name, statement))
    await transaction.run(
        _RECORD, version=migration.version, name=migration.name, applied_at=time.time_ns() // 1_000_000
    )
    return migration


async def _versions(source: Database | Transaction) -> dict[int, str]:
    found = await source.one(_KNOWN)
    if found is None or not found["known"]:
        return {}
    return {row["version"]: row["name"] for row in await source.fetch(_APPLIED)}


def _missing(known: Sequence[Migration], versions: dict[int, str]) -> Sequence[Migration]:
    newest = known[-1].version if known else 0
    if unknown := sorted(versions.keys() - {migration.version for migration in known}):
        raise NewerDatabase(
            f"The database is at version {unknown[-1]} ({versions[unknown[-1]]}), this program knows "
            f"{newest} at most: install the newer program, or restore a backup from before. An upgrade stops "
            "all replicas first, then starts the new version."
        )
    return [migration for migration in known if migration.version not in versions]


def _read(folder: Path) -> Sequence[Migration]:
    known: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        if not number.isdecimal() or not name or int(number) in known:
            raise ValueError(f"{path.name} is not named NNNN_name.sql, or its number is taken")
        known[int(number)] = Migration(version=int(number), name=name, path=path)
    return list(known.values())
