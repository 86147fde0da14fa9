"""Several processes and the keys of workspaces: who opens an account, and whose limits count."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bot.domain.jobs.job import State
from bot.providers.base import GenerationState, Provider
from bot.settings import Role
from tests.engine.fakes import Clock, FakeAccounts, FakeChat, FakeProvider
from tests.engine.harness import Engine, open_engine
from tests.engine.settings import BOSS, person
from tests.service.keyed import AWAY_BOSS, KEY, enter


async def test_a_worker_takes_up_a_key_that_a_gateway_without_keys_accepted(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    clock = Clock()
    accounts = FakeAccounts(clock)
    opening = partial(open_engine, tmp_path, migrated_postgres_url, clock=clock, keys=accounts)
    async with (
        opening(owner="worker") as worker,
        opening(owner="gateway", keyless=True, provider=(), role=Role.GATEWAY, start=None) as gateway,
    ):
        await enter(gateway)
        card = await gateway.ask()

        job = await worker.ends(card)

        assert (State.COMPLETED, accounts.of(KEY).account) == (job.state, job.account)
        assert [] == worker.provider.creates
        await gateway.learn("/studio key remove", by=BOSS)
        await worker.until(lambda: _keyless(worker))


async def _keyless(bot: Engine) -> bool:
    return not await bot.rows("SELECT 1 FROM workspace_key") and not bot.services.workspace_providers


async def test_two_workers_share_the_limits_of_a_workspaces_account(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    clock = Clock()
    accounts = FakeAccounts(clock)
    opening = partial(
        open_engine,
        tmp_path,
        migrated_postgres_url,
        clock=clock,
        keys=accounts,
        providers=[FakeProvider(clock)],
        chat=FakeChat(),
    )
    async with opening(owner="a") as first, opening(owner="b") as second:
        own = accounts.of(KEY, concurrent=2)
        own.born = GenerationState.DREAMING
        await enter(first)
        cards = [await (first if number % 2 else second).ask() for number in range(6)]
        ended: set[str] = set()

        async def one_more() -> bool:
            running = [one for one in own.generations.values() if one.state is GenerationState.DREAMING]
            assert len(running) <= 2
            for generation in running:
                own.end(generation.id, GenerationState.COMPLETED)
            ended.update([card.card for card in cards if (await first.job(card)).is_final])
            return len(ended) == len(cards)

        await first.until(one_more)
        assert 6 == len(own.creates)
        assert {own.account} == {(await first.job(card)).account for card in cards}


async def test_several_workspaces_pay_each_for_themselves(tmp_path: Path, migrated_postgres_url: str) -> None:
    clock = Clock()
    accounts = FakeAccounts(clock)
    opening = partial(
        open_engine,
        tmp_path,
        migrated_postgres_url,
        clock=clock,
        keys=accounts,
        providers=[FakeProvider(clock)],
        chat=FakeChat(),
    )
    async with opening(owner="a") as first, opening(owner="b") as second:
        await enter(first)
        await enter(second, "another-key-of-luma", by=AWAY_BOSS)
        third = person("cy", workspace="chat:third")
        made = [
            (await first.made()).account,
            (await second.made(by=person("bob", workspace="chat:away"))).account,
            (await first.made(by=third)).account,
        ]
        assert [accounts.of(KEY).account, accounts.of("another-key-of-luma").account, "one"] == made
        await first.learn("/studio key remove", by=BOSS)
        mine = accounts.of(KEY).account
        for opened in (first.services.workspace_providers, second.services.workspace_providers):
            await first.until(partial(_lacks, opened, mine))


def _lacks(opened: Mapping[str, Provider], account: str) -> bool:
    return account not in opened


async def test_a_key_of_the_operator_is_not_opened_while_a_workspace_has_it(
    tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Its loops start once, on the workspace's queue."""
    clock = Clock()
    accounts = FakeAccounts(clock)
    async with open_engine(tmp_path, migrated_sqlite_url, clock=clock, keys=accounts) as bot:
        await enter(bot)
        await bot.made()
        assert [accounts.of(KEY).account] == list(bot.services.workspace_providers)


async def test_a_job_that_was_accepted_while_its_key_was_removed_is_cancelled(
    tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Its transaction may commit after the key was deleted, when nothing else refers to it."""
    clock = Clock()
    async with open_engine(
        tmp_path, migrated_sqlite_url, clock=clock, keys=FakeAccounts(clock), start=None
    ) as bot:
        await enter(bot)
        card = await bot.ask()
        await bot.change("DELETE FROM workspace_key")
        await bot.change("UPDATE account SET state = 'retired' WHERE workspace IS NOT NULL")
        bot.start()
        assert State.CANCELLED is (await bot.ends(card)).state


async def test_jobs_of_a_key_are_finished_after_a_restart(tmp_path: Path, migrated_sqlite_url: str) -> None:
    clock = Clock()
    accounts = FakeAccounts(clock)
    own = accounts.of(KEY)
    own.born = GenerationState.DREAMING
    opening = partial(open_engine, tmp_path, migrated_sqlite_url, clock=clock, keys=accounts)
    async with opening(owner="before") as bot:
        await enter(bot)
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        await bot.learn("/studio key remove", by=BOSS)
    async with opening(owner="after") as bot:
        own.end(next(iter(own.generations)), GenerationState.COMPLETED)
        assert State.COMPLETED is (await bot.ends(card)).state
        await bot.until(lambda: _keyless(bot))
