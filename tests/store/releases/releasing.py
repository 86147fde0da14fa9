"""Dump the schema and the rows of a store of this release, so that later releases are tested from it.

python -m tests.store.releases.releasing

Run it once, when a release brings a migration: `schemas/NNNN.sql` is the schema up to migration NNNN and the
rows of a store that has lived, as a script for both databases. A file that was released never changes.
"""

import asyncio
import tempfile
from pathlib import Path

from bot.store.copy import NUMBERED, TABLES
from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.database.migrate import FOLDER, migrate
from bot.store.database.named_sql import Query
from tests.store.releases.populate import live

SCHEMAS = Path(__file__).with_name("schemas")


async def script_of(database: Database) -> str:
    """Write the schema and the rows of a store as one script."""
    parts = [path.read_text(encoding="utf-8").rstrip() for path in sorted(FOLDER.glob("*.sql"))]
    for table in TABLES:
        rows = await database.fetch(Query("all", f"SELECT * FROM {table}"))  # noqa: S608 - our names
        for row in rows:
            # these number themselves, in the order in which they come
            columns = [name for name in row if not (table in NUMBERED and name == "id")]
            values = ", ".join(_literal(row[name]) for name in columns)
            parts.append(f"INSERT INTO {table} ({', '.join(columns)})\nVALUES ({values});")
    return "\n\n".join(parts) + "\n"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with connect(f"sqlite:///{folder}/reverie.db") as database:
            newest = (await migrate(database))[-1]
            await live(database)
            SCHEMAS.mkdir(exist_ok=True)
            target = SCHEMAS / f"{newest.version:04}.sql"
            target.write_text(await script_of(database), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
