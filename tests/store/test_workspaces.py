"""Decisions of admins and the operator, and their audit rows."""

import pytest

from bot.domain.access import Workspace
from bot.domain.money.quota import Allowance, Level, Period, Rule
from bot.store.admin.workspaces import (
    AuditEntry,
    find_members,
    find_workspace,
    member_names,
    set_block,
    set_pause,
)
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.operator.reports import list_workspaces
from bot.store.queue.accept import accept
from bot.store.quotas.limits import reset_meter, rules_for, set_rule, workspace_rules
from tests.store.factories import NOW, WORKSPACE, acceptance, caller, completed, open_account

AUDIT = Query("audit", "SELECT at, actor, workspace, action, subject, detail FROM audit ORDER BY id")


def decide(action: str, subject: str = "") -> AuditEntry:
    return AuditEntry(actor="chat:home:boss", workspace=WORKSPACE, action=action, subject=subject, now=NOW)


def rule(level: Level, subject: str, amount: int, workspace: str = WORKSPACE) -> Rule:
    allowance = Allowance(amount=amount, period=Period.WEEK)
    return Rule(level=level, subject=subject, workspace=workspace, allowance=allowance)


async def test_every_decision_leaves_an_audit_row(store: Database) -> None:
    limit = rule(Level.MEMBER, "chat:home:ada", 5)
    await store.transact(set_rule, limit, audit=decide("limit", "ada"))
    await store.transact(set_pause, WORKSPACE, audit=decide("pause"), paused=True, reason="party")
    await store.transact(set_block, "eve", audit=decide("block", "eve"), blocked=True)
    await store.transact(reset_meter, "nothing", audit=decide("reset", "ada"))
    rows = await store.fetch(AUDIT)
    assert [
        ("limit", "ada", '{"unit":"money","period":"week","amount":5,"before":[]}'),
        (
            "pause",
            "",
            '{"before":{"paused":false,"reason":""},"after":{"paused":true,"reason":"party"}}',
        ),
        ("block", "eve", '{"before":{"blocked":false},"after":{"blocked":true}}'),
        ("reset", "ada", '{"given_back":0}'),
    ] == [(row["action"], row["subject"], row["detail"]) for row in rows]
    assert {(NOW, "chat:home:boss", WORKSPACE)} == {
        (row["at"], row["actor"], row["workspace"]) for row in rows
    }


async def test_a_rule_takes_the_place_of_the_one_before(store: Database) -> None:
    for amount in (5, 7):
        limit = rule(Level.MEMBER, "", amount)
        await store.transact(set_rule, limit, audit=decide("limit"))
    assert [rule(Level.MEMBER, "", 7)] == await workspace_rules(store, WORKSPACE)


async def test_the_rules_that_concern_somebody_are_found(store: Database) -> None:
    about_ada = [
        rule(Level.MEMBER, "chat:home:ada", 1),
        rule(Level.WORKSPACE, WORKSPACE, 2),
        rule(Level.CEILING, WORKSPACE, 3, ""),
        rule(Level.PERSON, "chat:ada", 4, ""),
        rule(Level.EVERYTHING, "", 5, ""),
    ]
    others = [rule(Level.PERSON, "chat:eve", 6, ""), rule(Level.WORKSPACE, "chat:other", 7, "chat:other")]
    for one in (*about_ada, *others):
        await store.transact(set_rule, one, audit=decide("limit"))
    found = await rules_for(store, [caller("ada")])
    assert sorted(about_ada, key=str) == sorted(found, key=str)
    assert sorted([*about_ada[2:], others[0]], key=str) == sorted(await workspace_rules(store, ""), key=str)


async def test_a_workspace_may_be_paused_before_anybody_asked_anything_there(store: Database) -> None:
    assert Workspace(id=WORKSPACE) == await find_workspace(store, WORKSPACE)
    await store.transact(set_pause, WORKSPACE, paused=True, reason="party", audit=decide("pause"))
    expected = Workspace(id=WORKSPACE, paused=True, pause_reason="party")
    assert expected == await find_workspace(store, WORKSPACE)


async def test_a_block_changes_something_once(store: Database) -> None:
    answers = [
        await store.transact(set_block, "eve", audit=decide("block"), blocked=blocked)
        for blocked in (True, True, False, False)
    ]
    assert [True, False, True, False] == answers


@pytest.mark.parametrize("text", ["@Ada", "ada", "ADA", "chat:home:ada", "chat:ada"])
async def test_a_member_is_found_by_name_or_id(store: Database, text: str) -> None:
    await store.write(accept, acceptance(caller("ada")))
    await store.write(accept, acceptance(caller("adam")))
    await store.write(accept, acceptance(caller("ada", workspace="chat:other")))
    found = await find_members(store, WORKSPACE, text)
    assert [("chat:home:ada", "Ada", "chat:ada")] == [(one.id, one.name, one.person) for one in found]


async def test_a_name_in_any_script_is_found_as_it_is_written(store: Database) -> None:
    await store.write(accept, acceptance(caller("Élodie")))
    assert ["Élodie"] == [one.name for one in await find_members(store, WORKSPACE, "Élodie")]
    assert ["Élodie"] == await member_names(store, WORKSPACE, "Él")


async def test_names_are_completed_whoever_was_seen_last_first(store: Database) -> None:
    for n, name in enumerate(("adam", "eve", "ada")):
        await store.write(accept, acceptance(caller(name), now=NOW + n))
    assert ["Ada", "Adam"] == await member_names(store, WORKSPACE, "AD")
    assert [] == await member_names(store, WORKSPACE, "x")


@pytest.mark.parametrize("start", ["%", "_d", "\\"])
async def test_wildcards_are_no_wildcards(store: Database, start: str) -> None:
    await store.write(accept, acceptance(caller("ada")))
    assert await member_names(store, WORKSPACE, start) in ([], ["Ada"])
    assert [] == await member_names(store, WORKSPACE, start + "zz")


async def test_the_operator_sees_every_workspace(store: Database) -> None:
    await open_account(store)
    await completed(store)
    await store.write(accept, acceptance(caller("bob")))
    await store.transact(set_block, WORKSPACE, audit=decide("block"), blocked=True)
    assert [
        {
            "workspace": WORKSPACE,
            "members": 2,
            "paused": False,
            "blocked": True,
            "timezone": "UTC",
            "group": None,
            "spent_microusd": 10,
        }
    ] == await list_workspaces(store, since=0)
