"""Creates whose answer was lost, with a token in each attempt."""

import pytest

from bot.domain.actions import Action
from bot.domain.errors import OutcomeUnknown, RateLimited
from bot.domain.failures import FailureCategory
from bot.domain.jobs import State
from bot.domain.models import Lane
from bot.domain.requests import ImageRequest
from bot.providers.base import GenerationState
from bot.store.claim import ClaimRequest, claim, cool_down
from tests.engine.conftest import Open
from tests.engine.fakes import held, lost, lost_on_the_way
from tests.engine.house import House

#: how long a lost create may take to show up, and how long it is looked for
GRACE, PATIENCE = 60_001, 900_001


def claim_of_a_dead_process(house: House) -> ClaimRequest:
    now = house.clock.wall()
    return ClaimRequest(
        account="one",
        lane=Lane.IMAGE,
        provider="simulator",
        queue="simulator/image",
        owner="dead",
        now=now,
        lease_until=now + house.services.times.submit_lease,
        window_start=now - house.services.times.lane_window,
        max_count=1,
    )


async def echo(house: House) -> None:
    """Have the provider's list show one of our markers, and see it."""
    await house.ends(await house.ask("/imagine a marker that is echoed"))
    await house.until(lambda: house.rows("SELECT 1 FROM account WHERE echoed_at IS NOT NULL"))


async def test_a_create_whose_answer_was_lost_is_adopted_from_the_list(any_house: Open) -> None:
    async with any_house() as home:
        home.provider.steps.append(lost())
        card = await home.ask()

        job = await home.ends(card)

        assert State.COMPLETED is job.state
        assert (1, 1) == (len(home.provider.creates), job.attempt)
        assert "adopted" in await home.causes(card)
        assert (job.price, 0) == await home.money()
        assert {} == await home.orphans()


async def test_a_create_whose_answer_was_lost_is_adopted_by_its_callback(house: Open) -> None:
    async with house() as home, home.http() as http:
        home.provider.list_error = OutcomeUnknown("503")
        home.provider.steps.append(lost())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        _, _, url = home.provider.creates[0]
        (generation,) = home.provider.generations

        answer = await http.post(str(url), json={"id": generation, "state": "completed"})

        assert 200 == answer.status_code
        job = await home.ends(card)
        assert (State.COMPLETED, generation) == (job.state, job.remote_id)


async def test_the_card_tells_that_the_answer_got_lost(house: Open) -> None:
    async with house() as home:
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.shown(card, lambda view: "checking whether it arrived" in view.jobs[0].headline)


async def test_a_lost_create_that_lags_is_adopted_once_the_list_shows_it(house: Open) -> None:
    async with house() as home:
        await echo(home)
        home.provider.lags = True
        home.provider.steps.append(lost())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE - 2_000)
        await home.looks()
        assert State.UNKNOWN is (await home.job(card)).state

        home.provider.lags = False
        home.provider.hidden.clear()

        job = await home.ends(card)
        assert (State.COMPLETED, 1) == (job.state, job.attempt)


async def test_a_create_that_is_proven_absent_is_asked_again(any_house: Open) -> None:
    async with any_house() as home:
        await echo(home)
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        await home.looks()
        assert State.UNKNOWN is (await home.job(card)).state, "before the grace time nothing is proven"

        home.advance(GRACE)

        job = await home.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)
        assert "proven_absent" in await home.causes(card)
        assert 3 == len(home.provider.creates)
        assert (2 * job.price, 0) == await home.money()


async def test_each_attempt_carries_a_marker_of_its_own(house: Open) -> None:
    async with house() as home:
        await echo(home)
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        await home.ends(card)

        markers = [url for _, _, url in home.provider.creates]
        assert 3 == len(set(markers))
        assert None not in markers


async def test_without_a_marker_ever_echoed_absence_proves_nothing(house: Open) -> None:
    async with house() as home:
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)

        job = await home.ends(card)

        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.LOST_ANSWER is job.failure.category
        seen = await home.shown(card, lambda view: view.settled)
        assert "not charged" in seen.jobs[0].headline
        assert Action.AGAIN in seen.jobs[0].actions
        assert (0, 0) == await home.money()
        assert 1 == len(home.provider.creates)


async def test_an_echo_that_is_too_old_proves_nothing(house: Open) -> None:
    async with house(times={"echo_proof": 30_000}) as home:
        await echo(home)
        home.provider.forgotten.update(home.provider.generations)
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)

        assert State.FAILED is (await home.ends(card)).state
        assert 2 == len(home.provider.creates)


@pytest.mark.parametrize("trouble", ["unreadable", "failing"])
async def test_a_list_that_cannot_be_read_whole_proves_nothing(house: Open, trouble: str) -> None:
    async with house() as home:
        await echo(home)
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        if trouble == "failing":
            home.provider.list_error = OutcomeUnknown("503")
        else:
            home.provider.lists_completely = False
        home.advance(GRACE)
        await home.looks()
        assert State.UNKNOWN is (await home.job(card)).state

        home.provider.list_error, home.provider.lists_completely = None, True
        job = await home.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)


@pytest.mark.parametrize("error", [OutcomeUnknown("503"), RateLimited("slow down")])
async def test_a_list_that_stays_out_of_reach_ends_with_a_refund(house: Open, error: Exception) -> None:
    async with house() as home:
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.provider.list_error = error

        home.advance(PATIENCE)

        job = await home.ends(card)
        assert State.FAILED is job.state
        assert (0, 0) == await home.money()


async def test_a_generation_that_turns_up_after_the_refund_is_the_operators(any_house: Open) -> None:
    async with any_house() as home, home.http() as http:
        home.provider.lags = True
        home.provider.steps.append(lost())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        assert State.FAILED is (await home.ends(card)).state
        (generation,) = home.provider.generations

        home.provider.hidden.clear()

        await home.until(lambda: home.provider.deleted)
        assert [generation] == home.provider.deleted
        assert {generation: "late"} == await home.orphans()
        assert (0, 0) == await home.money()
        remark = (await http.get("/readyz")).json()["remarks"][0]
        assert "paid by the operator ($0.018)" in remark
        assert State.FAILED is (await home.job(card)).state


async def test_a_first_attempt_that_turns_up_after_the_second_is_the_operators(house: Open) -> None:
    async with house() as home:
        await echo(home)
        home.provider.lags = True
        home.provider.steps.append(lost())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        late = list(home.provider.generations)[-1]
        home.provider.lags = False
        home.advance(GRACE)
        job = await home.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)
        charged = await home.money()

        home.provider.hidden.clear()

        await home.until(lambda: home.provider.deleted)
        assert [late] == home.provider.deleted
        assert {late: "superseded"} == await home.orphans()
        assert charged == await home.money()


async def test_a_lost_create_found_while_it_waits_to_be_asked_again_is_adopted(house: Open) -> None:
    async with house() as home:
        await echo(home)
        home.provider.lags = True
        home.provider.steps.append(lost())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        until = home.clock.wall() + 10_000_000
        await home.services.database.transact(cool_down, "one", Lane.IMAGE, until=until)
        home.advance(GRACE)
        await home.comes_to(card, State.QUEUED)

        home.provider.hidden.clear()

        job = await home.ends(card)
        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert 2 == len(home.provider.creates)
        assert {} == await home.orphans()


async def test_an_answer_that_comes_after_its_lease_is_bound_all_the_same(house: Open) -> None:
    """The process is slow, another takes the job for lost; the generation is its own and no orphan."""
    async with house() as home:
        home.provider.lags = True
        step = held()
        home.provider.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        home.advance(45_001)
        await home.comes_to(card, State.UNKNOWN)

        step.open()

        job = await home.ends(card)
        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert 1 == len(home.provider.creates)
        assert {} == await home.orphans()


async def test_an_answer_that_comes_after_the_refund_is_the_operators(house: Open) -> None:
    async with house() as home:
        home.provider.lags = True
        step = held()
        home.provider.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        home.advance(45_001)
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        assert State.FAILED is (await home.ends(card)).state

        step.open()

        await home.until(lambda: home.provider.deleted)
        assert ["late"] == list((await home.orphans()).values())
        assert (0, 0) == await home.money()


async def test_a_claim_that_never_left_goes_back_into_its_place(house: Open) -> None:
    async with house(start=None) as home:
        card = await home.ask()
        await home.services.database.write(claim, claim_of_a_dead_process(home))
        home.advance(45_001)
        home.start("recover")
        await home.comes_to(card, State.QUEUED)
        home.start()

        assert State.COMPLETED is (await home.ends(card)).state
        assert "never_left" in await home.causes(card)
        assert 1 == len(home.provider.creates)


async def test_an_orphan_that_cannot_be_deleted_is_tried_again_until_it_can(house: Open) -> None:
    async with house() as home, home.http() as http:
        home.provider.lags = True
        home.provider.delete_error = OutcomeUnknown("503")
        home.provider.steps.append(lost())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        await home.ends(card)
        home.provider.hidden.clear()
        await home.until(lambda: home.rows("SELECT 1 FROM orphan_generation WHERE tries > 0"))
        assert "1 of them are still to be deleted" in (await http.get("/readyz")).text

        home.provider.delete_error = None
        home.advance(30_001)

        await home.until(lambda: home.provider.deleted)


async def test_a_failed_generation_without_a_job_costs_nobody_anything(house: Open) -> None:
    async with house() as home:
        home.provider.lags = True
        home.provider.born = GenerationState.FAILED
        home.provider.steps.append(lost())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        await home.ends(card)
        home.provider.hidden.clear()
        await home.looks()

        assert {} == await home.orphans()


async def test_generations_of_others_are_never_touched(house: Open) -> None:
    async with house() as home:
        request = ImageRequest(prompt="somebody else's fox")
        foreign = [
            home.provider.make(request, "https://their.example/callbacks/some.other.token"),
            home.provider.make(request, "http://bot.invalid/callbacks/forged.zzz.aaaa"),
            home.provider.make(request),
        ]
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask()
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        await home.ends(card)
        await home.looks()

        assert [] == home.provider.deleted
        assert {} == await home.orphans()
        assert all(one.id in home.provider.generations for one in foreign)
