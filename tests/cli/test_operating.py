"""The operator's commands where no bot runs."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.cli.store_access import check, copy, operate, upgrade
from bot.domain.errors import InvalidRequest, JobNotFound, ReverieError, StoreError
from bot.settings import Settings
from bot.store.copy import TABLES
from bot.store.database.connect import connect
from bot.store.database.file_lock import DatabaseLocked, lock_store
from bot.store.database.named_sql import Query
from tests.cli.store import CHILD, JOB, PRICE, break_page, fill, settings
from tests.domain.people import NOW


@pytest.fixture
async def full(tmp_path: Path) -> Settings:
    where = settings(tmp_path)
    await fill(where, now=NOW)
    return where


async def _read(where: Settings, call: str, **arguments: Any) -> Any:
    return await operate(where, call, arguments, writes=False)


async def _write(where: Settings, call: str, **arguments: Any) -> Any:
    return await operate(where, call, arguments, writes=True)


async def test_the_first_write_creates_the_data_folder(tmp_path: Path) -> None:
    where = settings(tmp_path)
    for reading in (_read(where, "jobs_list"), check(where)):
        with pytest.raises(ReverieError, match=r"reverie\.db yet: start reverie run"):
            await reading
    assert not where.data_dir.exists()
    await _write(where, "quota_set", subject="discord:1", amount="50", period="month")
    (ceiling,) = await _read(where, "quota_show", subject="discord:1")
    assert 50_000_000 == ceiling["limit_microusd"]


async def test_jobs_are_listed_and_shown(full: Settings) -> None:
    assert {JOB, CHILD} == {row["id"] for row in await _read(full, "jobs_list")}
    assert [JOB] == [row["id"] for row in await _read(full, "jobs_list", state="completed")]
    shown = await _read(full, "jobs_show", job=f"#{JOB}")
    assert ("completed", PRICE, "r-1") == (shown["state"], shown["price_microusd"], shown["generation"])
    with pytest.raises(JobNotFound):
        await _read(full, "jobs_show", job="nonsense")


async def test_the_audit_is_read(full: Settings) -> None:
    await _write(full, "workspaces_block", subject="discord:10", blocked=True)
    await _write(full, "quota_set", subject="discord:10", amount="50", period="month")
    assert ["quota set", "block"] == [row["action"] for row in await _read(full, "audit")]
    assert [] == await _read(full, "audit", action="BLOCK", words="not even this")
    (block,) = await _read(full, "audit", action="BLOCK", member="discord:10")
    assert {"before": {"blocked": False}, "after": {"blocked": True}} == block["detail"]


async def test_orphans_are_listed(full: Settings) -> None:
    (orphan,) = await _read(full, "jobs_orphans")
    assert ("r-2", "late", False) == (orphan["generation"], orphan["cause"], orphan["removed"])


async def test_what_was_left_at_the_provider_is_marked_as_dealt_with(full: Settings) -> None:
    with pytest.raises(InvalidRequest, match="No generation r-2 was left at the provider"):
        await _write(full, "jobs_resolve", generation="r-2")
    with closing(sqlite3.connect(full.data_dir / "reverie.db")) as db, db:
        db.execute("UPDATE orphan_generation SET cause = 'unprocessed'")
    answer = await _write(full, "jobs_resolve", generation="r-2")
    assert {"generation": "r-2", "resolved": True} == answer
    (orphan,) = await _read(full, "jobs_orphans")
    assert orphan["removed"]


async def test_a_refund_is_given_once_and_the_meters_stay_right(full: Settings) -> None:
    assert {"job": JOB, "refunded": "$0.018"} == await _write(full, "jobs_refund", job=JOB)
    with pytest.raises(InvalidRequest, match="refunded before"):
        await _write(full, "jobs_refund", job=JOB)
    with pytest.raises(InvalidRequest, match="only a completed one was charged"):
        await _write(full, "jobs_refund", job=CHILD)
    assert [] == (await check(full))["problems"]


async def test_groups_are_made_changed_and_removed(full: Settings) -> None:
    home = {"group": "Acme & Co", "workspace": "discord:10"}
    await _write(full, "groups_create", group="  Acme &  Co ", amount="50")
    for wrong, words, arguments in (
        ("groups_create", "There is a group Acme & Co already", {"group": "Acme & Co", "amount": "1"}),
        ("groups_create", "60 characters", {"group": "a" * 61, "amount": "1"}),
        ("groups_add", "did you mean discord:10", home | {"workspace": "discord:11"}),
        ("groups_add", "did you mean Acme & Co", home | {"group": "Acme & Go"}),
        ("groups_remove", "discord:10 is not in the group", home),
    ):
        with pytest.raises(InvalidRequest, match=words):
            await _write(full, wrong, **arguments)
    await _write(full, "groups_add", **home)
    await _write(full, "groups_create", group="Other", amount="1")
    with pytest.raises(InvalidRequest, match="is in the group Acme & Co; take it out first"):
        await _write(full, "groups_add", group="Other", workspace="discord:10")
    with pytest.raises(InvalidRequest, match="There is a group Other already"):
        await _write(full, "groups_rename", group="Acme & Co", name="Other")
    await _write(full, "groups_rename", group="Acme & Co", name="The firm")
    await _write(full, "groups_budget", group="The firm", amount="25.50")
    (row,) = await _read(full, "workspaces_list")
    assert "The firm" == row["group"]
    _, other, firm = await _read(full, "groups_list")
    assert ("The firm", ["discord:10"], 25_500_000, 0) == (
        firm["group"],
        firm["workspaces"],
        firm["budget_microusd"],
        firm["used_microusd"],
    )
    assert ("Other", []) == (other["group"], other["workspaces"])
    await _write(full, "groups_remove", group="The firm", workspace="discord:10")
    await _write(full, "groups_add", group="Other", workspace="discord:10")
    assert {"group": "Other", "workspaces": 1, "deleted": True} == await _write(
        full, "groups_delete", group="Other"
    )
    assert ["Acme", "The firm"] == [one["group"] for one in await _read(full, "groups_list")]
    (row,) = await _read(full, "workspaces_list")
    assert row["group"] is None
    actions = [one["action"] for one in await _read(full, "audit", action="group")]
    assert ["group delete", "group add", "group remove", "group budget", "group rename"] == actions[:5]


async def test_workspaces_are_listed_with_their_blocks(full: Settings) -> None:
    await _write(full, "workspaces_block", subject="discord:10", blocked=True)
    (row,) = await _read(full, "workspaces_list")
    assert ("discord:10", 1, True, "Europe/Berlin") == (
        row["workspace"],
        row["members"],
        row["blocked"],
        row["timezone"],
    )


@pytest.mark.parametrize(
    ("call", "arguments", "words"),
    [
        (
            "usage",
            {"workspace": "discord:11"},
            "No workspace discord:11 has used the bot; did you mean discord:10",
        ),
        ("usage", {"workspace": "x:y"}, "reverie workspaces list shows all workspaces"),
        ("quota_show", {"subject": "discord:11"}, "did you mean discord:10"),
        ("quota_show", {"subject": "discord:11:1"}, "did you mean discord:10"),
        ("quota_show", {"subject": "discord:10:2"}, "No member discord:10:2 .* did you mean discord:10:1"),
    ],
)
async def test_an_unknown_workspace_or_member_is_told_with_the_nearest(
    full: Settings, call: str, arguments: dict[str, str], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        await _read(full, call, **arguments)


async def test_a_budget_makes_a_workspace_known_before_it_uses_the_bot(full: Settings) -> None:
    await _write(full, "quota_set", subject="discord:77", amount="50")
    answer = await _read(full, "usage", workspace="discord:77")
    assert ([], 0) == (answer["failures"], answer["total"][0]["jobs"])
    assert {0} == {day["jobs"] for day in answer["groups"]}


async def test_a_database_locked_by_a_bot_without_a_socket_is_reported(full: Settings) -> None:
    with lock_store(full.database), pytest.raises(DatabaseLocked, match="REVERIE_DATABASE_URL"):
        await _write(full, "workspaces_block", subject="discord:10", blocked=True)
    await _write(full, "workspaces_block", subject="discord:10", blocked=True)


async def test_an_upgrade_applies_what_is_missing_once(tmp_path: Path) -> None:
    assert (await upgrade(settings(tmp_path)))[0].startswith("applied 0001 ")
    assert [] == await upgrade(settings(tmp_path))


async def test_a_sound_database_has_no_problems(full: Settings) -> None:
    assert {"problems": [], "jobs": {"completed": 1, "queued": 1}} == await check(full)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE meter SET used = used + 1", "differs from its journal"),
        ("DELETE FROM migration", "is missing"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM card", "foreign key"),
    ],
)
async def test_damage_is_found(full: Settings, damage: str, words: str) -> None:
    with closing(sqlite3.connect(full.data_dir / "reverie.db")) as db:
        db.executescript(damage)
    (problem, *_) = (await check(full))["problems"]
    assert words in problem


async def test_pages_that_cannot_be_read_are_found(full: Settings) -> None:
    break_page(full, "attempt")
    assert "database disk image is malformed" in (await check(full))["problems"]


async def _content(url: str) -> dict[str, Sequence[dict[str, Any]]]:
    async with connect(url, read_only=True) as database:
        return {
            table: sorted(
                (dict(row) for row in await database.fetch(Query("all", f"SELECT * FROM {table}"))),  # noqa: S608
                key=repr,
            )
            for table in TABLES
        }


async def test_a_store_moves_to_postgresql_and_back_unchanged(
    full: Settings, postgres_url: str, tmp_path: Path
) -> None:
    before = await _content(full.database)
    assert all(
        before[table]
        for table in TABLES
        if table not in ("block", "audit", "lease", "rate_slot", "outage_notice", "quota_grant", "cap_notice")
    )
    copied = await copy(full, postgres_url)
    assert {table: len(rows) for table, rows in before.items()} == copied
    assert before == await _content(postgres_url)

    there = full.model_copy(update={"database_url": postgres_url})
    await _write(there, "workspaces_block", subject="discord:10", blocked=True)
    await _write(there, "jobs_refund", job=JOB)
    back = f"sqlite:///{tmp_path}/back.db"
    await copy(there, back)
    assert await _content(postgres_url) == await _content(back)
    assert [] == (await check(full.model_copy(update={"database_url": back})))["problems"]


async def test_a_target_in_use_is_left_as_it_is(full: Settings, tmp_path: Path) -> None:
    other = settings(tmp_path / "other")
    await _write(other, "quota_set", subject="discord:1", amount="50")
    before = await _content(other.database)
    with pytest.raises(StoreError, match="is not empty"):
        await copy(full, other.database)
    assert before == await _content(other.database)


async def test_every_table_is_copied(full: Settings) -> None:
    with closing(sqlite3.connect(full.data_dir / "reverie.db")) as db:
        found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert found - {"migration", "sqlite_sequence"} == set(TABLES)
