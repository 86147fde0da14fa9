"""Who is an admin is asked of Slack, and never guessed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.api.people import People
from tests.platforms.with_slack.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def _people(house: House, *admins: str) -> People:
    return People(house.slack, house.fake.clock.now_ms, admins=frozenset(admins))


async def test_admins_and_owners_are_whom_slack_says(house: House) -> None:
    people, team = _people(house), house.team.id
    asked = [
        house.ada,
        house.fake.user(house.team, "bob", admin=True),
        house.fake.user(house.team, "cem", owner=True),
    ]
    seen = [await people.look(team, person.user.id) for person in asked]
    assert [("ada", False), ("bob", True), ("cem", True)] == [(one.name, one.is_admin) for one in seen]


async def test_a_right_that_was_taken_ends_within_a_minute(house: House) -> None:
    people, bob = _people(house), house.fake.user(house.team, "bob", admin=True)
    for _ in range(2):
        assert (await people.look(house.team.id, bob.user.id)).is_admin
    assert 1 == len(house.fake.requests("users.info"))
    bob.user.is_admin = False
    house.fake.clock.advance(61)
    assert not (await people.look(house.team.id, bob.user.id)).is_admin


@pytest.mark.parametrize("form", ["{user}", "{team}:{user}", "slack:{team}:{user}"])
async def test_the_operator_may_name_more_admins(house: House, form: str) -> None:
    people = _people(house, form.format(team=house.team.id, user=house.ada.user.id))
    assert (await people.look(house.team.id, house.ada.user.id)).is_admin


async def test_where_slack_does_not_say_nobody_is_an_admin(house: House) -> None:
    bob = house.fake.user(house.team, "bob", admin=True)
    house.fake.fault("users.info", status=503)
    people = _people(house)
    assert not (await people.look(house.team.id, bob.user.id)).is_admin
    assert (await people.look(house.team.id, bob.user.id)).is_admin, "that was not remembered"


async def test_somebody_is_in_their_groups(house: House) -> None:
    group = house.fake.group(house.team, "film", house.ada)
    bob = house.fake.user(house.team, "bob")
    people = _people(house)
    assert {group.id} == await people.groups(house.team.id, house.ada.user.id)
    assert set() == await people.groups(house.team.id, bob.user.id)
    assert 1 == len(house.fake.requests("usergroups.list"))
