"""Responses of the provider to creates, and the number of its requests."""

from pathlib import Path
from typing import Any

import pytest

from bot.domain.cards.card import JobPhase
from bot.domain.errors import AccountProblem, NotSent, RateLimited, Rejected
from bot.domain.generations.models import Lane
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import Job, State
from bot.providers.base import GenerationState
from bot.services import jobs_topic
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeChat, FakeProvider, lost_on_the_way
from tests.engine.harness import Engine, open_engine


async def cooling(engine: Engine, account: str = "one") -> int:
    """Milliseconds for which the account's lane still rests."""
    rows = await engine.rows("SELECT cool_until FROM lane WHERE account = :account", account=account)
    until: int = rows[0]["cool_until"]
    return max(0, until - engine.clock.wall())


def two_accounts() -> list[FakeProvider]:
    clock = Clock()
    return [FakeProvider(clock, account="one"), FakeProvider(clock, account="two")]


async def test_the_end_of_a_job_wakes_the_submitter_of_its_lane_alone(engine: Open) -> None:
    async with engine(start=("submit", "watch"), simulator_speed=1e9) as bot:
        bot.provider.born = GenerationState.DREAMING
        job = await bot.comes_to(await bot.ask(), State.SUBMITTED)
        wakeups = bot.services.database.wakeups
        before = {lane: wakeups.mark(jobs_topic(lane)) for lane in Lane}
        bot.provider.end(str(job.remote_id), GenerationState.COMPLETED)
        await bot.until(lambda: wakeups.mark(jobs_topic(Lane.IMAGE)) > before[Lane.IMAGE])
        assert before[Lane.VIDEO] == wakeups.mark(jobs_topic(Lane.VIDEO))


@pytest.mark.parametrize("error", [NotSent("no route"), RateLimited("slow down")])
async def test_what_did_not_arrive_goes_on_at_another_account_while_the_lane_cools(
    engine: Open, error: Exception
) -> None:
    async with engine(start=("submit one",), providers=two_accounts()) as bot:
        one, two = bot.providers
        one.steps.append(error)
        card = await bot.ask()
        await bot.until(lambda: one.creates)
        assert State.QUEUED is (await bot.comes_to(card, State.QUEUED)).state

        bot.start()
        job = await bot.ends(card)
        others = [await bot.ends(await bot.ask()) for _ in range(3)]

        assert "two" == job.account
        assert {"two"} == {other.account for other in others}
        assert (1, 4) == (len(one.creates), len(two.creates))
        assert 0 < await cooling(bot) <= 6_250
        assert 0 == await cooling(bot, "two")


async def test_a_create_refused_by_moderation_says_so_and_stops_nothing(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(Rejected("Prompt moderation failed"))
        refused = await bot.ends(await bot.ask("/imagine something else"))
        assert refused.failure is not None
        assert FailureCategory.MODERATION is refused.failure.category
        assert "refused by moderation" in refused.failure.message
        assert (0, 0) == await bot.money()
        assert State.COMPLETED is (await bot.ends(await bot.ask())).state


async def test_a_lane_that_has_cooled_down_takes_jobs_again(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(NotSent("no route"))
        card = await bot.ask()
        await bot.until(lambda: bot.provider.creates)
        await bot.looks()
        assert 1 == len(bot.provider.creates)

        bot.advance(6_251)

        assert State.COMPLETED is (await bot.ends(card)).state
        assert 2 == len(bot.provider.creates)


@pytest.mark.parametrize(("asked", "waits"), [(30_000, 30_000), (86_400_000, 120_000)])
async def test_a_lane_rests_as_long_as_the_provider_asks_within_reason(
    engine: Open, asked: int, waits: int
) -> None:
    async with engine(start=("submit",)) as bot:
        bot.provider.steps.append(RateLimited(retry_after_ms=asked))
        card = await bot.ask()
        await bot.until(lambda: bot.provider.creates)
        await bot.until(lambda: cooling(bot))

        assert waits - 2_000 < await cooling(bot) <= waits
        bot.advance(waits - 2_000)
        assert State.QUEUED is (await bot.comes_to(card, State.QUEUED)).state
        assert 1 == len(bot.provider.creates)
        bot.advance(2_000)
        await bot.comes_to(card, State.SUBMITTED)


async def test_a_stopped_account_keeps_jobs_waiting_tells_why_and_goes_on_after_a_good_check(
    any_engine: Open,
) -> None:
    async with any_engine() as bot, bot.http() as http:
        broke = AccountProblem("insufficient credits")
        await bot.until(lambda: bot.services.health["one"].worked)

        def spend_the_last() -> None:
            bot.provider.check_error = broke

        bot.provider.before_create = spend_the_last
        bot.provider.steps.append(broke)

        card = await bot.ask()

        seen = await bot.shown(card, lambda view: "accepts no jobs right now" in view.jobs[0].headline)
        assert "the operator has been told" in seen.jobs[0].headline
        answer = await http.get("/readyz")
        assert (200, True) == (answer.status_code, answer.json()["degraded"])
        assert "insufficient credits" in answer.text
        await bot.ask("/imagine one more fox")
        await bot.looks()
        assert 1 == len(bot.provider.creates)

        bot.provider.check_error = None
        assert State.COMPLETED is (await bot.ends(card)).state
        assert 200 == (await http.get("/readyz")).status_code


async def test_an_account_without_credit_at_the_start_gets_no_create(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.provider.check_error = AccountProblem("insufficient credits")
        bot.start("check")
        await bot.until(lambda: bot.rows("SELECT 1 FROM account WHERE state = 'stopped'"))
        bot.start()
        card = await bot.ask()
        await bot.looks()
        assert State.QUEUED is (await bot.job(card)).state

        bot.provider.check_error = None
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_a_refused_create_fails_with_the_reason_and_is_not_charged(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(Rejected("image_ref is not supported by this model"))
        card = await bot.ask()

        job = await bot.ends(card)

        assert State.FAILED is job.state
        seen = await bot.shown(card, lambda view: view.settled)
        assert JobPhase.FAILED is seen.jobs[0].phase
        assert "image_ref is not supported by this model" in seen.jobs[0].headline
        assert "not charged" in seen.jobs[0].headline
        assert (0, 0) == await bot.money()
        assert 1 == len(bot.provider.creates)


@pytest.mark.parametrize(("wall", "monotonic"), [(10_000, 0), (0, 10_000)])
async def test_who_slept_since_the_claim_does_not_send(engine: Open, wall: int, monotonic: int) -> None:
    """By either clock: one sees a suspended machine, the other is not fooled by a correction of the time."""
    async with engine() as bot:
        provider, clock = bot.provider, bot.clock

        def sleep() -> None:
            provider.before_create = lambda: None
            clock.wall_ahead += wall
            clock.monotonic_ahead += monotonic

        provider.before_create = sleep
        card = await bot.ask()

        job = await bot.ends(card)

        assert State.COMPLETED is job.state
        assert 1 == len(provider.creates)
        assert ["claimed", "claim_too_old", "claimed"] == (await bot.causes(card))[1:4]
        first = await bot.rows("SELECT sent_at FROM attempt WHERE number = 1")
        assert [{"sent_at": None}] == first


async def test_accounts_share_one_queue(engine: Open) -> None:
    clock = Clock()
    accounts = [FakeProvider(clock, account=name, concurrent=1) for name in ("one", "two")]
    async with engine(providers=accounts) as bot:
        for account in accounts:
            account.born = GenerationState.DREAMING
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(3)]
        await bot.until(lambda: all(account.creates for account in accounts))
        await bot.looks()
        assert [1, 1] == [len(account.creates) for account in accounts]

        for account in accounts:
            account.born = GenerationState.COMPLETED
            for identifier in account.generations:
                account.end(identifier, GenerationState.COMPLETED)

        jobs = [await bot.ends(card) for card in cards]
        assert {"one", "two"} == {job.account for job in jobs}


async def test_a_lane_never_holds_more_than_its_limit(any_engine: Open) -> None:
    clock = Clock()
    provider = FakeProvider(clock, concurrent=3)
    async with any_engine(providers=[provider], clock=clock) as bot:
        provider.born = GenerationState.DREAMING
        for number in range(5):
            await bot.ask(f"/imagine fox {number}")
        await bot.until(lambda: len(provider.creates) >= 3)
        await bot.looks()
        assert 3 == len(provider.creates)

        provider.end(next(iter(provider.generations)), GenerationState.COMPLETED)
        await bot.until(lambda: len(provider.creates) >= 4)
        await bot.looks()
        assert 4 == len(provider.creates)


async def test_a_lost_create_keeps_its_place_in_the_lane(engine: Open) -> None:
    clock = Clock()
    provider = FakeProvider(clock, concurrent=1)
    async with engine(providers=[provider], clock=clock) as bot:
        provider.steps.append(lost_on_the_way())
        await bot.comes_to(await bot.ask(), State.UNKNOWN)
        await bot.ask("/imagine another fox")
        await bot.looks()

        assert 1 == len(provider.creates)


async def test_a_window_never_sees_more_creates_than_its_limit(engine: Open) -> None:
    clock = Clock()
    provider = FakeProvider(clock, per_minute=4)
    async with engine(providers=[provider], clock=clock) as bot:
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(6)]
        for card in cards[:4]:
            await bot.ends(card)
        bot.advance(70_000)
        await bot.looks()
        assert 4 == len(provider.creates)

        bot.advance(6_000)
        for card in cards:
            await bot.ends(card)
        assert 6 == len(provider.creates)


async def test_two_replicas_together_keep_to_the_limits_of_one_account(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    clock = Clock()
    provider = FakeProvider(clock, concurrent=5, per_minute=12)
    provider.born = GenerationState.DREAMING
    shared: dict[str, Any] = {"providers": [provider], "clock": clock, "chat": FakeChat()}

    async def finish(bot: Engine, count: int) -> None:
        await bot.until(lambda: len(provider.creates) >= count)
        await bot.looks()
        assert count == len(provider.creates)
        for identifier in provider.generations:
            provider.end(identifier, GenerationState.COMPLETED)

    async with (
        open_engine(tmp_path, migrated_postgres_url, owner="a", **shared) as first,
        open_engine(tmp_path, migrated_postgres_url, owner="b", **shared) as second,
    ):
        cards = [await (first, second)[number % 2].ask(f"/imagine fox {number}") for number in range(20)]
        await finish(first, 5)
        await finish(second, 10)
        await finish(first, 12)
        for card in cards[:12]:
            await first.ends(card)
        first.advance(76_000)
        second.services.database.wakeups.wake_all()
        await finish(second, 17)
        await finish(first, 20)
        jobs: list[Job] = [await second.ends(card) for card in cards]

    assert {State.COMPLETED} == {job.state for job in jobs}
    assert {1} == {job.attempt for job in jobs}
