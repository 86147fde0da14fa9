"""The order of claims, which are driven one by one, so that nothing depends on time."""

from typing import Any

from bot.domain.errors import RateLimited
from bot.domain.generations.models import Lane
from bot.domain.identity import Caller
from bot.domain.jobs.job import State
from bot.store.database.named_sql import Query
from bot.store.queue.claim import ClaimRequest, claim
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, EVE, person

_END = Query("end", "UPDATE job SET state = 'cancelled', finished_at = :now WHERE id = :id")
MANY: dict[str, Any] = {"waiting_per_member": 200, "start": None}


async def next_turn(engine: Engine) -> str | None:
    """Who owns the job that is claimed next."""
    now = engine.clock.wall()
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
    await engine.services.database.write(claim, item)
    # What is claimed goes out of the lane at once: this is about turns, not limits.
    taken = await engine.rows("SELECT id, member FROM job WHERE state = 'submitting'")
    if not taken:
        return None
    await engine.services.database.exclusively(lambda tx: tx.run(_END, id=taken[0]["id"], now=now))
    member: str = taken[0]["member"]
    return member


async def turns(engine: Engine, count: int) -> list[str | None]:
    return [await next_turn(engine) for _ in range(count)]


async def ask(engine: Engine, by: Caller, count: int) -> None:
    for number in range(count):
        await engine.ask(f"/imagine fox {number}", by=by)


async def test_a_member_with_a_hundred_jobs_delays_anothers_first_by_at_most_one(any_engine: Open) -> None:
    async with any_engine(**MANY) as bot:
        await ask(bot, ADA, 100)
        assert 10 * [ADA.member] == await turns(bot, 10)

        await ask(bot, BOB, 1)

        assert BOB.member in await turns(bot, 2)


async def test_members_take_turns_however_many_jobs_they_have(engine: Open) -> None:
    async with engine(**MANY) as bot:
        await ask(bot, ADA, 20)
        await ask(bot, BOB, 5)
        await ask(bot, EVE, 5)

        order = await turns(bot, 15)

        for start in range(0, 15, 3):
            assert {ADA.member, BOB.member, EVE.member} == set(order[start : start + 3])


async def test_who_was_quiet_saves_up_no_turns(engine: Open) -> None:
    async with engine(**MANY) as bot:
        await ask(bot, BOB, 1)
        await ask(bot, ADA, 50)
        await turns(bot, 41)
        await ask(bot, BOB, 5)

        assert 5 <= (await turns(bot, 10)).count(ADA.member) <= 6


async def test_a_member_has_turns_of_their_own_in_each_workspace(engine: Open) -> None:
    async with engine(**MANY) as bot:
        elsewhere = person("ada", workspace="chat:elsewhere")
        await ask(bot, ADA, 10)
        await ask(bot, elsewhere, 1)
        assert elsewhere.member in await turns(bot, 2)


async def test_what_went_back_into_the_queue_keeps_its_turn(engine: Open) -> None:
    async with engine(start=("submit",)) as bot:
        bot.provider.steps.append(RateLimited(retry_after_ms=10_000))
        card = await bot.ask(by=ADA)
        turn = (await bot.job(card)).virtual_time
        await bot.until(lambda: bot.provider.creates)

        returned = await bot.comes_to(card, State.QUEUED)
        later = await bot.job(await bot.ask(by=BOB))

        assert turn == returned.virtual_time
        assert (returned.virtual_time, returned.id) < (later.virtual_time, later.id)
