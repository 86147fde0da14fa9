from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain.cards.card import CardView, JobPhase
from bot.store.database import postgres
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
def engine(tmp_path: Path, migrated_sqlite_url: str) -> Open:
    """Opens the engine on SQLite."""
    return partial(open_engine, tmp_path, migrated_sqlite_url)


@pytest.fixture
def any_engine(tmp_path: Path, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the engine on SQLite and, in a second run of the test, on PostgreSQL.

    There it has fewer connections than usual: each has to load the catalog and plan its statements, which
    takes longer than what most tests do over it.
    """
    monkeypatch.setattr(postgres, "WRITERS", 3)
    monkeypatch.setattr(postgres, "READERS", 2)
    return partial(open_engine, tmp_path, migrated_url)


def done(view: CardView) -> bool:
    return view.jobs[0].phase is JobPhase.DONE


async def row_of(engine: Engine, card: CardView) -> dict[str, Any]:
    sql = "SELECT shown_rev, wanted_rev, tries, run_at, undeliverable, message FROM card WHERE id = :id"
    return (await engine.rows(sql, id=card.card))[0]


async def is_shown(engine: Engine, card: CardView) -> bool:
    row = await row_of(engine, card)
    return bool(row["shown_rev"] == row["wanted_rev"])
