"""Store access for the command line: read-only, through the running bot, or exclusive."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from bot.domain.errors import ReverieError, StoreError
from bot.security.secret_keys import fingerprint
from bot.service.operator.use_cases import Answer, Operator
from bot.settings import Settings
from bot.store.copy import copy_database
from bot.store.database.base import Database
from bot.store.database.connect import connect, path_of
from bot.store.database.file_lock import DatabaseLocked, lock_store
from bot.store.database.migrate import migrate, pending
from bot.store.operator.reports import inconsistent_counts, inconsistent_meters
from bot.store.queue.queue_stats import count_states
from bot.web.operator_socket import call_running, socket_of

#: seconds for an operator's call; resealing a large store takes minutes
_RESEAL_TIMEOUT_S = 3_600.0


def _clock() -> int:
    return time.time_ns() // 1_000_000


async def operate(
    settings: Settings, call: str, arguments: dict[str, Any], *, writes: bool, timeout_s: float = 30.0
) -> Answer:
    """Run an operator's call: reads open the database, writes go through the bot that has locked it."""
    if not writes:
        async with _reading(settings) as database:
            await _require_current_schema(database)
            return await _do(settings, database, call, arguments)
    try:
        async with _alone(settings) as database:
            return await _do(settings, database, call, arguments)
    except DatabaseLocked:
        if not socket_of(settings.database).exists():
            raise
        return await call_running(settings.database, call, arguments, timeout_s=timeout_s)


async def _do(settings: Settings, database: Database, call: str, arguments: dict[str, Any]) -> Answer:
    from bot.resources import rates_of, secrets_of  # noqa: PLC0415 - imports the whole engine

    operator = Operator(
        database,
        defaults=settings.defaults,
        monthly_limit=settings.monthly_limit,
        clock=_clock,
        secrets=lambda: secrets_of(settings),
        rates=lambda: rates_of(settings),
    )
    return await operator.calls[call](**arguments)


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[Database]:
    """Open the database read-only, also while the bot runs."""
    if settings.database.startswith("sqlite"):
        must_exist(sqlite_file(settings))
    async with connect(settings.database, read_only=True) as database:
        yield database


async def _require_current_schema(database: Database) -> None:
    """Raise StoreError, with the remedy, for a database of an earlier or a newer version."""
    if await pending(database):
        raise StoreError(
            "The database has the schema of an earlier version: run reverie db upgrade, or start the bot"
        )


def must_exist(file: Path) -> None:
    """Raise ReverieError if there is no database yet."""
    if not file.exists():
        raise ReverieError(
            f"There is no {file} yet: start reverie run, or set REVERIE_DATA_DIR to its folder"
        )


@asynccontextmanager
async def _alone(settings: Settings) -> AsyncIterator[Database]:
    """Open the database for writing; an SQLite file is locked for this process."""
    with lock_store(settings.database):
        async with connect(settings.database) as database:
            await migrate(database)
            yield database


async def upgrade(settings: Settings) -> list[str]:
    """Apply the missing migrations; returns their names."""
    with lock_store(settings.database):
        async with connect(settings.database) as database:
            steps = await migrate(database)
        return [f"applied {step.version:04d} {step.name}" for step in steps]


async def reseal(settings: Settings) -> Answer:
    """Encrypt everything again with the first secret, through the running bot or directly."""
    from bot.resources import secrets_of  # noqa: PLC0415 - the other commands need none of it

    secret = fingerprint(secrets_of(settings)[0])
    return await operate(settings, "reseal", {"secret": secret}, writes=True, timeout_s=_RESEAL_TIMEOUT_S)


async def check(settings: Settings) -> dict[str, Any]:
    """Check the database file, its schema, meters, and counters of waiting jobs."""
    problems = []
    async with _reading(settings) as database:
        problems += [f"migration {step.name} is missing" for step in await pending(database)]
        if not problems:
            problems += [
                f"meter {row['id']} differs from its journal" for row in await inconsistent_meters(database)
            ]
            problems += await inconsistent_counts(database)
        states = {} if problems else await count_states(database)
    if settings.database.startswith("sqlite"):
        problems += await asyncio.to_thread(integrity, sqlite_file(settings))
    return {"problems": problems, "jobs": states}


def integrity(file: Path) -> Sequence[str]:
    """Check the integrity of an SQLite file."""
    found: list[str] = []
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            found += (row[0] for row in connection.execute("PRAGMA integrity_check"))
            found += (f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check"))
        except sqlite3.DatabaseError as error:
            found.append(str(error))  # a page that cannot be read ends the check
    return [line for line in found if line != "ok"]


def sqlite_file(settings: Settings) -> Path:
    """The file of the store; raises StoreError if the URL has none."""
    return path_of(settings.database)


async def copy(settings: Settings, target: str) -> dict[str, int]:
    """Copy every table to an empty database; returns the number of rows by table."""
    with lock_store(target):
        async with _alone(settings) as source, connect(target) as new:
            await migrate(new)
            return await copy_database(source, new)
