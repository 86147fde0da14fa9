"""Reading commands refuse a database of another schema with one line that names the remedy."""

import sqlite3
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pytest

from bot.cli.store_access import upgrade
from bot.store.database.connect import connect
from tests.cli.running import complaint, reverie
from tests.cli.store import settings
from tests.store.releases.released import RELEASES, restore

READING = [
    ("usage", "discord:1"),
    ("quota", "show", "discord:1"),
    ("jobs", "list"),
    ("jobs", "show", "4n6p8r"),
    ("jobs", "orphans"),
    ("workspaces", "list"),
]


#: every command with one release at least
_EARLIER = [*zip(RELEASES[:-1], cycle(READING), strict=False)]
assert len(_EARLIER) >= len(READING)


@pytest.mark.parametrize(("release", "command"), _EARLIER, ids=[release.stem for release, _ in _EARLIER])
async def test_a_database_of_an_earlier_release_has_to_be_upgraded_first(
    release: Path, command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    async with connect(settings(tmp_path).database) as database:
        await restore(database, release)
    assert "run reverie db upgrade" in complaint(reverie(tmp_path, *command), 1)
    assert 0 == reverie(tmp_path, "db", "upgrade").returncode
    assert 0 == reverie(tmp_path, "jobs", "list").returncode


async def test_a_database_of_a_newer_release_needs_the_newer_program(tmp_path: Path) -> None:
    where = settings(tmp_path)
    await upgrade(where)
    with closing(sqlite3.connect(tmp_path / "data" / "reverie.db")) as database, database:
        database.execute("INSERT INTO migration VALUES (9999, 'later', 0)")
    for arguments in READING:
        assert "install the newer program" in complaint(reverie(tmp_path, *arguments), 1)
