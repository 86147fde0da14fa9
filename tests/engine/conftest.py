from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain.cards.card import CardView, JobPhase
from bot.store.database import postgres, sqlite
from tests.databases import (
    kept_postgres,
    kept_postgres_url,
    migrated_postgres_url,
    migrated_sqlite_url,
    migrated_url,
    postgres_server,
    sqlite_url,
)
from tests.engine.harness import Engine, open_engine

__all__ = [
    "kept_postgres",
    "kept_postgres_url",
    "migrated_postgres_url",
    "migrated_sqlite_url",
    "migrated_url",
    "postgres_server",
    "sqlite_url",
]

#: opens a engine; see `open_engine`
Open = Callable[..., AbstractAsyncContextManager[Engine]]


@pytest.fixture
def engine(tmp_path: Path, migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the engine on SQLite, as most tests do that drive a whole engine.

    What the store promises is proved on both databases by its own tests, in `tests/store`.
    """
    _use_few_connections(monkeypatch)
    return partial(open_engine, tmp_path, migrated_sqlite_url)


@pytest.fixture
def any_engine(tmp_path: Path, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the engine on SQLite and, in a second run of the test, on PostgreSQL.

    For tests about what the databases do in their own ways: races, transactions, restarts, text and its
    search. And for so many others that each function of use cases, loops and store, and each statement, runs
    on PostgreSQL at least once.
    """
    _use_few_connections(monkeypatch)
    return partial(open_engine, tmp_path, migrated_url)


def _use_few_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give databases that are opened by this test fewer connections than usual.

    On PostgreSQL each has to load the catalog and plan its statements, on SQLite each has a thread and reads
    the schema. Both take longer than what most tests do over it.
    """
    monkeypatch.setattr(postgres, "WRITERS", 2)
    monkeypatch.setattr(postgres, "READERS", 1)
    monkeypatch.setattr(sqlite, "READERS", 1)


def done(view: CardView) -> bool:
    return view.jobs[0].phase is JobPhase.DONE


async def row_of(engine: Engine, card: CardView) -> dict[str, Any]:
    sql = "SELECT shown_rev, wanted_rev, tries, run_at, undeliverable, message FROM card WHERE id = :id"
    return (await engine.rows(sql, id=card.card))[0]


async def is_shown(engine: Engine, card: CardView) -> bool:
    row = await row_of(engine, card)
    return bool(row["shown_rev"] == row["wanted_rev"])
