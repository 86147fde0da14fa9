"""Jobs with URLs as inputs, and how they end."""

import asyncio

from bot.domain.cards.card import CardView
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import Job, State
from bot.worker.preparation import MAX_IN_FLIGHT
from tests.engine.harness import Engine
from tests.engine.settings import BOSS, person

PHOTO, FILM = "http://pictures.example/photo.png", "http://films.example/fox.mp4"


async def prepared(engine: Engine, text: str, **more: object) -> Job:
    """A job whose inputs have been brought in; nothing submits it."""
    return await engine.comes_to(await engine.ask(text, **more), State.QUEUED)


async def hold_nothing(engine: Engine) -> None:
    """Ask nobody about a price: that of a video whose length is not known yet is high."""
    await engine.learn("/rules prices --confirm off --undo 0", by=BOSS)


async def fails(engine: Engine, card: CardView, category: FailureCategory, told: str) -> Job:
    """The job fails for this reason, which is shown, before it is sent; nothing of it is reserved."""
    creates = len(engine.provider.creates)
    job = await engine.ends(card)
    assert State.FAILED is job.state
    assert job.failure is not None
    assert category is job.failure.category
    seen = await engine.shown(card, lambda view: view.settled)
    assert told in seen.jobs[0].headline
    assert "not charged" in seen.jobs[0].headline
    assert 0 == (await engine.money())[1]
    assert creates == len(engine.provider.creates)
    return job


async def rests(engine: Engine, card: CardView) -> bool:
    """The job waits until its inputs are tried again."""
    sql = "SELECT run_at, lease_owner FROM job WHERE id = :job"
    (row,) = await engine.rows(sql, job=card.jobs[0].id)
    return row["lease_owner"] is None and row["run_at"] > engine.clock.wall()


async def occupy_all_slots(engine: Engine) -> list[CardView]:
    """Let a replica prepare as many jobs as it can at once, so that it takes no other, and hold it there."""
    engine.library.gate = asyncio.Event()
    cards = [
        await engine.ask(f"/animate it runs --start {PHOTO}?{number}", by=person(f"member{number}"))
        for number in range(MAX_IN_FLIGHT)
    ]
    await engine.until(lambda: len(engine.library.fetched) == MAX_IN_FLIGHT)
    return cards
