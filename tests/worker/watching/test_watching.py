"""The end of a generation, however it is learned and whatever it is."""

from uuid import uuid4

import pytest

from bot.domain.cards.card import JobPhase
from bot.domain.errors import (
    AccountProblem,
    MediaUnavailable,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
)
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.services import Topic
from bot.worker.watching import Watcher
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider, lost_on_the_way
from tests.engine.harness import Engine

DREAMING, COMPLETED, FAILED = GenerationState.DREAMING, GenerationState.COMPLETED, GenerationState.FAILED


def finish_all(engine: Engine, state: GenerationState = COMPLETED, reason: str | None = None) -> None:
    for identifier in engine.provider.generations:
        engine.provider.end(identifier, state, reason)


async def test_a_few_jobs_are_read_one_by_one(engine: Open) -> None:
    async with engine(start=("submit", "watch", "deliver")) as bot:
        assert State.COMPLETED is (await bot.ends(await bot.ask())).state
        assert 0 == bot.provider.lists
        assert 1 <= bot.provider.reads


async def test_many_jobs_are_read_from_the_list(engine: Open) -> None:
    async with engine(start=("submit", "watch"), simulator_speed=1e9) as bot:
        bot.provider.born = DREAMING
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(8)]
        for card in cards:
            await bot.comes_to(card, State.SUBMITTED)
        # The first of these looks may have begun before all were submitted.
        bot.provider.lists = 0
        await bot.until(lambda: bot.provider.lists > 1)
        bot.provider.get_error = lambda _: AssertionError("read one by one")

        finish_all(bot)

        assert {State.COMPLETED} == {(await bot.ends(card)).state for card in cards}


async def test_the_pause_after_a_look_is_part_of_the_interval(
    engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(start=()) as bot:
        waits, pauses = list[int](), list[int]()
        changed, pause = bot.services.database.wakeups.changed, Watcher._pause

        async def recorded_wait(topic: str, *, since: int, timeout_s: float | None) -> bool:
            if topic == Topic.IN_FLIGHT and timeout_s is not None:
                waits.append(round(timeout_s * 1000))
            return await changed(topic, since=since, timeout_s=timeout_s)

        async def recorded_pause(watcher: Watcher, milliseconds: int) -> None:
            pauses.append(milliseconds)
            await pause(watcher, milliseconds)

        monkeypatch.setattr(bot.services.database.wakeups, "changed", recorded_wait)
        monkeypatch.setattr(Watcher, "_pause", recorded_pause)
        bot.start("watch")
        await bot.until(lambda: len(waits) > 1)
        assert waits[0] + pauses[0] == bot.services.times.watch_interval


async def test_thousands_of_jobs_are_read_from_as_many_pages_as_they_fill(engine: Open) -> None:
    clock = Clock()
    provider = FakeProvider(clock, concurrent=1_000, per_minute=1_000)
    provider.born = DREAMING
    async with engine(clock=clock, providers=[provider], start=("submit",), simulator_speed=1e9) as bot:
        for number in range(150):
            await bot.ask(f"/imagine fox {number} --count 4")
        await bot.until(lambda: len(provider.generations) == 600)
        submitted = "SELECT count(*) AS jobs FROM job WHERE state = 'submitted'"
        await bot.until(lambda: _all_in(bot, submitted, 600))
        single = list[str]()
        provider.get_error = single.append

        bot.start("watch")

        await bot.until(lambda: provider.lists > 2 * 600 // 100)
        assert single == []


async def _all_in(bot: Engine, sql: str, many: int) -> bool:
    return bool((await bot.rows(sql))[0]["jobs"] == many)


async def test_a_job_that_the_list_does_not_show_is_read_by_itself(engine: Open) -> None:
    async with engine(start=("submit", "watch")) as bot:
        bot.provider.lags = True
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(8)]
        assert {State.COMPLETED} == {(await bot.ends(card)).state for card in cards}


async def test_a_callback_ends_a_job_long_before_anybody_would_have_looked(engine: Open) -> None:
    async with engine(simulator_speed=0.001) as bot, bot.http() as http:
        bot.provider.born = DREAMING
        card = await bot.ask()
        job = await bot.comes_to(card, State.SUBMITTED)
        finish_all(bot)

        await http.post(str(bot.provider.creates[0][2]), json={"id": job.remote_id, "state": "completed"})

        assert State.COMPLETED is (await bot.ends(card)).state


async def test_what_a_callback_says_is_not_believed(engine: Open) -> None:
    async with engine(simulator_speed=0.001) as bot, bot.http() as http:
        bot.provider.born = DREAMING
        card = await bot.ask()
        job = await bot.comes_to(card, State.SUBMITTED)

        told = {"id": job.remote_id, "state": "completed", "assets": {"image": "http://evil.example/x.jpg"}}
        await http.post(str(bot.provider.creates[0][2]), json=told)

        await bot.until(lambda: bot.provider.reads)
        assert [] == bot.library.fetched
        assert State.SUBMITTED is (await bot.job(card)).state


async def test_what_callbacks_will_tell_is_not_looked_for_before_it_is_late(engine: Open) -> None:
    async with engine(simulator_speed=1) as bot, bot.http() as http:
        bot.provider.born = DREAMING
        first = await bot.ask()
        job = await bot.comes_to(first, State.SUBMITTED)
        url = str(bot.provider.creates[0][2])
        await http.post(url, json={"id": job.remote_id, "state": "dreaming"})
        bot.advance(12_000)
        finish_all(bot)
        await http.post(url, json={"id": job.remote_id, "state": "completed"})
        await bot.ends(first)
        before = bot.provider.reads

        lost = await bot.ask("/imagine a fox whose callback gets lost")
        await bot.comes_to(lost, State.SUBMITTED)
        finish_all(bot)
        # One whose create is in doubt has the list read in every round.
        bot.provider.steps.append(lost_on_the_way())
        await bot.comes_to(await bot.ask("/imagine another fox"), State.UNKNOWN)
        # The first took 12 s: whatever takes 24 s is late.
        bot.advance(23_000)
        await bot.looks(2)
        assert before == bot.provider.reads
        bot.advance(2_000)
        assert State.COMPLETED is (await bot.ends(lost)).state


@pytest.mark.parametrize("error", [NotSent("HTTP 500"), Rejected("HTTP 403"), OutcomeUnknown("no JSON")])
async def test_one_generation_that_cannot_be_read_hides_no_other(engine: Open, error: ProviderError) -> None:
    async with engine(start=("submit", "watch")) as bot:
        bot.provider.born = DREAMING
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(3)]
        jobs = [await bot.comes_to(card, State.SUBMITTED) for card in cards]
        bot.provider.get_error = lambda one: error if one == jobs[0].remote_id else None
        finish_all(bot)
        assert {State.COMPLETED} == {(await bot.ends(card)).state for card in cards[1:]}
        bot.provider.get_error = lambda _: None
        assert State.COMPLETED is (await bot.ends(cards[0])).state


async def test_a_callback_that_names_another_generation_has_no_effect(engine: Open) -> None:
    async with engine(simulator_speed=0.001) as bot, bot.http() as http:
        bot.provider.born = DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)

        answer = await http.post(
            str(bot.provider.creates[0][2]), json={"id": str(uuid4()), "state": "completed"}
        )

        assert 200 == answer.status_code
        await bot.until(lambda: bot.provider.reads)
        assert State.SUBMITTED is (await bot.job(card)).state
        assert {} == await bot.orphans()


async def test_a_generation_that_dreams_on_is_still_running(engine: Open) -> None:
    """Whatever state the API invents is read as dreaming."""
    async with engine(simulator_speed=100) as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        seen = await bot.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        assert "Dreaming" in seen.jobs[0].headline
        finish_all(bot)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_a_generation_that_is_gone_fails_only_after_three_looks_over_a_minute(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        job = await bot.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        bot.provider.forgotten.add(job.remote_id)
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE failed_tries > 4"))
        assert State.SUBMITTED is (await bot.job(card)).state

        bot.advance(60_001)

        job = await bot.ends(card)
        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.VANISHED is job.failure.category
        assert (0, 0) == await bot.money()


async def test_a_minute_between_two_looks_is_not_enough_to_give_a_generation_up(engine: Open) -> None:
    async with engine(start=("submit",)) as bot:
        card = await bot.ask()
        job = await bot.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        bot.provider.forgotten.add(job.remote_id)
        watcher = Watcher(bot.services, bot.provider)
        await watcher.read(job)
        bot.advance(60_001)
        await watcher.read(job)
        assert State.SUBMITTED is (await bot.job(card)).state
        await watcher.read(job)
        assert State.FAILED is (await bot.job(card)).state


async def test_a_generation_that_is_there_again_is_not_given_up(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        job = await bot.comes_to(card, State.SUBMITTED)
        assert job.remote_id is not None
        bot.provider.forgotten.add(job.remote_id)
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE failed_tries > 2"))
        bot.provider.forgotten.clear()
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE failed_tries = 0"))
        bot.advance(60_001)
        bot.provider.forgotten.add(job.remote_id)
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE failed_tries > 4"))
        assert State.SUBMITTED is (await bot.job(card)).state


async def test_a_generation_that_never_ends_is_given_up_and_removed(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        job = await bot.comes_to(card, State.SUBMITTED)

        bot.advance(900_001)

        job = await bot.ends(card)
        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.TIMEOUT is job.failure.category
        assert (0, 0) == await bot.money()
        await bot.until(lambda: bot.provider.deleted)
        assert [job.remote_id] == bot.provider.deleted
        assert {job.remote_id: "late"} == await bot.orphans()


@pytest.mark.parametrize("error", [OutcomeUnknown("503"), AccountProblem("invalid key")])
async def test_the_deadline_holds_even_when_the_provider_cannot_be_read(
    engine: Open, error: Exception
) -> None:
    async with engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        bot.provider.get_error, bot.provider.list_error = lambda _: error, error

        bot.advance(900_001)

        assert State.FAILED is (await bot.ends(card)).state
        assert (0, 0) == await bot.money()


async def test_a_generation_that_cannot_be_read_holds_up_no_other(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = DREAMING
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(2)]
        jobs = [await bot.comes_to(card, State.SUBMITTED) for card in cards]
        broken = jobs[0].remote_id
        bot.provider.get_error = lambda one: OutcomeUnknown("500") if one == broken else None
        finish_all(bot)

        assert State.COMPLETED is (await bot.ends(cards[1])).state
        assert State.SUBMITTED is (await bot.job(cards[0])).state


async def test_after_an_outage_nobody_is_looked_at_later_than_usual(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.get_error = lambda _: OutcomeUnknown("503")
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        bot.advance(800_000)
        bot.provider.get_error = lambda _: None
        assert State.COMPLETED is (await bot.ends(card)).state
        (took,) = await bot.rows("SELECT finished_at - submitted_at AS ms FROM job")
        assert 800_000 < took["ms"]

        assert State.COMPLETED is (await bot.ends(await bot.ask())).state


async def test_a_key_that_no_longer_works_stops_the_account(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        error = bot.provider.check_error = AccountProblem("invalid key")
        bot.provider.get_error = lambda _: error
        await bot.until(lambda: bot.rows("SELECT 1 FROM account WHERE state = 'stopped'"))

        bot.provider.check_error, bot.provider.get_error = None, lambda _: None
        finish_all(bot)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_an_asset_that_is_late_is_waited_for(engine: Open) -> None:
    async with engine() as bot:
        bot.library.errors["*"] = MediaUnavailable("503")
        card = await bot.ask()
        await bot.until(lambda: len(bot.library.fetched) > 2)
        assert State.SUBMITTED is (await bot.job(card)).state
        assert (0, (await bot.job(card)).price) == await bot.money()

        bot.library.errors.clear()

        assert State.COMPLETED is (await bot.ends(card)).state


async def test_what_waits_in_the_queue_for_a_day_is_given_back(any_engine: Open) -> None:
    async with any_engine(start=("recover", "deliver")) as bot:
        card = await bot.ask()
        bot.advance(86_400_001)

        job = await bot.ends(card)

        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.EXPIRED is job.failure.category
        seen = await bot.shown(card, lambda view: view.settled)
        assert "waited too long in the queue" in seen.jobs[0].headline
        assert [{"reserved": 0}] == await bot.rows("SELECT max(reserved) AS reserved FROM meter")


async def test_after_a_stop_another_replica_looks_at_once(any_engine: Open) -> None:
    clock = Clock()
    providers, times = [FakeProvider(clock)], {"watch_lease": 86_400_000}
    providers[0].born = GenerationState.DREAMING
    async with any_engine(clock=clock, providers=providers, times=times, owner="first") as bot:
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        await bot.until(lambda: bot.provider.reads)
    async with any_engine(clock=clock, providers=providers, times=times, owner="second") as bot:
        finish_all(bot)
        assert State.COMPLETED is (await bot.ends(card)).state
