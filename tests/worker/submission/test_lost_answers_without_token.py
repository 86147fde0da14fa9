"""Creates whose answer was lost and that carry no token: equal requests are interchangeable."""

from bot.domain.errors import OutcomeUnknown
from bot.domain.generations.requests import ImageRequest
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from tests.engine.conftest import Open
from tests.engine.fakes import held, lost, lost_on_the_way

GRACE = 60_001
FOX = "/imagine a red fox"


async def test_a_lost_create_is_bound_to_the_equal_generation(any_engine: Open) -> None:
    async with any_engine(reachable=False) as bot:
        bot.provider.steps.append(lost())
        card = await bot.ask(FOX)

        job = await bot.ends(card)

        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert [None] == [url for _, _, url in bot.provider.creates]
        assert (job.price, 0) == await bot.money()


async def test_equal_lost_creates_are_bound_one_to_one(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        bot.provider.steps.extend([lost(), lost(), lost()])
        cards = [await bot.ask(FOX) for _ in range(3)]

        jobs = [await bot.ends(card) for card in cards]

        assert {State.COMPLETED} == {job.state for job in jobs}
        assert set(bot.provider.generations) == {job.remote_id for job in jobs}
        assert {} == await bot.orphans()


async def test_what_stays_unbound_is_refunded(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        bot.provider.steps.extend([lost(), lost_on_the_way()])
        cards = [await bot.ask(FOX) for _ in range(2)]
        for card in cards:
            await bot.comes_to(card, State.UNKNOWN, State.SUBMITTED, State.COMPLETED)
        bot.advance(GRACE)

        jobs = [await bot.ends(card) for card in cards]

        assert {State.COMPLETED, State.FAILED} == {job.state for job in jobs}
        failed = next(card for card, job in zip(cards, jobs, strict=True) if job.state is State.FAILED)
        seen = await bot.shown(failed, lambda view: view.settled)
        assert "not charged" in seen.jobs[0].headline
        assert Action.AGAIN in seen.jobs[0].actions
        assert (jobs[0].price, 0) == await bot.money()
        assert 2 == len(bot.provider.creates)


async def test_nothing_is_bound_while_an_equal_job_is_submitting(engine: Open) -> None:
    """One of the generations may be its own, and its answer on the way."""
    async with engine(reachable=False) as bot:
        step = held()
        bot.provider.steps.extend([lost(), step])
        bot.provider.list_error = OutcomeUnknown("503")
        first = await bot.ask(FOX)
        await bot.comes_to(first, State.UNKNOWN)
        second = await bot.ask(FOX)
        await step.begun.wait()
        bot.provider.list_error = None
        await bot.looks()
        assert State.UNKNOWN is (await bot.job(first)).state
        assert 2 == len(bot.provider.generations)

        step.open()

        jobs = [await bot.ends(card) for card in (first, second)]
        assert {State.COMPLETED} == {job.state for job in jobs}
        assert set(bot.provider.generations) == {job.remote_id for job in jobs}
        assert {} == await bot.orphans()


async def test_not_even_after_the_grace_time_is_an_equal_job_given_up_that_may_yet_be_told_apart(
    engine: Open,
) -> None:
    async with engine(reachable=False, times={"submit_lease": 200_000}) as bot:
        step = held()
        bot.provider.steps.extend([lost_on_the_way(), step])
        first = await bot.ask(FOX)
        await bot.comes_to(first, State.UNKNOWN)
        await bot.ask(FOX)
        await step.begun.wait()
        bot.advance(GRACE)
        await bot.looks()
        assert State.UNKNOWN is (await bot.job(first)).state

        step.open()

        assert State.FAILED is (await bot.ends(first)).state


async def test_an_equal_generation_after_the_refund_is_the_operators(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        bot.provider.lags = True
        bot.provider.steps.append(lost())
        card = await bot.ask(FOX)
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        assert State.FAILED is (await bot.ends(card)).state
        (generation,) = bot.provider.generations

        bot.provider.hidden.clear()

        await bot.until(lambda: bot.provider.deleted)
        assert {generation: "unbound"} == await bot.orphans()
        assert (0, 0) == await bot.money()


async def test_generations_of_others_are_never_touched(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        equal, other = ImageRequest(prompt="a red fox"), ImageRequest(prompt="a blue fox")
        bot.provider.make(equal, age_ms=60_000)
        bot.provider.make(other)
        bot.provider.make(equal, "https://their.example/done")
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask(FOX)
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)

        assert State.FAILED is (await bot.ends(card)).state
        await bot.looks()
        assert [] == bot.provider.deleted
        assert {} == await bot.orphans()


async def test_a_second_equal_request_after_a_refund_gets_a_generation_of_its_own(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask(FOX)
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        failed = await bot.ends(card)

        again = await bot.press(Action.AGAIN, failed.id)

        job = await bot.ends(again.view)
        await bot.looks()
        assert State.COMPLETED is job.state
        assert {} == await bot.orphans()
        assert [] == bot.provider.deleted
