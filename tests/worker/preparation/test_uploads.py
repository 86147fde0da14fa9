"""Inputs that have to be uploaded before a create, and failures that are about the account."""

from dataclasses import replace

import pytest

from bot.domain.errors import AccountProblem, NotSent, RateLimited, Rejected
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.store.operator.accounts import AccountState, list_accounts
from tests.engine.conftest import Open
from tests.engine.harness import Engine


async def state(engine: Engine) -> AccountState:
    (row,) = await list_accounts(engine.services.database)
    return row.state


@pytest.mark.parametrize("error", [NotSent("still uploading"), RateLimited("slower", retry_after_ms=10)])
async def test_an_upload_that_is_not_done_delays_the_job_and_sends_nothing(
    engine: Open, error: Exception
) -> None:
    async with engine(times={"cool_down": 20}) as bot:
        bot.provider.upload_errors.extend([error, error])
        assert State.COMPLETED is (await bot.ends(await bot.ask())).state
        assert 1 == len(bot.provider.creates)


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("The picture was refused by moderation", FailureCategory.MODERATION),
        ("The file could not be decoded", FailureCategory.INPUT_UNREACHABLE),
    ],
)
async def test_a_file_that_the_provider_refuses_ends_its_job_without_a_charge(
    engine: Open, reason: str, category: FailureCategory
) -> None:
    async with engine() as bot:
        bot.provider.upload_errors.append(Rejected(reason))
        job = await bot.ends(await bot.ask())
        assert job.failure is not None
        assert (State.FAILED, category) == (job.state, job.failure.category)
        assert (0, 0) == await bot.money()
        assert not bot.provider.creates


async def test_an_upload_that_the_account_may_not_make_stops_the_account(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.check_error = AccountProblem("The key was revoked")
        bot.provider.upload_errors.append(AccountProblem("The key was revoked"))
        card = await bot.ask()

        async def is_stopped() -> bool:
            return await state(bot) is AccountState.STOPPED

        await bot.until(is_stopped)
        await bot.comes_to(card, State.QUEUED)
        assert not bot.provider.creates


async def test_a_generation_that_failed_for_the_account_stops_it_and_is_made_again(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        bot.provider.check_error = AccountProblem("The budget is exhausted")
        (identifier,) = bot.provider.generations
        bot.provider.generations[identifier] = replace(
            bot.provider.generations[identifier],
            state=GenerationState.FAILED,
            failure_reason="The budget is exhausted",
            failure_category=FailureCategory.SERVICE,
            stops_account=True,
        )
        await bot.comes_to(card, State.QUEUED)
        assert AccountState.STOPPED is await state(bot)
