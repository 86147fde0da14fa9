"""Stored media are removed when nothing refers to them any longer, or when they have expired."""

import os
from pathlib import Path

import pytest

from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, NotAllowed, Refused
from bot.domain.generations.media import Media, Reference
from bot.domain.jobs.actions import Action, available_actions
from bot.domain.jobs.job import Job, State
from bot.store.file_refs import MAX_UNUSED_UPLOADS
from bot.store.queue.jobs import find_job
from bot.worker.upkeep.retention import (
    expire_for_workspaces,
    expire_results,
    expire_uploads,
    remove_unreferenced_files,
)
from tests.engine.conftest import Open
from tests.engine.fake_library import MP4, PNG
from tests.engine.harness import Engine
from tests.engine.settings import BOB, BOSS, person

DAY_MS = 86_400_000
#: the loops without the engine's own retention, which would hold the jobs that a test's call is to find
WITHOUT_RETENTION = ("prepare", "submit", "watch", "deliver")
PHOTO = "http://pictures.example/photo.png"


async def kept(engine: Engine, *files: Media | None) -> list[bool]:
    """Whether each file is still in the storage."""
    return [await engine.services.storage.exists(media.file) for media in files if media]


async def pass_days(engine: Engine, days: int) -> None:
    """Let days pass once all cards are shown: a show under way would lose its lease, and begin again."""

    async def are_shown() -> bool:
        return not await engine.rows("SELECT id FROM card WHERE shown_rev < wanted_rev")

    await engine.until(are_shown)
    engine.advance(days * DAY_MS)


async def same(engine: Engine, job: Job) -> Job:
    """A job as it is now."""
    found = await find_job(engine.services.database, job.id)
    assert found is not None
    return found


def input_of(job: Job) -> Media | None:
    (reference,) = job.request.references
    return reference.file


async def test_an_upload_without_a_command_leaves_when_its_time_is_over(engine: Open) -> None:
    async with engine(start=None) as bot:
        file = await bot.upload(PNG + b"mine")
        bot.advance(bot.services.times.upload_hold - 1_000)
        await expire_uploads(bot.services)
        assert [True] == await kept(bot, file)

        bot.advance(2_000)
        await expire_uploads(bot.services)
        assert [False] == await kept(bot, file)


async def test_an_upload_that_a_job_uses_stays_as_long_as_the_job(engine: Open) -> None:
    async with engine(start=WITHOUT_RETENTION) as bot:
        file = await bot.upload(PNG + b"mine")
        job = await bot.made("/animate it runs", files=(Reference.of(file),))
        bot.advance(bot.services.times.upload_hold + 1)
        await expire_uploads(bot.services)
        assert [True] == await kept(bot, file)

        await bot.delete(job.id)
        assert [False, False] == await kept(bot, file, job.result)


async def test_an_upload_stays_from_the_moment_in_which_a_command_names_it(engine: Open) -> None:
    async with engine(start=None) as bot:
        file = await bot.upload(PNG + b"mine")
        await bot.ask("/animate it runs", files=(Reference.of(file),))
        bot.advance(bot.services.times.upload_hold + 1)
        await expire_uploads(bot.services)
        assert [True] == await kept(bot, file)


async def test_an_upload_of_two_members_stays_for_the_later(engine: Open) -> None:
    async with engine(start=None) as bot:
        file = await bot.upload(PNG + b"the same")
        bot.advance(bot.services.times.upload_hold // 2)
        assert file == await bot.upload(PNG + b"the same", by=BOB)
        bot.advance(bot.services.times.upload_hold // 2 + 1)
        await expire_uploads(bot.services)
        assert [True] == await kept(bot, file)


async def test_a_frame_of_an_uploaded_video_goes_with_it(engine: Open) -> None:
    async with engine(start=None) as bot:
        file = await bot.upload(MP4 + b"mine")
        assert await bot.services.storage.exists(file.poster)
        bot.advance(bot.services.times.upload_hold + 1)
        await expire_uploads(bot.services)
        assert not await bot.services.storage.exists(file.poster)


async def test_more_uploads_than_anybody_needs_are_refused(engine: Open) -> None:
    async with engine(start=None) as bot:
        for number in range(MAX_UNUSED_UPLOADS):
            await bot.upload(PNG + str(number).encode())
        with pytest.raises(InvalidRequest, match="many files that no command has used"):
            await bot.upload(PNG + b"one more")
        stored = [path for path in bot.folder.folder.rglob("*") if _is_media(path)]
        assert MAX_UNUSED_UPLOADS == len(stored)
        await bot.upload(PNG + b"one more", by=BOB)


def _is_media(path: Path) -> bool:
    return path.is_file() and len(path.name) == 64


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (MediaRefused("This picture is animated: send a still one."), InvalidRequest, "send a still one"),
        (MediaUnavailable("The media storage is full."), Refused, "storage is full. Try again later"),
    ],
)
async def test_an_upload_that_cannot_be_stored_is_refused_with_a_reason(
    engine: Open, error: Exception, kind: type[Refused], told: str
) -> None:
    async with engine(start=None) as bot:
        bot.library.unusable = error
        with pytest.raises(kind, match=told):
            await bot.upload(PNG)


async def test_uploads_cost_of_the_rate(engine: Open) -> None:
    async with engine(start=None, commands_burst=2) as bot:
        await bot.upload(PNG + b"1")
        await bot.upload(PNG + b"2")
        with pytest.raises(Refused):
            await bot.upload(PNG + b"3")


async def test_deleting_removes_the_result_and_what_nobody_else_needs(engine: Open) -> None:
    async with engine() as bot:
        alone = await bot.made(f"/animate it runs --start {PHOTO}?alone")
        first = await bot.made(f"/animate it runs --start {PHOTO}?shared")
        second = await bot.made(f"/animate it runs --start {PHOTO}?shared", by=BOB)
        shared = input_of(first)
        assert shared == input_of(second)

        await bot.delete(alone.id)
        await bot.delete(first.id)
        gone = (alone.result, first.result, input_of(alone))
        assert [False, False, False] == await kept(bot, *gone)
        assert [True, True] == await kept(bot, shared, second.result)
        await bot.delete(second.id, by=BOB)
        assert [False] == await kept(bot, shared)


async def test_a_delete_works_though_the_disk_does_not(engine: Open) -> None:
    """The storage is looked through for what was left behind."""
    async with engine(start=WITHOUT_RETENTION) as bot:
        job = await bot.made()
        assert job.result is not None
        folder = bot.folder.path(job.result.file)
        folder.rename(folder.with_suffix(".away"))
        folder.mkdir()  # a folder in the file's place cannot be unlinked
        note = await bot.delete(job.id)
        assert "Deleted" == note.title
        assert [{"deleted": 1}] == await bot.rows("SELECT deleted FROM job")


async def test_media_go_once_when_their_time_is_over(engine: Open) -> None:
    async with engine(retention_days=30, start=WITHOUT_RETENTION) as bot:
        old = await bot.made(f"/animate it runs --start {PHOTO}")
        await pass_days(bot, 29)
        new = await bot.made()
        await expire_results(bot.services)
        assert [True, True] == await kept(bot, old.result, new.result)

        await pass_days(bot, 2)
        await expire_results(bot.services)
        assert [False, False] == await kept(bot, old.result, input_of(old))
        assert [True] == await kept(bot, new.result)
        note = await bot.learn(f"/show {old.id}")
        shown = note.views[0].jobs[0]
        assert shown.media is None
        assert "its file has expired and was deleted" in shown.headline
        assert (Action.AGAIN, Action.EDIT, Action.DELETE) == shown.actions
        (rows,) = await bot.rows(
            "SELECT count(*) AS held FROM file_reference WHERE holder = :job", job=old.id
        )
        assert 0 == rows["held"]


async def test_what_somebody_starred_stays(engine: Open) -> None:
    async with engine(retention_days=30, start=WITHOUT_RETENTION) as bot:
        liked, other = await bot.made(), await bot.made()
        await bot.press(Action.GALLERY, liked.id, by=BOB)
        await pass_days(bot, 31)
        await expire_results(bot.services)
        assert [True, False] == await kept(bot, liked.result, other.result)

        await bot.press(Action.GALLERY, liked.id, by=BOB)
        await pass_days(bot, 1)
        await expire_results(bot.services)
        assert [False] == await kept(bot, liked.result)


async def test_without_a_time_media_stay_for_ever(engine: Open) -> None:
    async with engine(start=WITHOUT_RETENTION) as bot:
        job = await bot.made()
        await pass_days(bot, 4_000)
        await expire_results(bot.services)
        assert [True] == await kept(bot, job.result)


async def test_nothing_is_built_on_what_was_removed(engine: Open) -> None:
    async with engine(retention_days=30, start=WITHOUT_RETENTION) as bot:
        video = await bot.made("/animate a fox that runs")
        await pass_days(bot, 31)
        await expire_results(bot.services)
        with pytest.raises(InvalidRequest, match="has expired and was deleted"):
            await bot.say(f"/extend {video.id} it jumps")
        with pytest.raises(InvalidRequest, match="You have no finished video"):
            await bot.say("/extend it jumps")
        assert State.COMPLETED is (await bot.ends((await bot.press(Action.AGAIN, video.id)).view)).state


async def test_a_stray_leaves_once_it_is_old_and_a_held_file_never(engine: Open) -> None:
    async with engine(start=WITHOUT_RETENTION) as bot:
        job = await bot.made()
        stray = await bot.services.storage.put(PNG + b"left by the dead", mime="image/png", width=1, height=1)
        assert job.result is not None
        _age(bot, job.result)
        await remove_unreferenced_files(bot.services)
        assert [True, True] == await kept(bot, stray, job.result)

        _age(bot, stray)
        await remove_unreferenced_files(bot.services)
        assert [False, True] == await kept(bot, stray, job.result)


def _age(engine: Engine, media: Media) -> None:
    """Let a file be as old as unreferenced files are."""
    at = engine.clock.wall() / 1000 - 86_400
    os.utime(engine.folder.path(media.file), (at, at))


async def test_the_loop_does_all_of_it(engine: Open) -> None:
    async with engine(retention_days=30, times={"retention_interval": 20}) as bot:
        job, file = await bot.made(), await bot.upload(PNG + b"mine")
        await pass_days(bot, 31)

        async def gone() -> bool:
            return not any(await kept(bot, job.result, file))

        await bot.until(gone)


async def test_a_workspace_keeps_media_and_prompts_for_as_long_as_its_admins_say(any_engine: Open) -> None:
    async with any_engine(start=WITHOUT_RETENTION) as bot:
        job, starred = await bot.made("/imagine marmalade"), await bot.made("/imagine more marmalade")
        await bot.press(Action.GALLERY, starred.id)
        elsewhere = await bot.made("/imagine marmalade", by=person("ann", workspace="chat:other"))
        told = await bot.learn("/studio retention --media 10 --prompts 20", by=BOSS)
        assert "10 days" in str(told.fields)

        async def words_of(job: Job) -> str:
            return str(await bot.rows("SELECT request, title FROM job WHERE id = :id", id=job.id))

        await pass_days(bot, 11)
        await expire_for_workspaces(bot.services)
        assert [False, True, True] == await kept(bot, job.result, starred.result, elsewhere.result)
        assert "marmalade" in await words_of(job)

        await pass_days(bot, 10)
        await expire_for_workspaces(bot.services)
        assert "marmalade" not in await words_of(job)
        assert "marmalade" in await words_of(starred)
        assert "marmalade" in await words_of(elsewhere)
        assert "The prompt was removed" == (await bot.learn(f"/show {job.id}")).title
        with pytest.raises(InvalidRequest, match="its prompt was removed"):
            await bot.press(Action.AGAIN, job.id)
        assert [Action.DELETE] == list(available_actions(await same(bot, job)))


async def test_prompts_take_their_media_with_them(engine: Open) -> None:
    async with engine(start=WITHOUT_RETENTION) as bot:
        job = await bot.made("/imagine marmalade")
        await bot.learn("/studio retention --prompts 1", by=BOSS)
        await pass_days(bot, 2)
        await expire_for_workspaces(bot.services)
        assert [False] == await kept(bot, job.result)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("/studio retention --media 30 --prompts 7", "set both"),
        ("/studio retention --media -1", "0 to 3650"),
        ("/studio retention --media 1.5", "media"),
        ("/studio retention --prompts 99999", "0 to 3650"),
    ],
)
async def test_a_retention_that_cannot_be_is_refused(engine: Open, text: str, refused: str) -> None:
    async with engine(start=None) as bot:
        with pytest.raises(InvalidRequest, match=refused):
            await bot.say(text, by=BOSS)


async def test_only_admins_set_the_retention_and_the_audit_has_it(engine: Open) -> None:
    async with engine(start=None) as bot:
        with pytest.raises(NotAllowed):
            await bot.say("/studio retention --media 1")
        await bot.learn("/studio retention --media 5", by=BOSS)
        shown = await bot.learn("/studio audit --action retention", by=BOSS)
        assert "media days 5" in str(shown.fields)
        assert "5 days" in str((await bot.learn("/studio retention", by=BOSS)).fields)
        await bot.learn("/studio retention --media 0", by=BOSS)
        assert "until they are deleted" in str((await bot.learn("/studio retention", by=BOSS)).fields)
