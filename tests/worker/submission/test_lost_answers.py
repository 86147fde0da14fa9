"""Creates whose answer was lost, with a token in each attempt."""

import pytest

from bot.domain.errors import OutcomeUnknown, RateLimited
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import ImageRequest
from bot.domain.jobs.actions import Action
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.store.queue.claim import ClaimRequest, claim, cool_down
from tests.engine.conftest import Open
from tests.engine.fakes import held, lost, lost_on_the_way
from tests.engine.harness import Engine

#: how long a lost create may take to show up, and how long it is looked for
GRACE, PATIENCE = 60_001, 900_001


def claim_of_a_dead_process(engine: Engine) -> ClaimRequest:
    now = engine.clock.wall()
    return ClaimRequest(
        account="one",
        lane=Lane.IMAGE,
        provider="simulator",
        queue="simulator/image",
        owner="dead",
        now=now,
        lease_until=now + engine.services.times.submit_lease,
        window_start=now - engine.services.times.lane_window,
        max_count=1,
    )


async def echo(engine: Engine) -> None:
    """Have the provider's list show one of our markers, and see it."""
    await engine.ends(await engine.ask("/imagine a marker that is echoed"))
    await engine.until(lambda: engine.rows("SELECT 1 FROM account WHERE echoed_at IS NOT NULL"))


async def test_a_create_whose_answer_was_lost_is_adopted_from_the_list(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(lost())
        card = await bot.ask()

        job = await bot.ends(card)

        assert State.COMPLETED is job.state
        assert (1, 1) == (len(bot.provider.creates), job.attempt)
        assert "adopted" in await bot.causes(card)
        assert (job.price, 0) == await bot.money()
        assert {} == await bot.orphans()


async def test_a_create_whose_answer_was_lost_is_adopted_by_its_callback(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        bot.provider.list_error = OutcomeUnknown("503")
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        _, _, url = bot.provider.creates[0]
        (generation,) = bot.provider.generations

        answer = await http.post(str(url), json={"id": generation, "state": "completed"})

        assert 200 == answer.status_code
        job = await bot.ends(card)
        assert (State.COMPLETED, generation) == (job.state, job.remote_id)


async def test_the_card_tells_that_the_answer_got_lost(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.shown(card, lambda view: "checking whether it arrived" in view.jobs[0].headline)


async def test_a_lost_create_that_lags_is_adopted_once_the_list_shows_it(engine: Open) -> None:
    async with engine() as bot:
        await echo(bot)
        bot.provider.lags = True
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE - 2_000)
        await bot.looks()
        assert State.UNKNOWN is (await bot.job(card)).state

        bot.provider.lags = False
        bot.provider.hidden.clear()

        job = await bot.ends(card)
        assert (State.COMPLETED, 1) == (job.state, job.attempt)


async def test_a_create_that_is_proven_absent_is_asked_again(engine: Open) -> None:
    async with engine() as bot:
        await echo(bot)
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        await bot.looks()
        assert State.UNKNOWN is (await bot.job(card)).state, "before the grace time nothing is proven"

        bot.advance(GRACE)

        job = await bot.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)
        assert "proven_absent" in await bot.causes(card)
        assert 3 == len(bot.provider.creates)
        assert (2 * job.price, 0) == await bot.money()


async def test_each_attempt_carries_a_marker_of_its_own(engine: Open) -> None:
    async with engine() as bot:
        await echo(bot)
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        await bot.ends(card)

        markers = [url for _, _, url in bot.provider.creates]
        assert 3 == len(set(markers))
        assert None not in markers


async def test_without_a_marker_ever_echoed_absence_proves_nothing(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)

        job = await bot.ends(card)

        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.LOST_ANSWER is job.failure.category
        seen = await bot.shown(card, lambda view: view.settled)
        assert "not charged" in seen.jobs[0].headline
        assert Action.AGAIN in seen.jobs[0].actions
        assert (0, 0) == await bot.money()
        assert 1 == len(bot.provider.creates)


async def test_an_echo_that_is_too_old_proves_nothing(engine: Open) -> None:
    async with engine(times={"echo_proof": 30_000}) as bot:
        await echo(bot)
        bot.provider.forgotten.update(bot.provider.generations)
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)

        assert State.FAILED is (await bot.ends(card)).state
        assert 2 == len(bot.provider.creates)


@pytest.mark.parametrize("trouble", ["unreadable", "failing"])
async def test_a_list_that_cannot_be_read_whole_proves_nothing(engine: Open, trouble: str) -> None:
    async with engine() as bot:
        await echo(bot)
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        if trouble == "failing":
            bot.provider.list_error = OutcomeUnknown("503")
        else:
            bot.provider.lists_completely = False
        bot.advance(GRACE)
        await bot.looks()
        assert State.UNKNOWN is (await bot.job(card)).state

        bot.provider.list_error, bot.provider.lists_completely = None, True
        job = await bot.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)


@pytest.mark.parametrize("error", [OutcomeUnknown("503"), RateLimited("slow down")])
async def test_a_list_that_stays_out_of_reach_ends_with_a_refund(engine: Open, error: Exception) -> None:
    async with engine() as bot:
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.provider.list_error = error

        bot.advance(PATIENCE)

        job = await bot.ends(card)
        assert State.FAILED is job.state
        assert (0, 0) == await bot.money()


async def test_a_generation_that_turns_up_after_the_refund_is_the_operators(any_engine: Open) -> None:
    async with any_engine() as bot, bot.http() as http:
        bot.provider.lags = True
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        assert State.FAILED is (await bot.ends(card)).state
        (generation,) = bot.provider.generations

        bot.provider.hidden.clear()

        await bot.until(lambda: bot.provider.deleted)
        assert [generation] == bot.provider.deleted
        assert {generation: "late"} == await bot.orphans()
        assert (0, 0) == await bot.money()
        remark = (await http.get("/readyz")).json()["remarks"][0]
        assert "paid by the operator ($0.018)" in remark
        assert State.FAILED is (await bot.job(card)).state


async def test_a_first_attempt_that_turns_up_after_the_second_is_the_operators(engine: Open) -> None:
    async with engine() as bot:
        await echo(bot)
        bot.provider.lags = True
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        late = list(bot.provider.generations)[-1]
        bot.provider.lags = False
        bot.advance(GRACE)
        job = await bot.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)
        charged = await bot.money()

        bot.provider.hidden.clear()

        await bot.until(lambda: bot.provider.deleted)
        assert [late] == bot.provider.deleted
        assert {late: "superseded"} == await bot.orphans()
        assert charged == await bot.money()


async def test_a_lost_create_found_while_it_waits_to_be_asked_again_is_adopted(engine: Open) -> None:
    async with engine() as bot:
        await echo(bot)
        bot.provider.lags = True
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        until = bot.clock.wall() + 10_000_000
        await bot.services.database.transact(cool_down, "one", Lane.IMAGE, until=until)
        bot.advance(GRACE)
        await bot.comes_to(card, State.QUEUED)

        bot.provider.hidden.clear()

        job = await bot.ends(card)
        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert 2 == len(bot.provider.creates)
        assert {} == await bot.orphans()


async def test_an_answer_that_comes_after_its_lease_is_bound_all_the_same(engine: Open) -> None:
    """The process is slow, another takes the job for lost; the generation is its own and no orphan."""
    async with engine() as bot:
        bot.provider.lags = True
        step = held()
        bot.provider.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        bot.advance(45_001)
        await bot.comes_to(card, State.UNKNOWN)

        step.open()

        job = await bot.ends(card)
        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert 1 == len(bot.provider.creates)
        assert {} == await bot.orphans()


async def test_an_answer_that_comes_after_the_refund_is_the_operators(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.lags = True
        step = held()
        bot.provider.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        bot.advance(45_001)
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        assert State.FAILED is (await bot.ends(card)).state

        step.open()

        await bot.until(lambda: bot.provider.deleted)
        assert ["late"] == list((await bot.orphans()).values())
        assert (0, 0) == await bot.money()


async def test_a_claim_that_never_left_goes_back_into_its_place(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        await bot.services.database.write(claim, claim_of_a_dead_process(bot))
        bot.advance(45_001)
        bot.start("recover")
        await bot.comes_to(card, State.QUEUED)
        bot.start()

        assert State.COMPLETED is (await bot.ends(card)).state
        assert "never_left" in await bot.causes(card)
        assert 1 == len(bot.provider.creates)


async def test_an_orphan_that_cannot_be_deleted_is_tried_again_until_it_can(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        bot.provider.lags = True
        bot.provider.delete_error = OutcomeUnknown("503")
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        await bot.ends(card)
        bot.provider.hidden.clear()
        await bot.until(lambda: bot.rows("SELECT 1 FROM orphan_generation WHERE tries > 0"))
        assert "1 of them are still to be deleted" in (await http.get("/readyz")).text

        bot.provider.delete_error = None
        bot.advance(30_001)

        await bot.until(lambda: bot.provider.deleted)


async def test_a_failed_generation_without_a_job_costs_nobody_anything(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.lags = True
        bot.provider.born = GenerationState.FAILED
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        await bot.ends(card)
        bot.provider.hidden.clear()
        await bot.looks()

        assert {} == await bot.orphans()


async def test_generations_of_others_are_never_touched(engine: Open) -> None:
    async with engine() as bot:
        request = ImageRequest(prompt="somebody else's fox")
        foreign = [
            bot.provider.make(request, "https://their.example/callbacks/some.other.token"),
            bot.provider.make(request, "http://bot.invalid/callbacks/forged.zzz.aaaa"),
            bot.provider.make(request),
        ]
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        await bot.ends(card)
        await bot.looks()

        assert [] == bot.provider.deleted
        assert {} == await bot.orphans()
        assert all(one.id in bot.provider.generations for one in foreign)
