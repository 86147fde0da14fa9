"""Databases of earlier releases, from the scripts in `schemas/` (see `releasing`)."""

from pathlib import Path

from bot.store.database.base import Database, Transaction
from bot.store.database.dialect import split
from bot.store.database.migrate import FOLDER
from bot.store.database.named_sql import Query
from tests.store.releases.releasing import SCHEMAS

RELEASES = sorted(SCHEMAS.glob("*.sql"))

_RELEASED = """
    CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)
"""


def statements_of(release: Path) -> list[str]:
    """The statements that turn an empty database into one of that release."""
    applied = [path.stem for path in sorted(FOLDER.glob("*.sql")) if path.stem[:4] <= release.stem]
    rows = [f"INSERT INTO migration VALUES ({int(name[:4])}, '{name[5:]}', 0)" for name in applied]  # noqa: S608
    return [_RELEASED, *rows, *split(release.read_text(encoding="utf-8"))]


async def restore(database: Database, release: Path) -> None:
    """Turn an empty database into one of that release."""

    async def work(tx: Transaction) -> None:
        for statement in statements_of(release):
            await tx.run(Query("restore", statement))

    await database.exclusively(work)
