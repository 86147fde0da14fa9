"""Accounts of several providers side by side: a fault of one key or one API holds up nothing else."""

import pytest

from bot.domain.errors import AccountProblem, NotSent, RateLimited
from bot.domain.jobs.job import State
from bot.store.operator.accounts import AccountState, list_accounts
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine
from tests.service.commands.providers import PLAIN


def accounts() -> tuple[FakeProvider, FakeProvider]:
    """Two accounts of one provider."""
    clock = Clock()
    return FakeProvider(clock, account="good"), FakeProvider(clock, account="bad")


async def states(bot: Engine) -> dict[str, AccountState]:
    return {row.id: row.state for row in await list_accounts(bot.services.database)}


@pytest.mark.parametrize("at_create", [False, True])
async def test_a_refused_key_among_good_ones_is_reported_and_the_good_ones_continue(
    engine: Open, at_create: bool
) -> None:
    good, bad = accounts()
    refused = AccountProblem("Invalid API key is provided")
    bad.check_error = refused
    if at_create:
        bad.steps.extend([refused] * 9)
    async with engine(providers=[good, bad]) as bot, bot.http() as http:
        for _ in range(4):
            assert State.COMPLETED is (await bot.ends(await bot.ask())).state

        async def is_stopped() -> bool:
            return (await states(bot))["bad"] is AccountState.STOPPED

        await bot.until(is_stopped)
        assert AccountState.READY is (await states(bot))["good"]
        answer = await http.get("/readyz")
        assert (200, True) == (answer.status_code, answer.json()["degraded"])
        assert any("Invalid API key is provided" in reason for reason in answer.json()["reasons"])


async def test_a_limited_key_pauses_alone(engine: Open) -> None:
    good, bad = accounts()
    bad.steps.extend([RateLimited("Too many requests", retry_after_ms=60_000)] * 9)
    async with engine(providers=[good, bad]) as bot:
        for _ in range(4):
            assert State.COMPLETED is (await bot.ends(await bot.ask())).state
        assert {AccountState.READY} == set((await states(bot)).values())
        assert len(bad.creates) <= 1


async def test_a_provider_that_is_down_holds_up_its_own_jobs_alone_until_it_is_back(engine: Open) -> None:
    clock = Clock()
    usual, down = FakeProvider(clock, account="usual"), FakeProvider(clock, account="down")
    down.name, down.capabilities = "plain", PLAIN
    away = NotSent("No connection to the generation API (ConnectError)")
    down.check_error = away
    down.steps.extend([away] * 3)
    async with engine(providers=[usual, down]) as bot, bot.http() as http:
        waiting = await bot.ask("/imagine a fox --model uni-1")
        await bot.until(lambda: down.creates)
        assert State.COMPLETED is (await bot.ends(await bot.ask())).state
        reasons = (await http.get("/readyz")).json()["reasons"]
        assert any("down has had no response" in reason for reason in reasons)

        def passes() -> object:
            bot.advance(1_000)
            return len(down.creates) == 4

        await bot.until(passes)
        assert State.COMPLETED is (await bot.ends(waiting)).state
        assert {AccountState.READY} == set((await states(bot)).values())
