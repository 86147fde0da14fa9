"""A process that slept past the end of its lease changes nothing that belongs to the next owner."""

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.domain.cards.card import CardView
from bot.domain.errors import MediaRefused
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.store.database.base import Database, Row
from bot.store.database.named_sql import Query
from bot.store.queue.claim import claim
from bot.store.queue.jobs import delete_job
from bot.worker.preparation import MAX_IN_FLIGHT
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider, held
from tests.engine.harness import Engine
from tests.engine.settings import person

PHOTO = "https://example.org/fox.jpg"


class SleepsAfterClaim:
    """A database whose next claimed job is read only once the test says so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.armed, self._sleeps = False, False
        self.asleep, self.woken = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, operation: Any, item: Any, *, max_delay_s: float = 0.0) -> Any:
        result = await self._database.write(operation, item, max_delay_s=max_delay_s)
        if self.armed and operation is claim and result.claims:
            self.armed, self._sleeps = False, True
        return result

    async def fetch(self, query: Query, /, **values: object) -> Sequence[Row]:
        if self._sleeps and query.name == "jobs.jobs_by_id":
            self._sleeps = False
            self.asleep.set()
            await self.woken.wait()
        return await self._database.fetch(query, **values)


def tasks(name: str) -> int:
    return sum(task.get_name() == name for task in asyncio.all_tasks())


async def test_a_submitter_that_slept_past_its_lease_leaves_the_next_attempt_alone(any_engine: Open) -> None:
    stores: list[SleepsAfterClaim] = []

    def wrap(database: Database) -> Any:
        stores.append(SleepsAfterClaim(database))
        return stores[0]

    async with any_engine(wrap_store=wrap) as bot:
        source, sleeper = await bot.made(), stores[0]
        sleeper.armed = True
        card = (await bot.press(Action.VARIATION, source.id)).view
        await bot.until(sleeper.asleep.is_set)

        # Its lease ends; the job's second attempt is on its way when the sleeper finds its source gone.
        second = held()
        bot.provider.lags = True  # nobody adopts it from a list meanwhile
        bot.provider.steps.append(second)
        bot.advance(bot.services.times.submit_lease + 1)
        await bot.until(second.begun.is_set)
        await bot.services.database.transact(delete_job, source.id, now=bot.clock.wall())
        sleeper.woken.set()
        await bot.until(lambda: tasks(f"submit {card.jobs[0].id}") == 1)

        job = await bot.job(card)
        assert (State.SUBMITTING, 2) == (job.state, job.attempt)
        second.open()
        assert State.COMPLETED is (await bot.ends(card)).state
        assert ["claimed", "never_left", "claimed", "submitted", "completed"] == (await bot.causes(card))[2:]


async def test_whoever_prepared_past_its_lease_does_not_refuse_what_the_next_one_prepares(
    any_engine: Open,
) -> None:
    clock = Clock()
    providers = [FakeProvider(clock)]
    async with (
        any_engine(clock=clock, providers=providers, start=("prepare",), owner="stuck") as stuck,
        any_engine(clock=clock, providers=providers, start=None, owner="heir") as heir,
    ):
        stuck.library.gate, heir.library.gate = asyncio.Event(), asyncio.Event()
        cards: list[CardView] = [await ask_with_photo(stuck, number) for number in range(MAX_IN_FLIGHT)]
        await stuck.until(lambda: len(stuck.library.fetched) == MAX_IN_FLIGHT)
        heir.advance(heir.services.times.prepare_lease + 1)
        heir.start("prepare")
        await heir.until(lambda: len(heir.library.fetched) == MAX_IN_FLIGHT)

        job = cards[0].jobs[0].id
        stuck.library.errors["*"] = MediaRefused("This is no picture.")
        stuck.library.gate.set()
        await stuck.until(lambda: tasks(f"prepare {job}") == 1)

        assert {State.PREPARING} == {(await heir.job(card)).state for card in cards}
        heir.library.gate.set()
        for card in cards:
            await heir.comes_to(card, State.QUEUED)


async def ask_with_photo(engine: Engine, number: int) -> CardView:
    return await engine.ask(f"/animate it runs --start {PHOTO}?{number}", by=person(f"member{number}"))
