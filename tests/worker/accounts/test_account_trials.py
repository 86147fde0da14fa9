"""A stopped account whose API tells no credit is tried with one job at growing intervals."""

import asyncio
from dataclasses import replace

from bot.domain.cards.card import CardView
from bot.domain.errors import AccountProblem, Rejected
from bot.domain.generations.models import Lane
from bot.domain.jobs.job import State
from bot.services import Topic
from bot.store.operator.accounts import AccountState, list_accounts, stop_account
from bot.worker.accounts import AccountMonitor
from bot.worker.submission import Submitter
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine

CHECK_MS = 60_000
TIMES = {"account_check": CHECK_MS, "queue_deadline": 1_000 * CHECK_MS}


def uncredited() -> FakeProvider:
    provider = FakeProvider(Clock())
    provider.capabilities = replace(provider.capabilities, reports_credit=False)
    return provider


async def state(bot: Engine) -> AccountState:
    (row,) = await list_accounts(bot.services.database)
    return row.state


async def stopped(bot: Engine) -> CardView:
    """Have the account stopped by the job that it is given; returns its card."""
    bot.provider.steps.append(AccountProblem("The budget is exhausted"))
    card = await bot.ask()

    async def is_stopped() -> bool:
        return await state(bot) is AccountState.STOPPED

    await bot.until(is_stopped)
    await queued_again(bot, card, attempt=1)
    return card


async def queued_again(bot: Engine, card: CardView, *, attempt: int) -> None:
    """Wait until an attempt has ended: a later time would end its claim."""

    async def is_queued() -> bool:
        job = await bot.job(card)
        return (job.state, job.attempt) == (State.QUEUED, attempt)

    await bot.until(is_queued)


async def checked_after(bot: Engine, ms: int) -> None:
    """Wait for the check that follows so much later."""
    before = bot.provider.checks
    bot.advance(ms)
    bot.services.wake(Topic.ACCOUNTS)
    await bot.until(lambda: bot.provider.checks > before)


async def test_one_job_tries_the_account_and_the_others_follow_when_it_works(engine: Open) -> None:
    async with engine(providers=[uncredited()], times=TIMES) as bot:
        await bot.until(lambda: bot.provider.checks)
        first = await stopped(bot)
        cards = [first, *[await bot.ask() for _ in range(3)]]
        bot.provider.steps.append(AccountProblem("The budget is exhausted"))
        await checked_after(bot, CHECK_MS)
        await queued_again(bot, first, attempt=2)
        assert AccountState.STOPPED is await state(bot)
        assert 2 == len(bot.provider.creates)

        await checked_after(bot, 2 * CHECK_MS)
        for card in cards:
            assert State.COMPLETED is (await bot.ends(card)).state
        assert AccountState.READY is await state(bot)
        assert 6 == len(bot.provider.creates)


async def test_trials_that_fail_become_ever_rarer(engine: Open) -> None:
    async with engine(start=None, providers=[uncredited()], times=TIMES) as bot:
        services = bot.services
        monitor = AccountMonitor(services, services.providers["one"])
        await services.database.transact(stop_account, "one", reason="no budget", now=bot.clock.wall())
        tried = []
        for check in range(1, 17):
            bot.advance(CHECK_MS)
            await monitor._check()
            if services.trials:
                tried.append(check)
                services.trials.clear()
        assert [1, 3, 7, 15] == tried


async def test_a_request_that_is_refused_says_nothing_about_the_account(engine: Open) -> None:
    async with engine(providers=[uncredited()], times=TIMES) as bot:
        await bot.until(lambda: bot.provider.checks)
        await stopped(bot)
        bot.provider.steps.append(Rejected("The prompt was refused by moderation"))
        await checked_after(bot, CHECK_MS)
        await bot.until(lambda: len(bot.provider.creates) == 2)
        assert AccountState.STOPPED is await state(bot)


async def test_a_key_that_is_still_refused_is_tried_with_no_job(engine: Open) -> None:
    async with engine(providers=[uncredited()], times=TIMES) as bot:
        await bot.until(lambda: bot.provider.checks)
        await stopped(bot)
        bot.provider.check_error = AccountProblem("The key was revoked")
        await checked_after(bot, CHECK_MS)
        await checked_after(bot, 4 * CHECK_MS)
        assert 1 == len(bot.provider.creates)
        bot.provider.check_error = None
        await checked_after(bot, CHECK_MS)
        await bot.until(lambda: len(bot.provider.creates) == 2)


async def test_a_lane_without_jobs_does_not_hide_a_trial_from_the_other(engine: Open) -> None:
    async with engine(start=None, providers=[uncredited()], times=TIMES) as bot:
        services, provider = bot.services, bot.services.providers["one"]
        await bot.ask()
        await services.database.transact(stop_account, "one", reason="no budget", now=bot.clock.wall())
        services.trials.add("one")
        lanes = [Submitter(services, provider, lane) for lane in (Lane.VIDEO, Lane.IMAGE)]
        videos, images = await asyncio.gather(*(lane._claim(1) for lane in lanes))
        assert (0, 1, set()) == (len(videos), len(images), services.trials)
