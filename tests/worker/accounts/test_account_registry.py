"""Accounts of several processes: each submits with its own keys, and none retires another's account."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.resources import prepare_store, providers_of
from bot.settings import Role
from bot.store.operator.accounts import AccountState, last_registered_at, list_accounts
from bot.worker.accounts import renew_registration
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeChat, FakeProvider
from tests.engine.harness import SECRET, Engine, open_engine
from tests.engine.settings import given_settings


async def states(engine: Engine) -> dict[str, str]:
    return {row.id: row.state for row in await list_accounts(engine.services.database)}


def test_a_gateway_without_a_key_is_no_simulator(tmp_path: Path) -> None:
    """Budgets are the simulator's, and the playground open, only where nothing can be spent."""
    settings = given_settings(tmp_path, provider=(), role=Role.GATEWAY)
    assert not settings.simulated
    assert [] == providers_of(settings, SECRET)
    named = given_settings(tmp_path, provider=("luma",), role=Role.GATEWAY)
    assert [] == providers_of(named, SECRET)


async def test_a_gateway_has_workers_do_what_it_accepts_and_retires_nothing(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    clock, chat = Clock(), FakeChat()
    providers = [FakeProvider(clock, account="one"), FakeProvider(clock, account="two")]
    shared: dict[str, Any] = {"clock": clock, "chat": chat}
    async with (
        open_engine(tmp_path, migrated_postgres_url, providers=[providers[0]], owner="a", **shared) as first,
        open_engine(tmp_path, migrated_postgres_url, providers=[providers[1]], owner="b", **shared) as second,
        open_engine(
            tmp_path,
            migrated_postgres_url,
            keyless=True,
            provider=(),
            role=Role.GATEWAY,
            default_ceiling=100,
            default_allowance=25,
            start=None,
            owner="gateway",
            **shared,
        ) as gateway,
    ):
        assert {"one": AccountState.READY, "two": AccountState.READY} == await states(first)

        job = await gateway.ends(await gateway.ask("/animate a fox"))
        assert State.COMPLETED is job.state

        # What only the other worker's account can do is accepted everywhere.
        for engine in (gateway, first, second):
            longer = await engine.ends((await engine.press(Action.EXTEND, job.id)).view)
            assert (State.COMPLETED, job.account) == (longer.state, longer.account)


async def test_a_gateway_estimates_by_the_lanes_of_all_workers(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    """By its own, of which it has none, every job would wait for the one before it."""
    clock = Clock()
    worker = partial(open_engine, tmp_path, migrated_postgres_url, start=None, clock=clock)
    one, two = (FakeProvider(clock, account=name, concurrent=5, per_minute=50) for name in ("one", "two"))
    async with (
        worker(providers=[one], owner="a"),
        worker(providers=[two], owner="b"),
        worker(
            keyless=True,
            provider=(),
            role=Role.GATEWAY,
            default_ceiling=100,
            default_allowance=25,
            owner="gateway",
            simulator_speed=1,
        ) as gateway,
    ):
        cards = [await gateway.ask() for _ in range(11)]
        begun = clock.wall()
        waits = [card.jobs[0].ready_at - begun for card in cards if card.jobs[0].ready_at is not None]
        usual = waits[0]
        assert 11 == len(waits)
        assert waits[9] < 1.5 * usual
        assert 1.5 * usual < waits[10] < 2.5 * usual


async def test_a_gateway_refuses_while_there_is_no_worker(tmp_path: Path, migrated_postgres_url: str) -> None:
    async with open_engine(
        tmp_path, migrated_postgres_url, keyless=True, provider=(), role=Role.GATEWAY, start=None
    ) as gateway:
        with pytest.raises(InvalidRequest, match="not available here right now"):
            await gateway.ask()
        assert {} == await states(gateway)


async def test_an_account_that_no_worker_holds_is_retired_after_a_while(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    clock = Clock()
    one, two = FakeProvider(clock, account="one"), FakeProvider(clock, account="two")
    async with open_engine(tmp_path, migrated_postgres_url, providers=[one], clock=clock, start=None):
        pass
    async with open_engine(tmp_path, migrated_postgres_url, providers=[two], clock=clock, start=None) as bot:
        begun = await last_registered_at(bot.services.database, "two")
        await renew_registration(bot.services, "two")
        assert begun == await last_registered_at(bot.services.database, "two"), "it has just been said"
        bot.advance(bot.services.times.account_lost - 1_000_000)
        await renew_registration(bot.services, "two")
        assert {"one": AccountState.READY, "two": AccountState.READY} == await states(bot)

        bot.advance(1_000_001)
        await renew_registration(bot.services, "two")
        assert {"one": AccountState.RETIRED, "two": AccountState.READY} == await states(bot)


async def test_a_removed_key_is_retired_at_the_next_start_of_the_only_process(engine: Open) -> None:
    clock = Clock()
    async with engine(providers=[FakeProvider(clock, account="old")], clock=clock, start=None):
        pass
    async with engine(providers=[FakeProvider(clock, account="new")], clock=clock, start=None) as bot:
        assert {"old": AccountState.RETIRED, "new": AccountState.READY} == await states(bot)
        await prepare_store(bot.services)
        assert {"old": AccountState.RETIRED, "new": AccountState.READY} == await states(bot)
