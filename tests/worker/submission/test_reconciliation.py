"""A create that is answered while the list is read: its generation belongs to the job and is no orphan."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.domain.jobs.job import State
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.worker.reconciliation import reconcile, resolve_unknown
from bot.worker.recovery import recover_expired_claims
from tests.engine.conftest import Open
from tests.engine.fakes import held, lost, lost_on_the_way


class Interrupted:
    """A database between two of whose reads something happens."""

    def __init__(self, database: Database, after: str, happens: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._after = after
        self._happens: Callable[[], Awaitable[object]] | None = happens

    async def fetch(self, query: Query, /, **values: object) -> list[Mapping[str, Any]]:
        rows = await self._database.fetch(query, **values)
        if query.name == self._after and self._happens is not None:
            happens, self._happens = self._happens, None
            await happens()
        return rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


@pytest.mark.parametrize("reachable", [True, False])
@pytest.mark.parametrize(
    "read", ["attempts.known_generations", "attempts.attempts", "attempts.unbound_attempts"]
)
async def test_an_answer_between_two_reads_makes_no_orphan(
    any_engine: Open, read: str, reachable: bool
) -> None:
    async with any_engine(start=("submit", "watch"), reachable=reachable, simulator_speed=0.001) as bot:
        bot.provider.steps.append(lost_on_the_way())
        lost = await bot.ask()
        await bot.comes_to(lost, State.UNKNOWN)
        bot.advance(60_001)
        await bot.comes_to(lost, State.FAILED)
        step = held()
        bot.provider.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        page = await bot.provider.page(limit=100, offset=0)

        async def answer() -> None:
            step.open()
            await bot.comes_to(card, State.SUBMITTED)

        database = Interrupted(bot.services.database, read, answer)
        services = replace(bot.services, database=cast("Database", database))
        await reconcile(services, bot.provider, page.generations)

        step.open()
        job = await bot.comes_to(card, State.SUBMITTED)
        assert [job.remote_id] == list(bot.provider.generations)
        assert {} == await bot.orphans()


async def test_what_the_scan_left_undecided_is_given_up_by_nobody_later(engine: Open) -> None:
    """The equal job in the way loses its lease right after the scan, which could tell nothing apart."""
    async with engine(start=("submit",), reachable=False) as bot:
        step = held()
        bot.provider.steps.extend([lost(), step])
        first = await bot.ask()
        await bot.comes_to(first, State.UNKNOWN)
        second = await bot.ask()
        await step.begun.wait()
        bot.advance(60_001)

        async def lease_ends() -> None:
            await recover_expired_claims(bot.services)
            await bot.comes_to(second, State.UNKNOWN)

        database = Interrupted(bot.services.database, "attempts.job_refs", lease_ends)
        services = replace(bot.services, database=cast("Database", database))
        await resolve_unknown(services, bot.provider, [await bot.job(first)])
        assert State.UNKNOWN is (await bot.job(first)).state

        bot.start("watch")
        jobs = [await bot.ends(card) for card in (first, second)]
        assert set(bot.provider.generations) == {job.remote_id for job in jobs}
        step.open()
