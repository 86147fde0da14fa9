from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain.cards import CardView, JobPhase
from tests.databases import (
    kept_postgres_url,
    migrated_postgres_url,
    migrated_sqlite_url,
    migrated_url,
    postgres_server,
    sqlite_url,
)
from tests.engine.house import House, open_house

__all__ = [
    "kept_postgres_url",
    "migrated_postgres_url",
    "migrated_sqlite_url",
    "migrated_url",
    "postgres_server",
    "sqlite_url",
]

#: opens a house; see `open_house`
Open = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house(tmp_path: Path, migrated_sqlite_url: str) -> Open:
    """Opens the engine on SQLite."""
    return partial(open_house, tmp_path, migrated_sqlite_url)


@pytest.fixture
def any_house(tmp_path: Path, migrated_url: str) -> Open:
    """Opens the engine on SQLite and, in a second run of the test, on PostgreSQL."""
    return partial(open_house, tmp_path, migrated_url)


def done(view: CardView) -> bool:
    return view.jobs[0].phase is JobPhase.DONE


async def row_of(house: House, card: CardView) -> dict[str, Any]:
    sql = "SELECT shown_rev, wanted_rev, tries, run_at, undeliverable, message FROM card WHERE id = :id"
    return (await house.rows(sql, id=card.card))[0]


async def is_shown(house: House, card: CardView) -> bool:
    row = await row_of(house, card)
    return bool(row["shown_rev"] == row["wanted_rev"])
