"""Callbacks that arrive together are confirmed together."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.errors import NotSent, RateLimited
from bot.domain.jobs.job import Job, State
from bot.providers.base import GenerationState, Page
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine

DREAMING, COMPLETED = GenerationState.DREAMING, GenerationState.COMPLETED
MANY = 8


async def submitted(bot: Engine, many: int) -> list[Job]:
    """Have so many generations that run, and no request about them until a callback comes."""
    bot.provider.born = DREAMING
    cards = [await bot.ask(f"/imagine fox {number}") for number in range(many)]
    return [await bot.comes_to(card, State.SUBMITTED) for card in cards]


async def call_back(bot: Engine, jobs: Sequence[Job]) -> None:
    """Post a callback for each job's end; they wait for the loop that processes them."""
    urls = {request.prompt: str(url) for request, _, url in bot.provider.creates}
    async with bot.http() as http:
        for job in jobs:
            await http.post(urls[job.request.prompt], json={"id": job.remote_id, "state": "completed"})


async def requests(bot: Engine, many: int) -> tuple[int, int]:
    """How many requests of the list and of single generations it took to learn of so many ends."""
    # Durations that were learned from those that have completed would cause further requests.
    bot.library.gate = asyncio.Event()
    for generation in list(bot.provider.generations)[:many]:
        bot.provider.end(generation, COMPLETED)
    bot.start("callbacks")
    await bot.until(lambda: len(bot.library.fetched) == many)
    counted = bot.provider.lists, bot.provider.reads
    bot.library.gate.set()
    await has(bot, "completed", many)
    return counted


async def has(bot: Engine, state: str, many: int) -> None:
    """Wait until so many jobs are in a state."""

    async def look() -> bool:
        sql = "SELECT count(*) AS jobs FROM job WHERE state = :state"
        return bool((await bot.rows(sql, state=state))[0]["jobs"] == many)

    await bot.until(look)


async def test_a_burst_of_callbacks_is_confirmed_by_one_request(engine: Open) -> None:
    async with engine(start=("submit", "watch"), simulator_speed=0.001) as bot:
        jobs = await submitted(bot, MANY)
        await call_back(bot, jobs)
        assert (1, 0) == await requests(bot, MANY)


async def test_generations_far_down_the_list_are_found_by_one_request(engine: Open) -> None:
    clock = Clock()
    provider = FakeProvider(clock, concurrent=1_000, per_minute=1_000)
    more = {"clock": clock, "providers": [provider], "start": ("submit", "watch"), "simulator_speed": 0.001}
    async with engine(**more) as bot:
        oldest = await submitted(bot, MANY)
        for number in range(40):
            await bot.ask(f"/imagine owl {number} --count 4")
        await has(bot, "submitted", 168)
        await call_back(bot, oldest)
        assert (1, 0) == await requests(bot, MANY)


class LaggingList(FakeProvider):
    """Its list lacks the first generation, and shows the second as it was made."""

    async def page(self, *, limit: int, offset: int) -> Page:
        page = await super().page(limit=limit, offset=offset)
        missing, behind, *_ = self.generations
        shown = [one for one in page.generations if one.id != missing]
        shown = [replace(one, state=DREAMING) if one.id == behind else one for one in shown]
        return replace(page, generations=shown)


async def test_what_the_list_does_not_show_as_ended_is_read_by_itself(engine: Open) -> None:
    clock = Clock()
    more = {"clock": clock, "providers": [LaggingList(clock)], "simulator_speed": 0.001}
    async with engine(start=("submit", "watch"), **more) as bot:
        jobs = await submitted(bot, MANY)
        await call_back(bot, jobs)
        assert (1, 2) == await requests(bot, MANY)


async def test_without_the_list_each_is_read_by_itself(engine: Open) -> None:
    async with engine(start=("submit", "watch"), simulator_speed=0.001) as bot:
        jobs = await submitted(bot, MANY)
        bot.provider.list_error = NotSent("HTTP 503")
        await call_back(bot, jobs)
        assert (1, MANY) == await requests(bot, MANY)


async def test_a_generation_that_cannot_be_read_hides_no_other(engine: Open) -> None:
    async with engine(start=("submit", "watch"), simulator_speed=0.001) as bot:
        jobs = await submitted(bot, 3)
        unreadable = jobs[0].remote_id
        bot.provider.get_error = lambda one: NotSent("HTTP 500") if one == unreadable else None
        for job in jobs:
            bot.provider.end(str(job.remote_id), COMPLETED)
        await call_back(bot, jobs)
        bot.start("callbacks")
        await has(bot, "completed", 2)


async def test_after_a_request_limit_no_other_is_read(engine: Open) -> None:
    async with engine(start=("submit", "watch"), simulator_speed=0.001) as bot:
        jobs = await submitted(bot, 3)
        bot.provider.get_error = lambda _: RateLimited("HTTP 429")
        await call_back(bot, jobs)
        bot.start("callbacks")
        await bot.until(lambda: bot.provider.reads)
        assert 1 == bot.provider.reads
