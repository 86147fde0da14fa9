"""The best file that a place takes: the whole one, a smaller one with a link, a poster, a link."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.delivery.attachments import LIMIT, Ladder
from bot.domain.cards import JobPhase
from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable, ProcessingFailed
from bot.domain.media import Media
from tests.platforms.with_discord.cards import PICTURE, VIDEO, card_view, job_view
from tests.platforms.with_discord.shelf import Shelf

_BIG_PICTURE, _BIG_VIDEO = replace(PICTURE, size=30 * 2**20), replace(VIDEO, size=30 * 2**20)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def _ladder(shelf: Shelf, *, public: bool = True, patience_s: float = 5) -> Ladder:
    return Ladder(shelf, lambda media: f"https://x/{media.file}" if public else None, patience_s=patience_s)


async def test_a_file_that_fits_goes_up_whole(shelf: Shelf) -> None:
    load = await _ladder(shelf).load(card_view(), [], LIMIT)
    job = card_view().jobs[0].id
    assert [shelf.path(PICTURE.file)] == [file.path for file in load.uploads]
    assert [{"id": 0, "filename": f"reverie-{job}.jpg", "description": "a red fox"}] == load.attachments
    assert ({}, False) == (load.links, load.short)


@pytest.mark.parametrize(("media", "ending"), [(_BIG_PICTURE, ".jpg"), (_BIG_VIDEO, ".mp4")])
async def test_a_file_that_does_not_fit_goes_up_smaller_with_the_whole_one_linked(
    shelf: Shelf, media: Media, ending: str
) -> None:
    view = card_view(job_view(media=media))
    load = await _ladder(shelf).load(view, [], LIMIT)
    assert [shelf.path(f"{media.file}.fit-{LIMIT}")] == [file.path for file in load.uploads]
    assert load.uploads[0].name.endswith(ending)
    assert {view.jobs[0].id: f"https://x/{media.file}"} == load.links


async def test_a_video_that_cannot_be_made_smaller_is_linked_under_its_poster(shelf: Shelf) -> None:
    shelf.error = MediaRefused()
    load = await _ladder(shelf).load(card_view(job_view(media=_BIG_VIDEO)), [], LIMIT)
    assert [shelf.path(VIDEO.poster)] == [file.path for file in load.uploads]
    assert load.uploads[0].name.endswith(".jpg")
    assert load.links
    assert not load.short


async def test_a_picture_that_cannot_be_made_smaller_is_linked_alone(shelf: Shelf) -> None:
    shelf.error = MediaRefused()
    load = await _ladder(shelf).load(card_view(job_view(media=_BIG_PICTURE)), [], LIMIT)
    assert not load.uploads
    assert load.links


@pytest.mark.parametrize("media", [_BIG_VIDEO, _BIG_PICTURE])
async def test_what_can_be_neither_sent_nor_linked_is_said_to_be(shelf: Shelf, media: Media) -> None:
    shelf.error = MediaRefused()
    view = card_view(job_view(media=media))
    assert (await _ladder(shelf, public=False).load(view, [], LIMIT)).short


async def test_where_no_file_may_go_up_links_do(shelf: Shelf) -> None:
    load = await _ladder(shelf).load(card_view(), [], 0)
    assert not load.uploads
    assert {card_view().jobs[0].id: f"https://x/{PICTURE.file}"} == load.links
    assert not shelf.made


async def test_what_lies_there_already_is_kept_and_what_belongs_to_nothing_dropped(shelf: Shelf) -> None:
    first, second, gone = job_view(1), job_view(2), job_view(3, JobPhase.GONE, media=None)
    there = [
        {"id": "71", "filename": f"reverie-{first.id}.jpg", "size": PICTURE.size},
        {"id": "73", "filename": f"reverie-{gone.id}.jpg", "size": PICTURE.size},
    ]
    load = await _ladder(shelf).load(card_view(first, second, gone), there, LIMIT)
    assert [{"id": "71", "description": "a red fox"}, 0] == [load.attachments[0], load.attachments[1]["id"]]
    assert [f"reverie-{second.id}.jpg"] == [file.name for file in load.uploads]


async def test_the_link_stays_beside_a_smaller_file_that_lies_there(shelf: Shelf) -> None:
    job = job_view(media=_BIG_VIDEO)
    there = [{"id": "71", "filename": f"reverie-{job.id}.mp4", "size": 5}]
    load = await _ladder(shelf).load(card_view(job), there, LIMIT)
    assert not load.uploads
    assert {job.id: f"https://x/{VIDEO.file}"} == load.links


async def test_a_smaller_file_is_made_on_while_its_card_waits_for_another_turn(shelf: Shelf) -> None:
    """Transcoding takes longer than a show may: it is not begun anew by each."""
    shelf.gate.clear()
    ladder, view = _ladder(shelf, patience_s=0.01), card_view(job_view(media=_BIG_VIDEO))
    for _ in range(2):
        with pytest.raises(Delayed) as delayed:
            await ladder.load(view, [], LIMIT)
        assert delayed.value.retry_after_ms
    shelf.gate.set()
    await _ladder_done(ladder)
    assert (await ladder.load(view, [], LIMIT)).uploads
    assert [(VIDEO.file, LIMIT)] == shelf.made


async def _ladder_done(ladder: Ladder) -> None:
    await asyncio.wait(ladder._shrinking._renditions.values(), timeout=5)


async def test_a_worker_that_breaks_is_asked_again_later(shelf: Shelf) -> None:
    shelf.error = MediaUnavailable()
    with pytest.raises(Delayed):
        await _ladder(shelf).load(card_view(job_view(media=_BIG_VIDEO)), [], LIMIT)


async def test_what_we_fail_to_make_smaller_twice_is_linked(shelf: Shelf) -> None:
    """Its card is not held up for a day by a video whose rewriting takes too long for us."""
    shelf.error = ProcessingFailed()
    ladder, view = _ladder(shelf), card_view(job_view(media=_BIG_VIDEO))
    with pytest.raises(Delayed):
        await ladder.load(view, [], LIMIT)
    load = await ladder.load(view, [], LIMIT)
    assert {view.jobs[0].id: f"https://x/{VIDEO.file}"} == load.links
    shelf.error = None
    assert (await ladder.load(view, [], LIMIT)).uploads, "it is made as soon as it can be"


async def test_closing_ends_what_is_being_made(shelf: Shelf) -> None:
    shelf.gate.clear()
    ladder = _ladder(shelf, patience_s=0.01)
    with pytest.raises(Delayed):
        await ladder.load(card_view(job_view(media=_BIG_VIDEO)), [], LIMIT)
    [task] = ladder._shrinking._renditions.values()
    await ladder.close()
    assert task.cancelled()
