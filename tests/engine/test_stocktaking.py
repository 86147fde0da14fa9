"""An answer that comes in while the list is being read: its generation is the job's, never an orphan."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.domain.jobs import State
from bot.engine.stocktaking import take_stock
from bot.store.database import Database
from bot.store.queries import Query
from tests.engine.conftest import Open
from tests.engine.fakes import held, lost_on_the_way


class Interrupted:
    """A database between two of whose reads something happens."""

    def __init__(self, database: Database, after: str, happens: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._after = after
        self._happens: Callable[[], Awaitable[object]] | None = happens
        self.signals = database.signals

    async def fetch(self, query: Query, /, **values: object) -> list[Mapping[str, Any]]:
        rows = await self._database.fetch(query, **values)
        if query.name == self._after and self._happens is not None:
            happens, self._happens = self._happens, None
            await happens()
        return rows

    @property
    def write(self) -> Any:
        return self._database.write


@pytest.mark.parametrize("reachable", [True, False])
@pytest.mark.parametrize("read", ["known_generations", "attempts", "unbound_attempts"])
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

        database = Interrupted(home.core.database, read, answer)
        core = replace(home.core, database=cast("Database", database))
        await take_stock(core, home.provider, page.generations)

        step.open()
        job = await home.comes_to(card, State.SUBMITTED)
        assert [job.remote_id] == list(home.provider.generations)
        assert {} == await home.orphans()
