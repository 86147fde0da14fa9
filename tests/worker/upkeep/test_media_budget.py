"""The budget for stored media: the oldest unstarred results are removed first, and nothing that is in use."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import Job, State
from bot.providers.base import GenerationState
from bot.worker.upkeep.media_budget import MediaBudget
from tests.engine.conftest import Open
from tests.engine.fake_library import MP4, PNG
from tests.engine.fakes import held
from tests.engine.harness import Engine, open_engine
from tests.engine.settings import BOB

#: bytes of each picture, so many that addresses and frames do not matter beside it
SIZE = 10_000
PHOTO = "http://pictures.example/photo.png"


def sized(bot: Engine) -> None:
    """Have every picture and video of the same size."""
    bot.library.content = lambda url: (MP4 if url.endswith(".mp4") else PNG) + url.encode().ljust(SIZE, b".")


async def made(bot: Engine, text: str = "/imagine a red fox", **more: Any) -> Job:
    """Make a result and have its card shown; the next is younger."""
    job = await bot.made(text, **more)
    await shown(bot)
    bot.advance(1_000)
    return job


async def shown(bot: Engine) -> None:
    behind = "SELECT id FROM card WHERE shown_rev < wanted_rev"

    async def look() -> bool:
        return not await bot.rows(behind)

    await bot.until(look)


async def kept(bot: Engine, *jobs: Job) -> list[bool]:
    return [await bot.services.storage.exists(job.result.file) for job in jobs if job.result]


LOOPS = ("prepare", "submit", "watch", "deliver")


async def test_the_oldest_results_leave_until_the_budget_holds(engine: Open) -> None:
    async with engine(start=LOOPS, media_max_bytes=int(2.5 * SIZE)) as bot:
        sized(bot)
        jobs = [await made(bot) for _ in range(4)]
        await MediaBudget(bot.services).check()
        assert [False, False, True, True] == await kept(bot, *jobs)
        assert bot.services.media_usage.used is not None
        assert 2 * SIZE < bot.services.media_usage.used < 2.5 * SIZE

        note = await bot.learn(f"/show {jobs[0].id}")
        assert "its file has expired and was deleted" in note.views[0].jobs[0].headline


async def test_starred_results_stay(engine: Open) -> None:
    async with engine(start=LOOPS, media_max_bytes=int(1.5 * SIZE)) as bot:
        sized(bot)
        liked, other = await made(bot), await made(bot)
        await bot.press(Action.GALLERY, liked.id, by=BOB)
        await shown(bot)
        await MediaBudget(bot.services).check()
        assert [True, False] == await kept(bot, liked, other)


@pytest.mark.parametrize("state", [State.PREPARING, State.SUBMITTING, State.SUBMITTED])
async def test_what_a_job_under_way_builds_on_stays(engine: Open, state: State) -> None:
    """The provider reads it from here while the job runs, though the job holds no file of its own."""
    async with engine(start=("submit", "watch", "deliver"), media_max_bytes=int(1.5 * SIZE)) as bot:
        sized(bot)
        first, second, other = await made(bot), await made(bot), await made(bot)
        create = held()
        if state is not State.PREPARING:
            bot.start("prepare")
        if state is State.SUBMITTING:
            bot.provider.steps.append(create)
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask(f"/imagine a fox --image {first.id} --image {second.id}")
        await bot.comes_to(card, state)
        await shown(bot)
        await MediaBudget(bot.services).check()
        assert [True, True, False] == await kept(bot, first, second, other)
        assert bot.services.media_usage.stuck
        create.open()


async def test_a_result_whose_card_is_still_to_be_shown_stays(any_engine: Open) -> None:
    async with any_engine(start=("prepare", "submit", "watch"), media_max_bytes=SIZE // 2) as bot:
        sized(bot)
        job = await bot.made()
        await MediaBudget(bot.services).check()
        assert [True] == await kept(bot, job)

        bot.start("deliver")
        await shown(bot)
        await MediaBudget(bot.services).check()
        assert [False] == await kept(bot, job)


async def test_a_copy_that_is_still_to_be_sent_keeps_the_file(engine: Open) -> None:
    async with engine(start=LOOPS, media_max_bytes=SIZE // 2) as bot:
        sized(bot)
        job = await made(bot)
        await bot.change(
            "INSERT INTO card (id, event, adapter, workspace, channel, reply_token, private, member, person,"
            " copy_of, run_at, created_at) SELECT 'copy', 'copy', 'elsewhere', workspace, channel,"
            " reply_token, private, member, person, :job, run_at, created_at FROM card",
            job=job.id,
        )
        await MediaBudget(bot.services).check()
        assert [True] == await kept(bot, job)


async def test_nothing_leaves_without_a_budget(engine: Open) -> None:
    async with engine(start=LOOPS, min_free_bytes=1 << 60) as bot:
        sized(bot)
        job = await made(bot)
        await MediaBudget(bot.services).check()
        assert [True] == await kept(bot, job)


async def test_with_a_budget_results_make_room_on_a_disk_that_is_nearly_full(engine: Open) -> None:
    async with engine(start=LOOPS, media_max_bytes=1 << 60, min_free_bytes=1 << 60) as bot:
        sized(bot)
        job = await made(bot)
        await MediaBudget(bot.services).check()
        assert [False] == await kept(bot, job)


async def test_files_that_cannot_be_removed_cost_no_other_job_its_result(engine: Open) -> None:
    async with engine(start=LOOPS, media_max_bytes=int(2.5 * SIZE)) as bot:
        sized(bot)
        jobs = [await made(bot) for _ in range(3)]
        for job in jobs:
            assert job.result is not None
            path = bot.folder.path(job.result.file)
            path.unlink()
            path.mkdir()  # a folder in the file's place cannot be unlinked
            (path / "content").write_bytes(bytes(SIZE))
        budget = MediaBudget(bot.services)
        await budget.check()
        await budget.check()
        assert [{"jobs": 1}] == await bot.rows("SELECT count(*) AS jobs FROM job WHERE expired = 1")


async def test_the_operator_is_warned_once_before_the_budget_is_used(engine: Open) -> None:
    async with engine(start=LOOPS, media_max_bytes=int(2.1 * SIZE)) as bot:
        sized(bot)
        budget = MediaBudget(bot.services)
        await made(bot)
        with capture_logs() as logs:
            await budget.check()
            assert [] == (await ready(bot))["remarks"]
            await made(bot)
            bot.advance(bot.services.times.retention_interval)
            await budget.check()
            await budget.check()
        assert 1 == len([one for one in logs if one["event"] == "media_budget_nearly_used"])
        answer = await ready(bot)
        assert answer["ready"]
        assert "of 21 kB (9" in answer["remarks"][0]
        async with bot.http() as client:
            metrics = (await client.get("/metrics")).text
        assert "reverie_media_max_bytes 21000.0" in metrics


async def ready(bot: Engine) -> Any:
    async with bot.http() as client:
        return (await client.get("/readyz")).json()


async def test_a_budget_that_cannot_be_kept_is_told(engine: Open) -> None:
    async with engine(start=LOOPS, media_max_bytes=SIZE // 2) as bot:
        sized(bot)
        job = await made(bot)
        await bot.press(Action.GALLERY, job.id)
        await shown(bot)
        await MediaBudget(bot.services).check()
        answer = await ready(bot)
        assert (True, True) == (answer["ready"], answer["degraded"])
        assert "nothing can be removed" in answer["reasons"][0]


async def test_of_two_replicas_one_makes_room(tmp_path: Path, migrated_postgres_url: str) -> None:
    """They share the folder, and each alone would remove as much as is too much."""
    opening = partial(open_engine, tmp_path, migrated_postgres_url, media_max_bytes=int(4.5 * SIZE))
    async with (
        opening(start=LOOPS) as bot,
        opening(start=None, owner="other", clock=bot.clock) as other,
    ):
        sized(bot)
        jobs = [await made(bot) for _ in range(5)]
        await asyncio.gather(*(MediaBudget(one.services).check() for one in (bot, other)))
        assert [False, True, True, True, True] == await kept(bot, *jobs)


async def test_the_loop_makes_room_as_soon_as_a_result_is_too_much(engine: Open) -> None:
    """Its next look at the disk may be far away."""
    async with engine(start=None, media_max_bytes=int(1.5 * SIZE)) as bot:
        sized(bot)
        bot.start("media")
        await bot.until(lambda: bot.services.media_usage.used is not None)
        bot.start()
        first = await made(bot)
        second = await made(bot)

        async def gone() -> bool:
            return [False, True] == await kept(bot, first, second)

        await bot.until(gone)
