"""Inputs that have to be uploaded before a create, and failures that are about the account."""

from dataclasses import replace

import pytest

from bot.domain.errors import AccountProblem, NotSent, RateLimited, Rejected
from bot.domain.failures import FailureCategory
from bot.domain.jobs import State
from bot.providers.base import GenerationState
from bot.store.accounts import AccountState, list_accounts
from tests.engine.conftest import Open
from tests.engine.house import House


async def state(house: House) -> AccountState:
    (row,) = await list_accounts(house.services.database)
    return row.state


@pytest.mark.parametrize("error", [NotSent("still uploading"), RateLimited("slower", retry_after_ms=10)])
async def test_an_upload_that_is_not_done_delays_the_job_and_sends_nothing(
    house: Open, error: Exception
) -> None:
    async with house() as home:
        home.provider.upload_errors.extend([error, error])
        assert State.COMPLETED is (await home.ends(await home.ask())).state
        assert 1 == len(home.provider.creates)


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("The picture was refused by moderation", FailureCategory.MODERATION),
        ("The file could not be decoded", FailureCategory.INPUT_UNREACHABLE),
    ],
)
async def test_a_file_that_the_provider_refuses_ends_its_job_without_a_charge(
    house: Open, reason: str, category: FailureCategory
) -> None:
    async with house() as home:
        home.provider.upload_errors.append(Rejected(reason))
        job = await home.ends(await home.ask())
        assert job.failure is not None
        assert (State.FAILED, category) == (job.state, job.failure.category)
        assert (0, 0) == await home.money()
        assert not home.provider.creates


async def test_an_upload_that_the_account_may_not_make_stops_the_account(house: Open) -> None:
    async with house() as home:
        home.provider.check_error = AccountProblem("The key was revoked")
        home.provider.upload_errors.append(AccountProblem("The key was revoked"))
        card = await home.ask()

        async def is_stopped() -> bool:
            return await state(home) is AccountState.STOPPED

        await home.until(is_stopped)
        await home.comes_to(card, State.QUEUED)
        assert not home.provider.creates


async def test_a_generation_that_failed_for_the_account_stops_it_and_is_made_again(house: Open) -> None:
    async with house() as home:
        home.provider.born = GenerationState.DREAMING
        card = await home.ask()
        await home.comes_to(card, State.SUBMITTED)
        home.provider.check_error = AccountProblem("The budget is exhausted")
        (identifier,) = home.provider.generations
        home.provider.generations[identifier] = replace(
            home.provider.generations[identifier],
            state=GenerationState.FAILED,
            failure_reason="The budget is exhausted",
            failure_category=FailureCategory.SERVICE,
            stops_account=True,
        )
        await home.comes_to(card, State.QUEUED)
        assert AccountState.STOPPED is await state(home)
