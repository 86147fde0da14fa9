"""Jobs by the dozen, kills at random instants, every promise kept; by the hundred in `make soak`."""

import pytest

from tests.crash.conftest import Open
from tests.crash.processes import port
from tests.crash.random_kills import Plan, RandomKills, seed_of, verdict

#: jobs and kills
SIZES = [(40, 5), pytest.param((300, 30), marks=pytest.mark.soak)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_killed_at_random_with_markers(world: Open, size: tuple[int, int]) -> None:
    jobs, kills = size
    plan = Plan(seed=seed_of(1), jobs=jobs, kills=kills)
    async with world(chat={"seed": plan.seed}) as here:
        await RandomKills(world=here, plan=plan).one_bot()
        assert [] == await verdict(here)
        assert jobs < len(await here.rows("SELECT id FROM job"))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_killed_at_random_without_a_public_url(world: Open, size: tuple[int, int]) -> None:
    jobs, kills = size
    plan = Plan(seed=seed_of(2), jobs=jobs, kills=kills)
    async with world(chat={"seed": plan.seed}, marked=False) as here:
        await RandomKills(world=here, plan=plan).one_bot()
        assert [] == await verdict(here)
        assert jobs < len(await here.rows("SELECT id FROM job"))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_two_bots_on_one_postgresql_killed_and_held_at_random(
    world: Open, migrated_postgres_url: str, size: tuple[int, int]
) -> None:
    jobs, kills = size
    plan = Plan(seed=seed_of(3), jobs=jobs, kills=kills)
    async with world(chat={"seed": plan.seed}, database_url=migrated_postgres_url) as here:
        with port() as other:
            await RandomKills(world=here, plan=plan).two_bots(other, hold_s=3.5)
        assert [] == await verdict(here)
        assert jobs < len(await here.rows("SELECT id FROM job"))
