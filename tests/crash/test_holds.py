"""Held jobs: the bot is killed while one goes on, ends or expires; all is decided and paid once."""

from typing import Any

import pytest

from tests.crash.adapter import ADMIN
from tests.crash.conftest import Open
from tests.crash.processes import Running
from tests.crash.promises import broken_promises
from tests.crash.steps import causes, imagine, start_again, the_job
from tests.crash.world import World, until

#: who decides about a job that is held in this way, and the options of /rules prices
HOLDS: dict[str, tuple[str, dict[str, Any]]] = {
    "confirmation": ("ada", {"confirm": "0"}),
    "approval": (ADMIN, {"confirm": "off", "approve": "0"}),
}


async def held(
    here: World, point: str, prices: dict[str, Any], **more: str
) -> tuple[Running, dict[str, Any]]:
    """Start a bot that is killed at a point, and have it hold a job."""
    bot = await here.start("bot", {"CRASH_AT": point, **more})
    ruled = here.chat.say("rules prices", member=ADMIN, undo=0, **prices)

    async def answered() -> bool:
        return bool(ruled.answers)

    await until(answered, "the rules are set")
    asked = imagine(here)

    async def waits() -> bool:
        return bool(asked.answers) and bool(here.chat.messages)

    await until(waits, "the job is held")
    job = await the_job(here)
    assert "held" == job["state"]
    return bot, job


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None for a file of its own."""
    return request.getfixturevalue("migrated_postgres_url") if request.param == "postgres" else None


@pytest.mark.parametrize("point", ["deciding", "decided"])
@pytest.mark.parametrize("hold", HOLDS)
async def test_an_approved_job_is_made_and_paid_once(
    world: Open, database_url: str | None, hold: str, point: str
) -> None:
    decider, prices = HOLDS[hold]
    async with world(database_url=database_url) as here:
        bot, job = await held(here, point, prices)
        event = here.chat.decide("approve", job["id"], job["card"], member=decider)
        assert await bot.ended(within_s=30)
        await start_again(here)
        assert event.given > 1
        told = (
            "Already approved"
            if point == "decided"
            else {"confirmation": "Confirmed", "approval": "Approved"}[hold]
        )
        first, *again = event.answers
        assert {"note": told} == first
        # The chat gives out an event again that is not answered at once.
        assert all({"note": "Already approved"} == answer for answer in again)
        assert 1 == (await causes(here)).count({"confirmation": "confirmed", "approval": "approved"}[hold])
        assert "completed" == (await the_job(here))["state"]
        assert 1 == len(await here.provider.generations())
        assert [] == await broken_promises(here)


@pytest.mark.parametrize("hold", HOLDS)
async def test_a_refused_job_gives_its_money_back_once(
    world: Open, database_url: str | None, hold: str
) -> None:
    decider, prices = HOLDS[hold]
    async with world(database_url=database_url) as here:
        bot, job = await held(here, "deciding", prices)
        here.chat.decide("refuse", job["id"], job["card"], member=decider)
        assert await bot.ended(within_s=30)
        await start_again(here)
        ended = await the_job(here)
        assert {"confirmation": "cancelled", "approval": "failed"}[hold] == ended["state"]
        assert [] == await here.provider.generations()
        assert [] == await broken_promises(here)


async def test_an_unconfirmed_job_expires_once(world: Open, database_url: str | None) -> None:
    times = {"REVERIE_TIMING__CONFIRMATION": "40000"}
    async with world(database_url=database_url, settings=times) as here:
        bot, _ = await held(here, "decided", HOLDS["confirmation"][1])
        assert await bot.ended(within_s=30)
        await start_again(here)
        ended = await the_job(here)
        assert ("failed", "expired") == (ended["state"], (await causes(here))[-1])
        assert [] == await broken_promises(here)
