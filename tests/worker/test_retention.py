"""Stored media are removed when nothing refers to them any longer, or when they have expired."""

import os
from pathlib import Path

import pytest

from bot.domain.actions import Action
from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, Refused
from bot.domain.jobs import Job, State
from bot.domain.media import Media, Reference
from bot.store.file_refs import MAX_UNUSED_UPLOADS
from bot.worker.retention import expire_results, expire_uploads, remove_unreferenced_files
from tests.engine.conftest import Open
from tests.engine.fake_library import MP4, PNG
from tests.engine.house import BOB, House

DAY_MS = 86_400_000
PHOTO = "http://pictures.example/photo.png"


async def kept(house: House, *files: Media | None) -> list[bool]:
    """Whether each file is still in the storage."""
    return [await house.services.storage.exists(media.file) for media in files if media]


async def pass_days(house: House, days: int) -> None:
    """Let days pass once all cards are shown: a show under way would lose its lease, and begin again."""

    async def are_shown() -> bool:
        return not await house.rows("SELECT id FROM card WHERE shown_rev < wanted_rev")

    await house.until(are_shown)
    house.advance(days * DAY_MS)


def input_of(job: Job) -> Media | None:
    (reference,) = job.request.references
    return reference.file


async def test_an_upload_without_a_command_leaves_when_its_time_is_over(any_house: Open) -> None:
    async with any_house(start=None) as home:
        file = await home.upload(PNG + b"mine")
        home.advance(home.services.times.upload_hold - 1_000)
        await expire_uploads(home.services)
        assert [True] == await kept(home, file)

        home.advance(2_000)
        await expire_uploads(home.services)
        assert [False] == await kept(home, file)


async def test_an_upload_that_a_job_uses_stays_as_long_as_the_job(any_house: Open) -> None:
    async with any_house() as home:
        file = await home.upload(PNG + b"mine")
        job = await home.made("/animate it runs", files=(Reference.of(file),))
        home.advance(home.services.times.upload_hold + 1)
        await expire_uploads(home.services)
        assert [True] == await kept(home, file)

        await home.delete(job.id)
        assert [False, False] == await kept(home, file, job.result)


async def test_an_upload_stays_from_the_moment_in_which_a_command_names_it(any_house: Open) -> None:
    async with any_house(start=None) as home:
        file = await home.upload(PNG + b"mine")
        await home.ask("/animate it runs", files=(Reference.of(file),))
        home.advance(home.services.times.upload_hold + 1)
        await expire_uploads(home.services)
        assert [True] == await kept(home, file)


async def test_an_upload_of_two_members_stays_for_the_later(any_house: Open) -> None:
    async with any_house(start=None) as home:
        file = await home.upload(PNG + b"the same")
        home.advance(home.services.times.upload_hold // 2)
        assert file == await home.upload(PNG + b"the same", by=BOB)
        home.advance(home.services.times.upload_hold // 2 + 1)
        await expire_uploads(home.services)
        assert [True] == await kept(home, file)


async def test_a_frame_of_an_uploaded_video_goes_with_it(house: Open) -> None:
    async with house(start=None) as home:
        file = await home.upload(MP4 + b"mine")
        assert await home.services.storage.exists(file.poster)
        home.advance(home.services.times.upload_hold + 1)
        await expire_uploads(home.services)
        assert not await home.services.storage.exists(file.poster)


async def test_more_uploads_than_anybody_needs_are_refused(any_house: Open) -> None:
    async with any_house(start=None) as home:
        for number in range(MAX_UNUSED_UPLOADS):
            await home.upload(PNG + str(number).encode())
        with pytest.raises(InvalidRequest, match="many files that no command has used"):
            await home.upload(PNG + b"one more")
        stored = [path for path in home.services.storage.folder.rglob("*") if _is_media(path)]
        assert MAX_UNUSED_UPLOADS == len(stored)
        await home.upload(PNG + b"one more", by=BOB)


def _is_media(path: Path) -> bool:
    return path.is_file() and len(path.name) == 64


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (MediaRefused("This picture is animated: send a still one."), InvalidRequest, "send a still one"),
        (MediaUnavailable("The media storage is full."), Refused, "storage is full. Try again later"),
    ],
)
async def test_an_upload_that_cannot_be_kept_is_refused_in_words(
    house: Open, error: Exception, kind: type[Refused], told: str
) -> None:
    async with house(start=None) as home:
        home.library.unusable = error
        with pytest.raises(kind, match=told):
            await home.upload(PNG)


async def test_uploads_cost_of_the_rate(house: Open) -> None:
    async with house(start=None, commands_burst=2) as home:
        await home.upload(PNG + b"1")
        await home.upload(PNG + b"2")
        with pytest.raises(Refused):
            await home.upload(PNG + b"3")


async def test_deleting_removes_the_result_and_what_nobody_else_needs(any_house: Open) -> None:
    async with any_house() as home:
        alone = await home.made(f"/animate it runs --start {PHOTO}?alone")
        first = await home.made(f"/animate it runs --start {PHOTO}?shared")
        second = await home.made(f"/animate it runs --start {PHOTO}?shared", by=BOB)
        shared = input_of(first)
        assert shared == input_of(second)

        await home.delete(alone.id)
        await home.delete(first.id)
        gone = (alone.result, first.result, input_of(alone))
        assert [False, False, False] == await kept(home, *gone)
        assert [True, True] == await kept(home, shared, second.result)
        await home.delete(second.id, by=BOB)
        assert [False] == await kept(home, shared)


async def test_a_delete_works_though_the_disk_does_not(house: Open) -> None:
    """The storage is looked through for what was left behind."""
    async with house(start=("prepare", "submit", "watch", "deliver")) as home:
        job = await home.made()
        assert job.result is not None
        folder = home.services.storage.path(job.result.file)
        folder.rename(folder.with_suffix(".away"))
        folder.mkdir()  # a folder in the file's place cannot be unlinked
        note = await home.delete(job.id)
        assert "Deleted" == note.title
        assert [{"deleted": 1}] == await home.rows("SELECT deleted FROM job")


async def test_media_go_once_when_their_time_is_over(any_house: Open) -> None:
    async with any_house(retention_days=30) as home:
        old = await home.made(f"/animate it runs --start {PHOTO}")
        await pass_days(home, 29)
        new = await home.made()
        await expire_results(home.services)
        assert [True, True] == await kept(home, old.result, new.result)

        await pass_days(home, 2)
        await expire_results(home.services)
        assert [False, False] == await kept(home, old.result, input_of(old))
        assert [True] == await kept(home, new.result)
        note = await home.learn(f"/show {old.id}")
        shown = note.views[0].jobs[0]
        assert shown.media is None
        assert "its file has expired and was deleted" in shown.headline
        assert (Action.AGAIN, Action.EDIT, Action.DELETE) == shown.actions
        (rows,) = await home.rows(
            "SELECT count(*) AS held FROM file_reference WHERE holder = :job", job=old.id
        )
        assert 0 == rows["held"]


async def test_what_somebody_starred_stays(any_house: Open) -> None:
    async with any_house(retention_days=30) as home:
        liked, other = await home.made(), await home.made()
        await home.press(Action.GALLERY, liked.id, by=BOB)
        await pass_days(home, 31)
        await expire_results(home.services)
        assert [True, False] == await kept(home, liked.result, other.result)

        await home.press(Action.GALLERY, liked.id, by=BOB)
        await pass_days(home, 1)
        await expire_results(home.services)
        assert [False] == await kept(home, liked.result)


async def test_without_a_time_media_stay_for_ever(house: Open) -> None:
    async with house() as home:
        job = await home.made()
        await pass_days(home, 4_000)
        await expire_results(home.services)
        assert [True] == await kept(home, job.result)


async def test_nothing_is_built_on_what_was_removed(house: Open) -> None:
    async with house(retention_days=30) as home:
        video = await home.made("/animate a fox that runs")
        await pass_days(home, 31)
        await expire_results(home.services)
        with pytest.raises(InvalidRequest, match="has expired and was deleted"):
            await home.say(f"/extend {video.id} it jumps")
        with pytest.raises(InvalidRequest, match="You have no finished video"):
            await home.say("/extend it jumps")
        assert State.COMPLETED is (await home.ends((await home.press(Action.AGAIN, video.id)).view)).state


async def test_a_stray_leaves_once_it_is_old_and_a_held_file_never(any_house: Open) -> None:
    async with any_house() as home:
        job = await home.made()
        stray = await home.services.storage.put(
            PNG + b"left by the dead", mime="image/png", width=1, height=1
        )
        assert job.result is not None
        _age(home, job.result)
        await remove_unreferenced_files(home.services)
        assert [True, True] == await kept(home, stray, job.result)

        _age(home, stray)
        await remove_unreferenced_files(home.services)
        assert [False, True] == await kept(home, stray, job.result)


def _age(house: House, media: Media) -> None:
    """Let a file be as old as unreferenced files are."""
    at = house.clock.wall() / 1000 - 86_400
    os.utime(house.services.storage.path(media.file), (at, at))


async def test_the_loop_does_all_of_it(house: Open) -> None:
    async with house(retention_days=30, times={"retention_interval": 20}) as home:
        job, file = await home.made(), await home.upload(PNG + b"mine")
        await pass_days(home, 31)

        async def gone() -> bool:
            return not any(await kept(home, job.result, file))

        await home.until(gone)
