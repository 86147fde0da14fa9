"""Accounts stop when they cannot submit, and start again when they can pay for queued jobs."""

from collections.abc import Callable

from bot.domain.errors import AccountProblem, NotSent, Rejected
from bot.domain.jobs import State
from bot.domain.pricing import MICROUSD
from bot.store.accounts import AccountState, list_accounts, stop_account
from bot.store.credit import price_deviations
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.house import House

CHECK_MS = 25


async def state(house: House) -> AccountState:
    (row,) = await list_accounts(house.services.database)
    return row.state


async def stopped(house: House) -> bool:
    return await state(house) is AccountState.STOPPED


async def while_time_passes(house: House, holds: Callable[[], object]) -> None:
    """Wait for something that needs the next checks."""

    def look() -> object:
        house.advance(CHECK_MS)
        return holds()

    await house.until(look)


async def checks(house: House, many: int = 2) -> None:
    """Wait until the account has been checked so many times more."""
    target = house.provider.checks + many
    await while_time_passes(house, lambda: house.provider.checks >= target)


async def test_a_start_that_pays_for_nothing_is_tried_ever_more_rarely(house: Open) -> None:
    """The price that we expect may be too low: the account must not be tried with every check."""
    async with house() as home:
        home.provider.credit = 5 * MICROUSD
        home.provider.steps.extend(AccountProblem("Monthly usage limit reached") for _ in range(100))
        await home.ask()
        await home.until(lambda: stopped(home))
        await checks(home, 40)
        assert len(home.provider.creates) <= 7
        tried = len(home.provider.creates)
        home.provider.credit = 6 * MICROUSD
        home.provider.steps.clear()
        await while_time_passes(home, lambda: len(home.provider.creates) > tried)


async def test_an_account_is_checked_until_it_has_answered_once(house: Open) -> None:
    async with house(start=None) as home:
        home.provider.check_error = NotSent("no route")
        home.start("check")
        await checks(home, 3)
        home.provider.check_error = AccountProblem("The key is not valid")
        await home.until(lambda: stopped(home))


async def test_a_forbidden_create_has_the_account_checked_and_ends_alone(house: Open) -> None:
    async with house() as home:
        await home.until(lambda: home.provider.checks)
        home.advance(CHECK_MS)
        before = home.provider.checks
        home.provider.steps.append(Rejected("The generation API answered HTTP 403"))
        assert State.FAILED is (await home.ends(await home.ask())).state
        await while_time_passes(home, lambda: home.provider.checks > before)
        assert AccountState.READY is await state(home)
        assert State.COMPLETED is (await home.ends(await home.ask())).state


async def test_a_forbidden_create_of_a_forbidden_account_stops_it(house: Open) -> None:
    async with house() as home:
        await home.until(lambda: home.provider.checks)
        home.provider.check_error = AccountProblem("This API key may not do that")
        home.provider.steps.append(Rejected("The generation API answered HTTP 403"))
        await home.ends(await home.ask())
        await while_time_passes(home, lambda: stopped(home))


async def test_an_account_without_credits_call_starts_with_the_first_good_check(house: Open) -> None:
    async with house(start=None) as home:
        now = home.clock.wall()
        await home.services.database.transact(stop_account, "one", reason="the key was refused", now=now)
        home.start()
        assert State.COMPLETED is (await home.ends(await home.ask())).state


async def test_a_job_that_the_credit_cannot_pay_is_not_sent_until_it_can(house: Open) -> None:
    async with house(start=None) as home:
        home.provider.credit = 1_000
        home.start()
        await home.until(lambda: home.provider.checks)
        card = await home.ask()
        await home.until(lambda: stopped(home))
        (row,) = await list_accounts(home.services.database)
        assert "its credit is $0.00, and the next job costs $0.018" == row.reason
        await checks(home, 4)
        assert await stopped(home)
        assert not home.provider.creates

        home.provider.credit = 5 * MICROUSD
        await while_time_passes(home, lambda: home.provider.generations)
        assert State.COMPLETED is (await home.ends(card)).state


async def test_an_account_stops_at_its_monthly_limit(house: Open) -> None:
    """Two pictures at 1.7 cents are below 4 cents, three are above."""
    clock = Clock()
    provider = FakeProvider(clock)
    provider.name = "luma"
    settings = {"provider": ("luma",), "account_monthly_limit": 0.04, "default_ceiling": 5}
    async with house(clock=clock, providers=[provider], **settings) as home:
        await home.until(lambda: home.provider.checks)
        for _ in range(2):
            await home.made()
        last = await home.ask()
        await home.until(lambda: stopped(home))
        (row,) = await list_accounts(home.services.database)
        assert "the rest of $0.040 (REVERIE_ACCOUNT_MONTHLY_LIMIT) until 01 April is $0.00" in row.reason
        await home.comes_to(last, State.QUEUED)
        assert 2 == len(home.provider.creates)


async def test_the_credit_is_read_once_the_jobs_have_ended(house: Open) -> None:
    async with house(start=None) as home:
        home.provider.credit = 5 * MICROUSD
        home.start()
        await home.until(lambda: home.provider.checks)

        def charge() -> None:
            home.provider.credit = 3 * MICROUSD

        home.provider.before_create = charge
        job = await home.made()

        async def compared() -> object:
            home.advance(CHECK_MS)
            return await price_deviations(home.services.database, since=0)

        (found,) = await home.until(compared)
        assert (1, job.price, 2 * MICROUSD) == (found.jobs, found.expected, found.actual)


async def test_an_idle_account_is_read_rarely(house: Open) -> None:
    async with house() as home:
        seen = await home.until(lambda: home.provider.checks)
        home.advance(home.services.times.credit_idle)
        await home.until(lambda: home.provider.checks == seen + 1)
