"""Copy a whole store into another database, of the same kind or the other."""

from bot.domain.errors import StoreError
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import Query

#: every table but `migration`, referenced tables first
TABLES = (
    "workspace_group",
    "workspace",
    "member",
    "block",
    "audit",
    "allowance",
    "meter",
    "card",
    "account",
    "workspace_key",
    "lane",
    "credit_reading",
    "price_check",
    "virtual_clock",
    "queue_depth",
    "job",
    "attempt",
    "job_event",
    "reservation",
    "journal",
    "quota_grant",
    "cap_notice",
    "file_reference",
    "star",
    "gallery",
    "vote",
    "preset",
    "handled_event",
    "orphan_generation",
    "erasure",
    "lease",
    "adapter_data",
    "adapter_data_seq",
    "linked_person",
    "link_code",
    "link_tries",
    "person_notice",
    "rate_slot",
    "outage_notice",
    "alert",
    "alert_notice",
    "vocabulary",
    "usage_rollup",
    "usage_day",
)
#: tables whose rows are numbered by the database, in the order of insertion
NUMBERED = frozenset({"audit", "job_event", "journal"})


async def copy_database(source: Database, target: Database) -> dict[str, int]:
    """Copy every table in one transaction; returns their rows. Raises StoreError if one is not empty."""

    async def work(tx: Transaction) -> dict[str, int]:
        return {table: await _copy(source, tx, table) for table in TABLES}

    return await target.exclusively(work)


async def _copy(source: Database, tx: Transaction, table: str) -> int:
    present = await tx.one(Query("present", f"SELECT count(*) AS present FROM {table}"))  # noqa: S608 - our names
    if present is None or present["present"]:
        raise StoreError(f"The target's table {table} is not empty: name an empty database")
    order = "ORDER BY id" if table in NUMBERED else ""
    rows = await source.fetch(Query("all", f"SELECT * FROM {table} {order}"))  # noqa: S608 - our names
    if rows:
        insert = _insert(table, rows[0])
        for row in rows:
            await tx.run(insert, **{column: row[column] for column in _columns(table, row)})
    return len(rows)


def _columns(table: str, row: Row) -> list[str]:
    return [column for column in dict(row) if not (table in NUMBERED and column == "id")]


def _insert(table: str, row: Row) -> Query:
    columns = _columns(table, row)
    values = ", ".join(f":{column}" for column in columns)
    return Query(f"copy_{table}", f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})")  # noqa: S608
