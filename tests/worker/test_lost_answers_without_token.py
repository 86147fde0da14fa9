"""Creates whose answer was lost and that carry no token: equal requests are interchangeable."""

from bot.domain.actions import Action
from bot.domain.errors import OutcomeUnknown
from bot.domain.jobs import State
from bot.domain.requests import ImageRequest
from tests.engine.conftest import Open
from tests.engine.fakes import held, lost, lost_on_the_way

GRACE = 60_001
FOX = "/imagine a red fox"


async def test_a_lost_create_is_bound_to_the_equal_generation(any_house: Open) -> None:
    async with any_house(reachable=False) as home:
        home.provider.steps.append(lost())
        card = await home.ask(FOX)

        job = await home.ends(card)

        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert [None] == [url for _, _, url in home.provider.creates]
        assert (job.price, 0) == await home.money()


async def test_equal_lost_creates_are_bound_one_to_one(house: Open) -> None:
    async with house(reachable=False) as home:
        home.provider.steps.extend([lost(), lost(), lost()])
        cards = [await home.ask(FOX) for _ in range(3)]

        jobs = [await home.ends(card) for card in cards]

        assert {State.COMPLETED} == {job.state for job in jobs}
        assert set(home.provider.generations) == {job.remote_id for job in jobs}
        assert {} == await home.orphans()


async def test_what_stays_unbound_is_refunded(house: Open) -> None:
    async with house(reachable=False) as home:
        home.provider.steps.extend([lost(), lost_on_the_way()])
        cards = [await home.ask(FOX) for _ in range(2)]
        for card in cards:
            await home.comes_to(card, State.UNKNOWN, State.SUBMITTED, State.COMPLETED)
        home.advance(GRACE)

        jobs = [await home.ends(card) for card in cards]

        assert {State.COMPLETED, State.FAILED} == {job.state for job in jobs}
        failed = next(card for card, job in zip(cards, jobs, strict=True) if job.state is State.FAILED)
        seen = await home.shown(failed, lambda view: view.settled)
        assert "not charged" in seen.jobs[0].headline
        assert Action.AGAIN in seen.jobs[0].actions
        assert (jobs[0].price, 0) == await home.money()
        assert 2 == len(home.provider.creates)


async def test_nothing_is_bound_while_an_equal_job_is_submitting(house: Open) -> None:
    """One of the generations may be its own, and its answer on the way."""
    async with house(reachable=False) as home:
        step = held()
        home.provider.steps.extend([lost(), step])
        home.provider.list_error = OutcomeUnknown("503")
        first = await home.ask(FOX)
        await home.comes_to(first, State.UNKNOWN)
        second = await home.ask(FOX)
        await step.begun.wait()
        home.provider.list_error = None
        await home.looks()
        assert State.UNKNOWN is (await home.job(first)).state
        assert 2 == len(home.provider.generations)

        step.open()

        jobs = [await home.ends(card) for card in (first, second)]
        assert {State.COMPLETED} == {job.state for job in jobs}
        assert set(home.provider.generations) == {job.remote_id for job in jobs}
        assert {} == await home.orphans()


async def test_not_even_after_the_grace_time_is_an_equal_job_given_up_that_may_yet_be_told_apart(
    house: Open,
) -> None:
    async with house(reachable=False, times={"submit_lease": 200_000}) as home:
        step = held()
        home.provider.steps.extend([lost_on_the_way(), step])
        first = await home.ask(FOX)
        await home.comes_to(first, State.UNKNOWN)
        await home.ask(FOX)
        await step.begun.wait()
        home.advance(GRACE)
        await home.looks()
        assert State.UNKNOWN is (await home.job(first)).state

        step.open()

        assert State.FAILED is (await home.ends(first)).state


async def test_an_equal_generation_after_the_refund_is_the_operators(house: Open) -> None:
    async with house(reachable=False) as home:
        home.provider.lags = True
        home.provider.steps.append(lost())
        card = await home.ask(FOX)
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        assert State.FAILED is (await home.ends(card)).state
        (generation,) = home.provider.generations

        home.provider.hidden.clear()

        await home.until(lambda: home.provider.deleted)
        assert {generation: "unbound"} == await home.orphans()
        assert (0, 0) == await home.money()


async def test_generations_of_others_are_never_touched(house: Open) -> None:
    async with house(reachable=False) as home:
        equal, other = ImageRequest(prompt="a red fox"), ImageRequest(prompt="a blue fox")
        home.provider.make(equal, age_ms=60_000)
        home.provider.make(other)
        home.provider.make(equal, "https://their.example/done")
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask(FOX)
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)

        assert State.FAILED is (await home.ends(card)).state
        await home.looks()
        assert [] == home.provider.deleted
        assert {} == await home.orphans()


async def test_a_second_equal_request_after_a_refund_gets_a_generation_of_its_own(house: Open) -> None:
    async with house(reachable=False) as home:
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask(FOX)
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        failed = await home.ends(card)

        again = await home.press(Action.AGAIN, failed.id)

        job = await home.ends(again.view)
        await home.looks()
        assert State.COMPLETED is job.state
        assert {} == await home.orphans()
        assert [] == home.provider.deleted
