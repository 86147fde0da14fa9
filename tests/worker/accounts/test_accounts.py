"""Accounts stop when they cannot submit, and start again when they can pay for queued jobs."""

from collections.abc import Callable

from bot.domain.errors import AccountProblem, NotSent, Rejected
from bot.domain.jobs.job import State
from bot.domain.money.pricing import MICROUSD
from bot.store.operator.accounts import AccountState, list_accounts, stop_account
from bot.store.operator.credit import price_deviations
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine

CHECK_MS = 25


async def state(engine: Engine) -> AccountState:
    (row,) = await list_accounts(engine.services.database)
    return row.state


async def stopped(engine: Engine) -> bool:
    return await state(engine) is AccountState.STOPPED


async def while_time_passes(engine: Engine, holds: Callable[[], object]) -> None:
    """Wait for something that needs the next checks."""

    def look() -> object:
        engine.advance(CHECK_MS)
        return holds()

    await engine.until(look)


async def checks(engine: Engine, many: int = 2) -> None:
    """Wait until the account has been checked so many times more."""
    target = engine.provider.checks + many
    await while_time_passes(engine, lambda: engine.provider.checks >= target)


async def test_a_start_that_pays_for_nothing_is_tried_ever_more_rarely(engine: Open) -> None:
    """The price that we expect may be too low: the account must not be tried with every check."""
    async with engine() as bot:
        bot.provider.credit = 5 * MICROUSD
        bot.provider.steps.extend(AccountProblem("Monthly usage limit reached") for _ in range(100))
        await bot.ask()
        await bot.until(lambda: stopped(bot))
        await checks(bot, 40)
        # The pauses double. Real time passes too, so that a slow machine makes one or two tries more.
        assert len(bot.provider.creates) <= 10
        tried = len(bot.provider.creates)
        bot.provider.credit = 6 * MICROUSD
        bot.provider.steps.clear()
        await while_time_passes(bot, lambda: len(bot.provider.creates) > tried)


async def test_an_account_is_checked_until_it_has_answered_once(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.provider.check_error = NotSent("no route")
        bot.start("check")
        await checks(bot, 3)
        bot.provider.check_error = AccountProblem("The key is not valid")
        await bot.until(lambda: stopped(bot))


async def test_a_forbidden_create_has_the_account_checked_and_ends_alone(engine: Open) -> None:
    async with engine() as bot:
        await bot.until(lambda: bot.provider.checks)
        bot.advance(CHECK_MS)
        before = bot.provider.checks
        bot.provider.steps.append(Rejected("The generation API answered HTTP 403"))
        assert State.FAILED is (await bot.ends(await bot.ask())).state
        await while_time_passes(bot, lambda: bot.provider.checks > before)
        assert AccountState.READY is await state(bot)
        assert State.COMPLETED is (await bot.ends(await bot.ask())).state


async def test_a_forbidden_create_of_a_forbidden_account_stops_it(engine: Open) -> None:
    async with engine() as bot:
        await bot.until(lambda: bot.provider.checks)
        bot.provider.check_error = AccountProblem("This API key may not do that")
        bot.provider.steps.append(Rejected("The generation API answered HTTP 403"))
        await bot.ends(await bot.ask())
        await while_time_passes(bot, lambda: stopped(bot))


async def test_an_account_without_credits_call_starts_with_the_first_good_check(engine: Open) -> None:
    async with engine(start=None) as bot:
        now = bot.clock.wall()
        await bot.services.database.transact(stop_account, "one", reason="the key was refused", now=now)
        bot.start()
        assert State.COMPLETED is (await bot.ends(await bot.ask())).state


async def test_a_job_that_the_credit_cannot_pay_is_not_sent_until_it_can(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.provider.credit = 1_000
        bot.start()
        await bot.until(lambda: bot.provider.checks)
        card = await bot.ask()
        await bot.until(lambda: stopped(bot))
        (row,) = await list_accounts(bot.services.database)
        assert "its credit is $0.00, and the next job costs $0.018" == row.reason
        await checks(bot, 4)
        assert await stopped(bot)
        assert not bot.provider.creates

        bot.provider.credit = 5 * MICROUSD
        await while_time_passes(bot, lambda: bot.provider.generations)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_an_account_stops_at_its_monthly_limit(engine: Open) -> None:
    """Two pictures at 1.7 cents are below 4 cents, three are above."""
    clock = Clock()
    provider = FakeProvider(clock)
    provider.name = "luma"
    settings = {"provider": ("luma",), "account_monthly_limit": 0.04, "default_ceiling": 5}
    async with engine(clock=clock, providers=[provider], **settings) as bot:
        await bot.until(lambda: bot.provider.checks)
        for _ in range(2):
            await bot.made()
        last = await bot.ask()
        await bot.until(lambda: stopped(bot))
        (row,) = await list_accounts(bot.services.database)
        assert "the rest of $0.040 (REVERIE_ACCOUNT_MONTHLY_LIMIT) until 01 April is $0.00" in row.reason
        await bot.comes_to(last, State.QUEUED)
        assert 2 == len(bot.provider.creates)


async def test_the_credit_is_read_once_the_jobs_have_ended(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.provider.credit = 5 * MICROUSD
        bot.start()
        await bot.until(lambda: bot.provider.checks)

        def charge() -> None:
            bot.provider.credit = 3 * MICROUSD

        bot.provider.before_create = charge
        job = await bot.made()

        async def compared() -> object:
            bot.advance(CHECK_MS)
            return await price_deviations(bot.services.database, since=0)

        (found,) = await bot.until(compared)
        assert (1, job.price, 2 * MICROUSD) == (found.jobs, found.expected, found.actual)


async def test_an_idle_account_is_read_rarely(engine: Open) -> None:
    async with engine() as bot:
        seen = await bot.until(lambda: bot.provider.checks)
        bot.advance(bot.services.times.credit_idle)
        await bot.until(lambda: bot.provider.checks == seen + 1)
