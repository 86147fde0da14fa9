"""The order of claims, which are driven one by one, so that nothing depends on time."""

from typing import Any

from bot.domain.errors import RateLimited
from bot.domain.identity import Caller
from bot.domain.jobs import State
from bot.domain.models import Lane
from bot.store.claim import ClaimRequest, claim
from bot.store.database.named_sql import Query
from tests.engine.conftest import Open
from tests.engine.house import ADA, BOB, EVE, House, person

_END = Query("end", "UPDATE job SET state = 'cancelled', finished_at = :now WHERE id = :id")
MANY: dict[str, Any] = {"waiting_per_member": 200, "start": None}


async def next_turn(house: House) -> str | None:
    """Who owns the job that is claimed next."""
    now = house.clock.wall()
    item = ClaimRequest(
        account="one",
        lane=Lane.IMAGE,
        provider="simulator",
        queue="simulator/image",
        owner="test",
        now=now,
        lease_until=now + 45_000,
        window_start=now,
        max_count=1,
    )
    await house.services.database.write(claim, item)
    # What is claimed goes out of the lane at once: this is about turns, not limits.
    taken = await house.rows("SELECT id, member FROM job WHERE state = 'submitting'")
    if not taken:
        return None
    await house.services.database.exclusively(lambda tx: tx.run(_END, id=taken[0]["id"], now=now))
    member: str = taken[0]["member"]
    return member


async def turns(house: House, count: int) -> list[str | None]:
    return [await next_turn(house) for _ in range(count)]


async def ask(house: House, by: Caller, count: int) -> None:
    for number in range(count):
        await house.ask(f"/imagine fox {number}", by=by)


async def test_a_member_with_a_hundred_jobs_delays_anothers_first_by_at_most_one(any_house: Open) -> None:
    async with any_house(**MANY) as home:
        await ask(home, ADA, 100)
        assert 10 * [ADA.member] == await turns(home, 10)

        await ask(home, BOB, 1)

        assert BOB.member in await turns(home, 2)


async def test_members_take_turns_however_many_jobs_they_have(house: Open) -> None:
    async with house(**MANY) as home:
        await ask(home, ADA, 20)
        await ask(home, BOB, 5)
        await ask(home, EVE, 5)

        order = await turns(home, 15)

        for start in range(0, 15, 3):
            assert {ADA.member, BOB.member, EVE.member} == set(order[start : start + 3])


async def test_who_was_quiet_saves_up_no_turns(house: Open) -> None:
    async with house(**MANY) as home:
        await ask(home, BOB, 1)
        await ask(home, ADA, 50)
        await turns(home, 41)
        await ask(home, BOB, 5)

        assert 5 <= (await turns(home, 10)).count(ADA.member) <= 6


async def test_a_member_has_turns_of_their_own_in_each_workspace(house: Open) -> None:
    async with house(**MANY) as home:
        elsewhere = person("ada", workspace="chat:elsewhere")
        await ask(home, ADA, 10)
        await ask(home, elsewhere, 1)
        assert elsewhere.member in await turns(home, 2)


async def test_what_went_back_into_the_queue_keeps_its_turn(house: Open) -> None:
    async with house(start=("submit",)) as home:
        home.provider.steps.append(RateLimited(retry_after_ms=10_000))
        card = await home.ask(by=ADA)
        turn = (await home.job(card)).virtual_time
        await home.until(lambda: home.provider.creates)

        returned = await home.comes_to(card, State.QUEUED)
        later = await home.job(await home.ask(by=BOB))

        assert turn == returned.virtual_time
        assert (returned.virtual_time, returned.id) < (later.virtual_time, later.id)
