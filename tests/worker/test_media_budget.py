"""The budget for stored media: the oldest unstarred results are removed first, and nothing that is in use."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.actions import Action
from bot.domain.jobs import Job, State
from bot.providers.base import GenerationState
from bot.worker.media_budget import MediaBudget
from tests.engine.conftest import Open
from tests.engine.fake_library import MP4, PNG
from tests.engine.fakes import held
from tests.engine.house import BOB, House, open_house

#: bytes of each picture, so many that addresses and frames do not matter beside it
SIZE = 10_000
PHOTO = "http://pictures.example/photo.png"


def sized(home: House) -> None:
    """Have every picture and video of the same size."""
    home.library.content = lambda url: (MP4 if url.endswith(".mp4") else PNG) + url.encode().ljust(SIZE, b".")


async def made(home: House, text: str = "/imagine a red fox", **more: Any) -> Job:
    """Make a result and have its card shown; the next is younger."""
    job = await home.made(text, **more)
    await shown(home)
    home.advance(1_000)
    return job


async def shown(home: House) -> None:
    behind = "SELECT id FROM card WHERE shown_rev < wanted_rev"

    async def look() -> bool:
        return not await home.rows(behind)

    await home.until(look)


async def kept(home: House, *jobs: Job) -> list[bool]:
    return [await home.services.storage.exists(job.result.file) for job in jobs if job.result]


LOOPS = ("prepare", "submit", "watch", "deliver")


async def test_the_oldest_results_leave_until_the_budget_holds(any_house: Open) -> None:
    async with any_house(start=LOOPS, media_max_bytes=int(2.5 * SIZE)) as home:
        sized(home)
        jobs = [await made(home) for _ in range(4)]
        await MediaBudget(home.services).check()
        assert [False, False, True, True] == await kept(home, *jobs)
        assert home.services.media_usage.used is not None
        assert 2 * SIZE < home.services.media_usage.used < 2.5 * SIZE

        note = await home.learn(f"/show {jobs[0].id}")
        assert "its file has expired and was deleted" in note.views[0].jobs[0].headline


async def test_starred_results_stay(any_house: Open) -> None:
    async with any_house(start=LOOPS, media_max_bytes=int(1.5 * SIZE)) as home:
        sized(home)
        liked, other = await made(home), await made(home)
        await home.press(Action.GALLERY, liked.id, by=BOB)
        await shown(home)
        await MediaBudget(home.services).check()
        assert [True, False] == await kept(home, liked, other)


@pytest.mark.parametrize("state", [State.PREPARING, State.SUBMITTING, State.SUBMITTED])
async def test_what_a_job_under_way_builds_on_stays(any_house: Open, state: State) -> None:
    """The provider reads it from here while the job runs, though the job holds no file of its own."""
    async with any_house(start=("submit", "watch", "deliver"), media_max_bytes=int(1.5 * SIZE)) as home:
        sized(home)
        first, second, other = await made(home), await made(home), await made(home)
        create = held()
        if state is not State.PREPARING:
            home.start("prepare")
        if state is State.SUBMITTING:
            home.provider.steps.append(create)
        home.provider.born = GenerationState.DREAMING
        card = await home.ask(f"/imagine a fox --image {first.id} --image {second.id}")
        await home.comes_to(card, state)
        await shown(home)
        await MediaBudget(home.services).check()
        assert [True, True, False] == await kept(home, first, second, other)
        assert home.services.media_usage.stuck
        create.open()


async def test_a_result_whose_card_is_still_to_be_shown_stays(any_house: Open) -> None:
    async with any_house(start=("prepare", "submit", "watch"), media_max_bytes=SIZE // 2) as home:
        sized(home)
        job = await home.made()
        await MediaBudget(home.services).check()
        assert [True] == await kept(home, job)

        home.start("deliver")
        await shown(home)
        await MediaBudget(home.services).check()
        assert [False] == await kept(home, job)


async def test_a_copy_that_is_still_to_be_sent_keeps_the_file(any_house: Open) -> None:
    async with any_house(start=LOOPS, media_max_bytes=SIZE // 2) as home:
        sized(home)
        job = await made(home)
        await home.change(
            "INSERT INTO card (id, event, adapter, workspace, channel, reply_token, private, member, person,"
            " copy_of, run_at, created_at) SELECT 'copy', 'copy', 'elsewhere', workspace, channel,"
            " reply_token, private, member, person, :job, run_at, created_at FROM card",
            job=job.id,
        )
        await MediaBudget(home.services).check()
        assert [True] == await kept(home, job)


async def test_nothing_leaves_without_a_budget(house: Open) -> None:
    async with house(start=LOOPS, min_free_bytes=1 << 60) as home:
        sized(home)
        job = await made(home)
        await MediaBudget(home.services).check()
        assert [True] == await kept(home, job)


async def test_with_a_budget_results_make_room_on_a_disk_that_is_nearly_full(house: Open) -> None:
    async with house(start=LOOPS, media_max_bytes=1 << 60, min_free_bytes=1 << 60) as home:
        sized(home)
        job = await made(home)
        await MediaBudget(home.services).check()
        assert [False] == await kept(home, job)


async def test_files_that_cannot_be_removed_cost_no_other_job_its_result(house: Open) -> None:
    async with house(start=LOOPS, media_max_bytes=int(2.5 * SIZE)) as home:
        sized(home)
        jobs = [await made(home) for _ in range(3)]
        for job in jobs:
            assert job.result is not None
            path = home.services.storage.path(job.result.file)
            path.unlink()
            path.mkdir()  # a folder in the file's place cannot be unlinked
            (path / "content").write_bytes(bytes(SIZE))
        budget = MediaBudget(home.services)
        await budget.check()
        await budget.check()
        assert [{"jobs": 1}] == await home.rows("SELECT count(*) AS jobs FROM job WHERE expired = 1")


async def test_the_operator_is_warned_once_before_the_budget_is_used(house: Open) -> None:
    async with house(start=LOOPS, media_max_bytes=int(2.1 * SIZE)) as home:
        sized(home)
        budget = MediaBudget(home.services)
        await made(home)
        with capture_logs() as logs:
            await budget.check()
            assert [] == (await ready(home))["remarks"]
            await made(home)
            home.advance(home.services.times.retention_interval)
            await budget.check()
            await budget.check()
        assert 1 == len([one for one in logs if one["event"] == "media_budget_nearly_used"])
        answer = await ready(home)
        assert answer["ready"]
        assert "of 21 kB (9" in answer["remarks"][0]
        async with home.http() as client:
            metrics = (await client.get("/metrics")).text
        assert "reverie_media_max_bytes 21000.0" in metrics


async def ready(home: House) -> Any:
    async with home.http() as client:
        return (await client.get("/readyz")).json()


async def test_a_budget_that_cannot_be_kept_is_told(house: Open) -> None:
    async with house(start=LOOPS, media_max_bytes=SIZE // 2) as home:
        sized(home)
        job = await made(home)
        await home.press(Action.GALLERY, job.id)
        await shown(home)
        await MediaBudget(home.services).check()
        answer = await ready(home)
        assert (True, True) == (answer["ready"], answer["degraded"])
        assert "nothing can be removed" in answer["reasons"][0]


async def test_of_two_replicas_one_makes_room(tmp_path: Path, migrated_postgres_url: str) -> None:
    """They share the folder, and each alone would remove as much as is too much."""
    opening = partial(open_house, tmp_path, migrated_postgres_url, media_max_bytes=int(4.5 * SIZE))
    async with (
        opening(start=LOOPS) as home,
        opening(start=None, owner="other", clock=home.clock) as other,
    ):
        sized(home)
        jobs = [await made(home) for _ in range(5)]
        await asyncio.gather(*(MediaBudget(one.services).check() for one in (home, other)))
        assert [False, True, True, True, True] == await kept(home, *jobs)


async def test_the_loop_makes_room_as_soon_as_a_result_is_too_much(house: Open) -> None:
    """Its next look at the disk may be far away."""
    async with house(start=None, media_max_bytes=int(1.5 * SIZE)) as home:
        sized(home)
        home.start("media")
        await home.until(lambda: home.services.media_usage.used is not None)
        home.start()
        first = await made(home)
        second = await made(home)

        async def gone() -> bool:
            return [False, True] == await kept(home, first, second)

        await home.until(gone)
