"""A create that is answered while the list is read: its generation belongs to the job and is no orphan."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.domain.jobs import State
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
    any_house: Open, read: str, reachable: bool
) -> None:
    async with any_house(start=("submit", "watch"), reachable=reachable, simulator_speed=0.001) as home:
        home.provider.steps.append(lost_on_the_way())
        lost = await home.ask()
        await home.comes_to(lost, State.UNKNOWN)
        home.advance(60_001)
        await home.comes_to(lost, State.FAILED)
        step = held()
        home.provider.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        page = await home.provider.page(limit=100, offset=0)

        async def answer() -> None:
            step.open()
            await home.comes_to(card, State.SUBMITTED)

        database = Interrupted(home.services.database, read, answer)
        services = replace(home.services, database=cast("Database", database))
        await reconcile(services, home.provider, page.generations)

        step.open()
        job = await home.comes_to(card, State.SUBMITTED)
        assert [job.remote_id] == list(home.provider.generations)
        assert {} == await home.orphans()


async def test_what_the_scan_left_undecided_is_given_up_by_nobody_later(any_house: Open) -> None:
    """The equal job in the way loses its lease right after the scan, which could tell nothing apart."""
    async with any_house(start=("submit",), reachable=False) as home:
        step = held()
        home.provider.steps.extend([lost(), step])
        first = await home.ask()
        await home.comes_to(first, State.UNKNOWN)
        second = await home.ask()
        await step.begun.wait()
        home.advance(60_001)

        async def lease_ends() -> None:
            await recover_expired_claims(home.services)
            await home.comes_to(second, State.UNKNOWN)

        database = Interrupted(home.services.database, "attempts.job_refs", lease_ends)
        services = replace(home.services, database=cast("Database", database))
        await resolve_unknown(services, home.provider, [await home.job(first)])
        assert State.UNKNOWN is (await home.job(first)).state

        home.start("watch")
        jobs = [await home.ends(card) for card in (first, second)]
        assert set(home.provider.generations) == {job.remote_id for job in jobs}
        step.open()
