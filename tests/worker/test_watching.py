"""The end of a generation, however it is learned and whatever it is."""

from uuid import uuid4

import pytest

from bot.domain.cards import JobPhase
from bot.domain.errors import (
    AccountProblem,
    MediaUnavailable,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
)
from bot.domain.failures import FailureCategory
from bot.domain.jobs import State
from bot.providers.base import GenerationState
from bot.worker.watching import Watcher
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider, lost_on_the_way
from tests.engine.house import BOSS, House

DREAMING, COMPLETED, FAILED = GenerationState.DREAMING, GenerationState.COMPLETED, GenerationState.FAILED


def finish_all(house: House, state: GenerationState = COMPLETED, reason: str | None = None) -> None:
    for identifier in house.provider.generations:
        house.provider.end(identifier, state, reason)


async def test_a_few_jobs_are_read_one_by_one(house: Open) -> None:
    async with house(start=("submit", "watch", "deliver")) as home:
        assert State.COMPLETED is (await home.ends(await home.ask())).state
        assert 0 == home.provider.lists
        assert 1 <= home.provider.reads


async def test_many_jobs_are_read_from_the_list(house: Open) -> None:
    async with house(start=("submit", "watch"), simulator_speed=1e9) as home:
        home.provider.born = DREAMING
        cards = [await home.ask(f"/imagine fox {number}") for number in range(8)]
        for card in cards:
            await home.comes_to(card, State.SUBMITTED)
        # The first of these looks may have begun before all were submitted.
        home.provider.lists = 0
        await home.until(lambda: home.provider.lists > 1)
        home.provider.get_error = lambda _: AssertionError("read one by one")

        finish_all(home)

        assert {State.COMPLETED} == {(await home.ends(card)).state for card in cards}


async def test_a_job_that_the_list_does_not_show_is_read_by_itself(house: Open) -> None:
    async with house(start=("submit", "watch")) as home:
        home.provider.lags = True
        cards = [await home.ask(f"/imagine fox {number}") for number in range(8)]
        assert {State.COMPLETED} == {(await home.ends(card)).state for card in cards}


async def test_a_callback_ends_a_job_long_before_anybody_would_have_looked(house: Open) -> None:
    async with house(simulator_speed=0.001) as home, home.http() as http:
        home.provider.born = DREAMING
        card = await home.ask()
        job = await home.comes_to(card, State.SUBMITTED)
        finish_all(home)

        await http.post(str(home.provider.creates[0][2]), json={"id": job.remote_id, "state": "completed"})

        assert State.COMPLETED is (await home.ends(card)).state


async def test_what_a_callback_says_is_not_believed(house: Open) -> None:
    async with house(simulator_speed=0.001) as home, home.http() as http:
        home.provider.born = DREAMING
        card = await home.ask()
        job = await home.comes_to(card, State.SUBMITTED)

        told = {"id": job.remote_id, "state": "completed", "assets": {"image": "http://evil.example/x.jpg"}}
        await http.post(str(home.provider.creates[0][2]), json=told)

        await home.until(lambda: home.provider.reads)
        assert [] == home.library.fetched
        assert State.SUBMITTED is (await home.job(card)).state


async def test_what_callbacks_will_tell_is_not_looked_for_before_it_is_late(house: Open) -> None:
    async with house(simulator_speed=1) as home, home.http() as http:
        home.provider.born = DREAMING
        first = await home.ask()
        job = await home.comes_to(first, State.SUBMITTED)
        url = str(home.provider.creates[0][2])
        await http.post(url, json={"id": job.remote_id, "state": "dreaming"})
        home.advance(12_000)
        finish_all(home)
        await http.post(url, json={"id": job.remote_id, "state": "completed"})
        await home.ends(first)
        before = home.provider.reads

        lost = await home.ask("/imagine a fox whose callback gets lost")
        await home.comes_to(lost, State.SUBMITTED)
        finish_all(home)
        # One whose create is in doubt has the list read in every round.
        home.provider.steps.append(lost_on_the_way())
        await home.comes_to(await home.ask("/imagine another fox"), State.UNKNOWN)
        # The first took 12 s: whatever takes 24 s is late.
        home.advance(23_000)
        await home.looks(2)
        assert before == home.provider.reads
        home.advance(2_000)
        assert State.COMPLETED is (await home.ends(lost)).state


@pytest.mark.parametrize("error", [NotSent("HTTP 500"), Rejected("HTTP 403"), OutcomeUnknown("no JSON")])
async def test_one_generation_that_cannot_be_read_hides_no_other(house: Open, error: ProviderError) -> None:
    async with house(start=("submit", "watch")) as home:
        home.provider.born = DREAMING
        cards = [await home.ask(f"/imagine fox {number}") for number in range(3)]
        jobs = [await home.comes_to(card, State.SUBMITTED) for card in cards]
        home.provider.get_error = lambda one: error if one == jobs[0].remote_id else None
        finish_all(home)
        assert {State.COMPLETED} == {(await home.ends(card)).state for card in cards[1:]}
        home.provider.get_error = lambda _: None
        assert State.COMPLETED is (await home.ends(cards[0])).state


async def test_a_callback_that_names_another_generation_has_no_effect(house: Open) -> None:
    async with house(simulator_speed=0.001) as home, home.http() as http:
        home.provider.born = DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)

        answer = await http.post(
            str(home.provider.creates[0][2]), json={"id": str(uuid4()), "state": "completed"}
        )

        assert 200 == answer.status_code
        await home.until(lambda: home.provider.reads)
        assert State.SUBMITTED is (await home.job(card)).state
        assert {} == await home.orphans()


async def test_a_generation_that_dreams_on_is_still_running(house: Open) -> None:
    """Whatever state the API invents is read as dreaming."""
    async with house(simulator_speed=100) as home:
        home.provider.born = DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        seen = await home.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        assert "Generating" in seen.jobs[0].headline
        finish_all(home)
        assert State.COMPLETED is (await home.ends(card)).state


async def test_a_generation_that_is_gone_fails_only_after_three_looks_over_a_minute(any_house: Open) -> None:
    async with any_house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        job = await home.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        home.provider.forgotten.add(job.remote_id)
        await home.until(lambda: home.rows("SELECT 1 FROM job WHERE failed_tries > 4"))
        assert State.SUBMITTED is (await home.job(card)).state

        home.advance(60_001)

        job = await home.ends(card)
        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.VANISHED is job.failure.category
        assert (0, 0) == await home.money()


async def test_a_minute_between_two_looks_is_not_enough_to_give_a_generation_up(house: Open) -> None:
    async with house(start=("submit",)) as home:
        card = await home.ask()
        job = await home.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        home.provider.forgotten.add(job.remote_id)
        watcher = Watcher(home.services, home.provider)
        await watcher.read(job)
        home.advance(60_001)
        await watcher.read(job)
        assert State.SUBMITTED is (await home.job(card)).state
        await watcher.read(job)
        assert State.FAILED is (await home.job(card)).state


async def test_a_generation_that_is_there_again_is_not_given_up(house: Open) -> None:
    async with house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        job = await home.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        home.provider.forgotten.add(job.remote_id)
        await home.until(lambda: home.rows("SELECT 1 FROM job WHERE failed_tries > 2"))
        home.provider.forgotten.clear()
        await home.until(lambda: home.rows("SELECT 1 FROM job WHERE failed_tries = 0"))
        home.advance(60_001)
        home.provider.forgotten.add(job.remote_id)
        await home.until(lambda: home.rows("SELECT 1 FROM job WHERE failed_tries > 4"))
        assert State.SUBMITTED is (await home.job(card)).state


async def test_a_generation_that_never_ends_is_given_up_and_removed(any_house: Open) -> None:
    async with any_house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        job = await home.comes_to(card, State.SUBMITTED)

        home.advance(900_001)

        job = await home.ends(card)
        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.TIMEOUT is job.failure.category
        assert (0, 0) == await home.money()
        await home.until(lambda: home.provider.deleted)
        assert [job.remote_id] == home.provider.deleted
        assert {job.remote_id: "late"} == await home.orphans()


@pytest.mark.parametrize("error", [OutcomeUnknown("503"), AccountProblem("invalid key")])
async def test_the_deadline_holds_even_when_the_provider_cannot_be_read(
    house: Open, error: Exception
) -> None:
    async with house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        home.provider.get_error, home.provider.list_error = lambda _: error, error

        home.advance(900_001)

        assert State.FAILED is (await home.ends(card)).state
        assert (0, 0) == await home.money()


async def test_a_generation_that_cannot_be_read_holds_up_no_other(house: Open) -> None:
    async with house() as home:
        home.provider.born = DREAMING
        cards = [await home.ask(f"/imagine fox {number}") for number in range(2)]
        jobs = [await home.comes_to(card, State.SUBMITTED) for card in cards]
        broken = jobs[0].remote_id
        home.provider.get_error = lambda one: OutcomeUnknown("500") if one == broken else None
        finish_all(home)

        assert State.COMPLETED is (await home.ends(cards[1])).state
        assert State.SUBMITTED is (await home.job(cards[0])).state


async def test_after_an_outage_nobody_is_looked_at_later_than_usual(house: Open) -> None:
    async with house() as home:
        home.provider.get_error = lambda _: OutcomeUnknown("503")
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        home.advance(800_000)
        home.provider.get_error = lambda _: None
        assert State.COMPLETED is (await home.ends(card)).state
        (took,) = await home.rows("SELECT finished_at - submitted_at AS ms FROM job")
        assert 800_000 < took["ms"]

        assert State.COMPLETED is (await home.ends(await home.ask())).state


async def test_a_key_that_no_longer_works_stops_the_account(house: Open) -> None:
    async with house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        error = home.provider.check_error = AccountProblem("invalid key")
        home.provider.get_error = lambda _: error
        await home.until(lambda: home.rows("SELECT 1 FROM account WHERE state = 'stopped'"))

        home.provider.check_error, home.provider.get_error = None, lambda _: None
        finish_all(home)
        assert State.COMPLETED is (await home.ends(card)).state


async def test_an_asset_that_is_late_is_waited_for(house: Open) -> None:
    async with house() as home:
        home.library.errors["*"] = MediaUnavailable("503")
        card = await home.ask()
        await home.until(lambda: len(home.library.fetched) > 2)
        assert State.SUBMITTED is (await home.job(card)).state
        assert (0, (await home.job(card)).price) == await home.money()

        home.library.errors.clear()

        assert State.COMPLETED is (await home.ends(card)).state


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("Advanced prompt moderation failed", "The prompt was refused by moderation"),
        ("Prompt contains blacklisted words", "The prompt was refused by moderation"),
        ("Frame moderation failed", "The picture was refused by moderation"),
        ("Advanced moderation failed", "The prompt or its picture was refused by moderation"),
        ("Failed to read user input frames", "The picture could not be read"),
        ("Job failed", "The generation service failed"),
        ("A reason that nobody knows", "A reason that nobody knows"),
        (None, "no reason was given"),
    ],
)
async def test_a_failed_generation_tells_why_and_is_not_charged(
    house: Open, reason: str | None, part: str
) -> None:
    async with house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)

        finish_all(home, FAILED, reason)

        seen = await home.shown(card, lambda view: view.settled)
        assert part in seen.jobs[0].headline
        assert "not charged" in seen.jobs[0].headline
        assert (0, 0) == await home.money()
        assert 1 == len(home.provider.creates)
        assert [] == home.provider.deleted


async def test_a_prompt_that_could_not_be_processed_is_asked_once_more(house: Open) -> None:
    async with house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        home.provider.born = COMPLETED

        finish_all(home, FAILED, "Prompt processing failed")

        job = await home.ends(card)
        assert (State.COMPLETED, 2) == (job.state, job.attempt)
        assert "asked_once_more" in await home.causes(card)
        assert (job.price, 0) == await home.money()


async def test_it_is_asked_once_more_only_once(house: Open) -> None:
    async with house() as home:
        home.provider.born = DREAMING
        card = await home.ask()
        first = await home.comes_to(card, State.SUBMITTED)
        finish_all(home, FAILED, "Prompt processing failed")
        await home.until(lambda: len(home.provider.creates) == 2)
        await home.until(lambda: home.rows("SELECT 1 FROM job WHERE attempt = 2 AND state = 'submitted'"))

        finish_all(home, FAILED, "Prompt processing failed")

        job = await home.ends(card)
        assert State.FAILED is job.state
        assert first.remote_id != job.remote_id
        assert 2 == len(home.provider.creates)
        assert (0, 0) == await home.money()


async def test_what_is_asked_once_more_may_wait_as_long_as_any_other(house: Open) -> None:
    async with house(start=("submit", "watch", "recover")) as home:
        home.provider.born = DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        await home.say("/studio pause", by=BOSS)
        finish_all(home, FAILED, "Prompt processing failed")
        await home.comes_to(card, State.QUEUED)
        home.advance(3_600_000)
        home.provider.born = COMPLETED
        await home.say("/studio resume", by=BOSS)

        assert State.COMPLETED is (await home.ends(card)).state


async def test_what_waits_in_the_queue_for_a_day_is_given_back(any_house: Open) -> None:
    async with any_house(start=("recover", "deliver")) as home:
        card = await home.ask()
        home.advance(86_400_001)

        job = await home.ends(card)

        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.EXPIRED is job.failure.category
        seen = await home.shown(card, lambda view: view.settled)
        assert "waited too long in the queue" in seen.jobs[0].headline
        assert [{"reserved": 0}] == await home.rows("SELECT max(reserved) AS reserved FROM meter")


async def test_after_a_stop_another_replica_looks_at_once(any_house: Open) -> None:
    clock = Clock()
    providers, times = [FakeProvider(clock)], {"watch_lease": 86_400_000}
    providers[0].born = GenerationState.DREAMING
    async with any_house(clock=clock, providers=providers, times=times, owner="first") as home:
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        await home.until(lambda: home.provider.reads)
    async with any_house(clock=clock, providers=providers, times=times, owner="second") as home:
        finish_all(home)
        assert State.COMPLETED is (await home.ends(card)).state
