"""Copy a whole store into another database, of the same kind or the other."""

from collections.abc import AsyncIterator, Sequence

from bot.domain.errors import StoreError
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import Query

#: every table but `migration` with its primary key, referenced tables first
TABLES = {
    "workspace_group": "id",
    "workspace": "id",
    "member": "id",
    "block": "subject",
    "audit": "id",
    "allowance": "workspace, level, subject, unit, period",
    "meter": "id",
    "card": "id",
    "account": "id",
    "workspace_key": "account",
    "lane": "account, lane",
    "credit_reading": "account, at",
    "price_check": "account, at",
    "virtual_clock": "queue",
    "queue_depth": "queue, virtual_time",
    "job": "id",
    "attempt": "job, number",
    "job_event": "id",
    "reservation": "job, meter",
    "journal": "id",
    "quota_grant": "id",
    "cap_notice": "meter, kind, target",
    "file_reference": "file, holder",
    "star": "job, member",
    "gallery": "id",
    "vote": "job, emoji, member",
    "preset": "workspace, name",
    "handled_event": "id",
    "orphan_generation": "account, remote_id",
    "erasure": "person",
    "lease": "name",
    "adapter_data": "adapter, key",
    "adapter_data_seq": "adapter",
    "linked_person": "person",
    "link_code": "person",
    "link_tries": "person",
    "person_notice": "id",
    "rate_slot": "adapter, name",
    "outage_notice": "provider, adapter, channel, thread",
    "alert": "id",
    "alert_notice": "id",
    "vocabulary": "provider",
    "usage_rollup": "workspace",
    "usage_day": "workspace, dimension, day, value, outcome, makes, wait_ms",
}
#: tables whose rows are numbered by the database, in the order of insertion
NUMBERED = frozenset({"audit", "job_event", "journal"})
#: rows that are read and written at once: PostgreSQL would end the transaction while a whole table is read
_PAGE = 1_000


async def copy_database(source: Database, target: Database) -> dict[str, int]:
    """Copy every table in one transaction; returns their rows. Raises StoreError if one is not empty."""

    async def work(tx: Transaction) -> dict[str, int]:
        return {table: await _copy(source, tx, table) for table in TABLES}

    return await target.exclusively(work)


async def _copy(source: Database, tx: Transaction, table: str) -> int:
    present = await tx.one(Query("present", f"SELECT EXISTS (SELECT 1 FROM {table}) AS present"))  # noqa: S608 - our names
    if present is None or present["present"]:
        raise StoreError(f"The target's table {table} is not empty: name an empty database")
    copied = 0
    async for rows in _pages(source, table):
        await tx.run_each(_insert(table, rows[0]), [_values(table, row) for row in rows])
        copied += len(rows)
    return copied


async def _pages(source: Database, table: str) -> AsyncIterator[Sequence[Row]]:
    """Read a table in the order of its primary key."""
    key = TABLES[table]
    columns = key.split(", ")
    last = ", ".join(f":{column}" for column in columns)
    page = f"ORDER BY {key} LIMIT CAST(:page AS bigint)"
    first = Query("first_page", f"SELECT * FROM {table} {page}")  # noqa: S608 - our names
    later = Query("next_page", f"SELECT * FROM {table} WHERE ({key}) > ({last}) {page}")  # noqa: S608
    rows = await source.fetch(first, page=_PAGE)
    while rows:
        yield rows
        rows = await source.fetch(later, page=_PAGE, **{column: rows[-1][column] for column in columns})


def _values(table: str, row: Row) -> dict[str, object]:
    return {name: value for name, value in row.items() if not (table in NUMBERED and name == "id")}


def _insert(table: str, row: Row) -> Query:
    columns = list(_values(table, row))
    values = ", ".join(f":{column}" for column in columns)
    return Query(f"copy_{table}", f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})")  # noqa: S608
