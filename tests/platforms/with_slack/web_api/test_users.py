"""Users and their rights come from Slack, and are never assumed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.web_api.lookups import UserDirectory, UserKind, UserUnknown, parse_user
from adapters.slack.web_api.rate_limits import SharedRequests
from tests.platforms.with_slack.delivery.publisher_harness import PublisherHarness, open_publisher


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PublisherHarness]:
    async with open_publisher(tmp_path) as opened:
        yield opened


def _people(harness: PublisherHarness, *admins: str) -> UserDirectory:
    return UserDirectory(harness.slack, harness.fake.clock.now_ms, admins=frozenset(admins))


async def test_admins_and_owners_come_from_slack(harness: PublisherHarness) -> None:
    people, team = _people(harness), harness.team.id
    asked = [
        harness.ada,
        harness.fake.user(harness.team, "bob", admin=True),
        harness.fake.user(harness.team, "cem", owner=True),
    ]
    seen = [await people.get(team, person.user.id) for person in asked]
    assert [("ada", False), ("bob", True), ("cem", True)] == [(one.name, one.is_admin) for one in seen]


async def test_a_lost_admin_role_counts_at_once(harness: PublisherHarness) -> None:
    """Members are cached, admins are not."""
    people, bob = _people(harness), harness.fake.user(harness.team, "bob", admin=True)
    assert (await people.get(harness.team.id, bob.user.id)).is_admin
    bob.user.is_admin = False
    for _ in range(3):
        assert not (await people.get(harness.team.id, bob.user.id)).is_admin
    assert 2 == len(harness.fake.requests("users.info"))
    bob.user.is_restricted = True
    harness.fake.clock.advance(61)
    assert UserKind.GUEST is (await people.get(harness.team.id, bob.user.id)).kind


async def test_a_deactivated_account_is_no_admin_even_if_configured(harness: PublisherHarness) -> None:
    bob = harness.fake.user(harness.team, "bob", admin=True)
    people = _people(harness, bob.user.id)
    assert (await people.get(harness.team.id, bob.user.id)).is_admin
    harness.fake.deactivate(bob)
    seen = await people.get(harness.team.id, bob.user.id)
    assert (UserKind.DEACTIVATED, False) == (seen.kind, seen.is_admin)


async def test_concurrent_look_ups_share_one_request(harness: PublisherHarness) -> None:
    people, bob = _people(harness), harness.fake.user(harness.team, "bob", admin=True)
    seen = await asyncio.gather(*(people.get(harness.team.id, bob.user.id) for _ in range(50)))
    assert {("bob", True)} == {(one.name, one.is_admin) for one in seen}
    assert 1 == len(harness.fake.requests("users.info"))


async def test_a_cancelled_caller_leaves_the_others_a_result() -> None:
    shared: SharedRequests[str] = SharedRequests(lambda: "given up")
    begun, gate = asyncio.Event(), asyncio.Event()

    async def request() -> str:
        begun.set()
        await gate.wait()
        return "told"

    leader, *others = (asyncio.create_task(shared.run("key", request)) for _ in range(3))
    await begun.wait()
    others[0].cancel()
    gate.set()
    assert ("told", "told") == (await leader, await others[1])
    begun.clear()
    gate.clear()
    leader, other = (asyncio.create_task(shared.run("key", request)) for _ in range(2))
    await begun.wait()
    leader.cancel()
    assert "given up" == await other


@pytest.mark.parametrize("form", ["{user}", "{team}:{user}", "slack:{team}:{user}"])
async def test_the_operator_can_configure_admins(harness: PublisherHarness, form: str) -> None:
    people = _people(harness, form.format(team=harness.team.id, user=harness.ada.user.id))
    assert (await people.get(harness.team.id, harness.ada.user.id)).is_admin


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"status": 503}, "Try again"),
        ({"status": 429, "retry_after_s": 1}, "Try again"),
        ({"error": "user_not_found"}, "Try again"),
        ({"error": "missing_scope", "needed": "users:read"}, "users:read"),
    ],
    ids=str,
)
async def test_an_unidentified_user_is_refused(
    harness: PublisherHarness, trouble: dict[str, Any], told: str
) -> None:
    """Not that they are a person, nor that a configured admin is no bot."""
    bob = harness.fake.user(harness.team, "bob", admin=True)
    harness.fake.fault("users.info", **trouble)
    people = _people(harness, bob.user.id)
    with pytest.raises(UserUnknown, match=told):
        await people.get(harness.team.id, bob.user.id)


async def test_a_failed_look_up_is_not_cached(harness: PublisherHarness) -> None:
    harness.fake.fault("users.info", status=503)
    people = _people(harness)
    with pytest.raises(UserUnknown, match="nothing was charged"):
        await people.get(harness.team.id, harness.ada.user.id)
    assert "ada" == (await people.get(harness.team.id, harness.ada.user.id)).name


@pytest.mark.parametrize(
    ("told", "standing", "is_admin"),
    [
        ({}, UserKind.MEMBER, False),
        ({"team_id": None, "profile": None, "is_admin": None, "is_bot": None}, UserKind.MEMBER, False),
        ({"is_admin": True}, UserKind.MEMBER, True),
        ({"is_primary_owner": True}, UserKind.MEMBER, True),
        ({"is_owner": True, "deleted": True}, UserKind.DEACTIVATED, False),
        ({"is_restricted": True}, UserKind.GUEST, False),
        ({"is_restricted": True, "is_ultra_restricted": True}, UserKind.GUEST, False),
        ({"is_stranger": True, "is_admin": True}, UserKind.EXTERNAL, False),
        ({"team_id": "T2", "is_admin": True}, UserKind.EXTERNAL, False),
        ({"team_id": None, "profile": {"team": "T2"}}, UserKind.EXTERNAL, False),
        ({"is_bot": True}, UserKind.BOT, False),
        ({"is_workflow_bot": True}, UserKind.BOT, False),
        ({"id": "USLACKBOT"}, UserKind.BOT, False),
    ],
)
def test_the_kind_of_a_user_is_parsed(told: dict[str, Any], standing: UserKind, *, is_admin: bool) -> None:
    someone = parse_user({"id": "U1", "team_id": "T1", **told}, "T1", None)
    assert (standing, is_admin) == (someone.kind, someone.is_admin)


@pytest.mark.parametrize(
    ("told", "standing", "is_admin"),
    [
        ({"team_id": "T1", "enterprise_user": {"enterprise_id": "E1"}}, UserKind.MEMBER, True),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}}, UserKind.MEMBER, False),
        ({"team_id": "T1", "enterprise_user": {"enterprise_id": "E2"}}, UserKind.EXTERNAL, False),
        ({"team_id": "T2", "enterprise_id": "E2"}, UserKind.EXTERNAL, False),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, UserKind.MEMBER, False),
        ({"team_id": "T2", "enterprise_user": None}, UserKind.EXTERNAL, False),
    ],
)
def test_members_of_one_organisation_are_not_external(
    told: dict[str, Any], standing: UserKind, *, is_admin: bool
) -> None:
    someone = parse_user({"id": "U1", "is_admin": True, **told}, "T1", "E1")
    assert (standing, is_admin) == (someone.kind, someone.is_admin)
