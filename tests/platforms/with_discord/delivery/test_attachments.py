"""The best file that a channel takes: the full one, a smaller one with a link, a poster, a link."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.delivery.attachments import AttachmentPlanner
from adapters.discord.rest.channel_lookups import DEFAULT_UPLOAD_LIMIT
from bot.domain.cards.card import JobPhase
from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable, ProcessingFailed
from bot.domain.generations.media import Media
from tests.platforms.with_discord.cards import PICTURE, VIDEO, card_view, job_view
from tests.platforms.with_discord.fake_library import FakeLibrary

_BIG_PICTURE, _BIG_VIDEO = replace(PICTURE, size=30 * 2**20), replace(VIDEO, size=30 * 2**20)


@pytest.fixture
def library(tmp_path: Path) -> FakeLibrary:
    return FakeLibrary(tmp_path)


def _planner(library: FakeLibrary, *, public: bool = True, patience_s: float = 5) -> AttachmentPlanner:
    return AttachmentPlanner(
        library, lambda media: f"https://x/{media.file}" if public else None, patience_s=patience_s
    )


async def test_a_file_within_the_limit_is_uploaded_in_full(library: FakeLibrary) -> None:
    plan = await _planner(library).plan(card_view(), [], DEFAULT_UPLOAD_LIMIT)
    job = card_view().jobs[0].id
    assert [PICTURE.file] == [one.file for one in plan.uploads]
    assert [{"id": 0, "filename": f"reverie-{job}.jpg", "description": "a red fox"}] == plan.attachments
    assert ({}, False) == (plan.links, plan.incomplete)


@pytest.mark.parametrize(("media", "ending"), [(_BIG_PICTURE, ".jpg"), (_BIG_VIDEO, ".mp4")])
async def test_a_file_above_the_limit_is_uploaded_smaller_with_a_link_to_the_full_one(
    library: FakeLibrary, media: Media, ending: str
) -> None:
    view = card_view(job_view(media=media))
    plan = await _planner(library).plan(view, [], DEFAULT_UPLOAD_LIMIT)
    assert [f"{media.file}.fit-{DEFAULT_UPLOAD_LIMIT}"] == [one.file for one in plan.uploads]
    assert plan.uploads[0].name.endswith(ending)
    assert {view.jobs[0].id: f"https://x/{media.file}"} == plan.links


async def test_a_video_without_a_smaller_rendition_is_linked_under_its_poster(library: FakeLibrary) -> None:
    library.error = MediaRefused()
    plan = await _planner(library).plan(card_view(job_view(media=_BIG_VIDEO)), [], DEFAULT_UPLOAD_LIMIT)
    assert [VIDEO.poster] == [one.file for one in plan.uploads]
    assert plan.uploads[0].name.endswith(".jpg")
    assert plan.links
    assert not plan.incomplete


async def test_a_picture_without_a_smaller_rendition_is_only_linked(library: FakeLibrary) -> None:
    library.error = MediaRefused()
    plan = await _planner(library).plan(card_view(job_view(media=_BIG_PICTURE)), [], DEFAULT_UPLOAD_LIMIT)
    assert not plan.uploads
    assert plan.links


@pytest.mark.parametrize("media", [_BIG_VIDEO, _BIG_PICTURE])
async def test_a_result_that_can_be_neither_uploaded_nor_linked_is_reported(
    library: FakeLibrary, media: Media
) -> None:
    library.error = MediaRefused()
    view = card_view(job_view(media=media))
    assert (await _planner(library, public=False).plan(view, [], DEFAULT_UPLOAD_LIMIT)).incomplete


async def test_where_no_file_may_be_uploaded_it_is_linked(library: FakeLibrary) -> None:
    plan = await _planner(library).plan(card_view(), [], 0)
    assert not plan.uploads
    assert {card_view().jobs[0].id: f"https://x/{PICTURE.file}"} == plan.links
    assert not library.made


async def test_existing_attachments_are_kept_and_foreign_ones_removed(
    library: FakeLibrary,
) -> None:
    first, second, gone = job_view(1), job_view(2), job_view(3, JobPhase.GONE, media=None)
    there = [
        {"id": "71", "filename": f"reverie-{first.id}.jpg", "size": PICTURE.size},
        {"id": "73", "filename": f"reverie-{gone.id}.jpg", "size": PICTURE.size},
    ]
    plan = await _planner(library).plan(card_view(first, second, gone), there, DEFAULT_UPLOAD_LIMIT)
    assert [{"id": "71", "description": "a red fox"}, 0] == [plan.attachments[0], plan.attachments[1]["id"]]
    assert [f"reverie-{second.id}.jpg"] == [file.name for file in plan.uploads]


async def test_the_link_is_kept_with_an_existing_smaller_file(library: FakeLibrary) -> None:
    job = job_view(media=_BIG_VIDEO)
    there = [{"id": "71", "filename": f"reverie-{job.id}.mp4", "size": 5}]
    plan = await _planner(library).plan(card_view(job), there, DEFAULT_UPLOAD_LIMIT)
    assert not plan.uploads
    assert {job.id: f"https://x/{VIDEO.file}"} == plan.links


async def test_a_rendition_continues_while_its_card_waits(library: FakeLibrary) -> None:
    """Transcoding may take longer than one delivery: the next delivery does not start it again."""
    library.gate.clear()
    planner, view = _planner(library, patience_s=0.01), card_view(job_view(media=_BIG_VIDEO))
    for _ in range(2):
        with pytest.raises(Delayed) as delayed:
            await planner.plan(view, [], DEFAULT_UPLOAD_LIMIT)
        assert delayed.value.retry_after_ms
    library.gate.set()
    await _renditions_done(planner)
    assert (await planner.plan(view, [], DEFAULT_UPLOAD_LIMIT)).uploads
    assert [(VIDEO.file, DEFAULT_UPLOAD_LIMIT)] == library.made


async def _renditions_done(planner: AttachmentPlanner) -> None:
    await asyncio.wait(planner._files._renditions.values(), timeout=5)


async def test_a_failed_media_worker_is_retried_later(library: FakeLibrary) -> None:
    library.error = MediaUnavailable()
    with pytest.raises(Delayed):
        await _planner(library).plan(card_view(job_view(media=_BIG_VIDEO)), [], DEFAULT_UPLOAD_LIMIT)


async def test_a_rendition_that_fails_twice_is_replaced_by_a_link(library: FakeLibrary) -> None:
    """A card does not wait for ever for a video that we cannot transcode."""
    library.error = ProcessingFailed()
    planner, view = _planner(library), card_view(job_view(media=_BIG_VIDEO))
    with pytest.raises(Delayed):
        await planner.plan(view, [], DEFAULT_UPLOAD_LIMIT)
    plan = await planner.plan(view, [], DEFAULT_UPLOAD_LIMIT)
    assert {view.jobs[0].id: f"https://x/{VIDEO.file}"} == plan.links
    library.error = None
    assert (await planner.plan(view, [], DEFAULT_UPLOAD_LIMIT)).uploads, "it is made as soon as it can be"


async def test_closing_cancels_renditions(library: FakeLibrary) -> None:
    library.gate.clear()
    planner = _planner(library, patience_s=0.01)
    with pytest.raises(Delayed):
        await planner.plan(card_view(job_view(media=_BIG_VIDEO)), [], DEFAULT_UPLOAD_LIMIT)
    [task] = planner._files._renditions.values()
    await planner.close()
    assert task.cancelled()


async def test_a_preview_is_attached_as_a_still_picture_until_the_result_replaces_it(
    library: FakeLibrary,
) -> None:
    running = card_view(job_view(phase=JobPhase.RUNNING, media=None, preview=VIDEO))
    plan = await _planner(library).plan(running, [], DEFAULT_UPLOAD_LIMIT)
    assert [VIDEO.poster] == [one.file for one in plan.uploads]
    name = plan.uploads[0].name
    existing = [{"id": "7", "filename": name, "size": 3}]

    plan = await _planner(library).plan(running, existing, DEFAULT_UPLOAD_LIMIT)
    assert ([], [{"id": "7", "description": "a red fox"}]) == (plan.uploads, plan.attachments)

    newer = replace(VIDEO, file="9" * 64)
    library.path(newer.poster).write_bytes(b"x")
    other = card_view(job_view(phase=JobPhase.RUNNING, media=None, preview=newer))
    plan = await _planner(library).plan(other, existing, DEFAULT_UPLOAD_LIMIT)
    assert [newer.poster] == [one.file for one in plan.uploads]

    done = card_view(job_view(media=VIDEO))
    plan = await _planner(library).plan(done, existing, DEFAULT_UPLOAD_LIMIT)
    assert [VIDEO.file] == [one.file for one in plan.uploads]
    assert 1 == len(plan.attachments)


async def test_a_preview_that_is_no_longer_stored_is_left_out(library: FakeLibrary) -> None:
    library.path(VIDEO.poster).unlink()
    running = card_view(job_view(phase=JobPhase.RUNNING, media=None, preview=VIDEO))
    plan = await _planner(library).plan(running, [], DEFAULT_UPLOAD_LIMIT)
    assert ([], []) == (plan.uploads, plan.attachments)
