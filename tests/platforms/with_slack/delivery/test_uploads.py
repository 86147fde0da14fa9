"""Results are uploaded once, in the best form that the workspace accepts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.delivery.upload_store import UploadKind
from bot.domain.cards.card import CardView, JobPhase
from bot.domain.errors import Delayed, NotPosted
from bot.domain.generations.media import Media
from tests.platforms.fake_slack import Drop, File, Message, Stage
from tests.platforms.with_slack.cards import PICTURE, VIDEO, job_view
from tests.platforms.with_slack.delivery.publisher_harness import (
    PublisherHarness,
    open_publisher,
    pictures,
    posted,
    said,
)

_BIG_VIDEO = replace(VIDEO, size=30 * 2**20)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PublisherHarness]:
    async with open_publisher(tmp_path) as opened:
        yield opened


async def _running(harness: PublisherHarness, media: Media) -> tuple[CardView, str]:
    """A card posted while its job was running, and its next revision."""
    done = harness.view(job_view(1, media=media))
    name = await harness.publisher.show(replace(done, jobs=(job_view(1, JobPhase.RUNNING),)), harness.place())
    return done, name


def _videos(harness: PublisherHarness) -> list[Message]:
    return [message for message in harness.messages() if message.files]


def _spare_first_frame(harness: PublisherHarness, method: str) -> None:
    """Let the first call pass, which is for the video's first frame."""
    harness.fake.fault(method)


async def test_a_picture_is_shown_in_the_card_with_its_prompt_as_alt_text(harness: PublisherHarness) -> None:
    done, name = await _running(harness, PICTURE)
    await harness.publisher.show(done, harness.place(message=name))
    [message] = harness.messages()
    [image] = [block for block in message.blocks if block["type"] == "image"]
    assert "a red fox" == image["alt_text"]
    file = harness.fake.world.files[image["slack_file"]["id"]]
    assert harness.shelf.path(PICTURE.file).read_bytes() == file.content
    assert [] == file.shares, "shown by the card alone"
    # An uploaded file is not uploaded again.
    await harness.new_publisher().show(done, harness.place(message=name))
    assert 1 == len(harness.fake.world.files)


async def test_a_new_picture_is_asked_for_only_when_it_can_be_ready(harness: PublisherHarness) -> None:
    done, name = await _running(harness, PICTURE)
    # In the event loop of both, this ends before the first pause does.
    harness.fake.world.processing_s = 0.01
    await harness.publisher.show(done, harness.place(message=name))
    assert 1 == len(pictures(harness.messages()[0]))
    assert 1 == len(harness.fake.requests("files.info"))


@pytest.mark.parametrize("drop", [Drop.AFTER, Drop.BEFORE])
async def test_a_picture_with_a_lost_completion_is_shown(harness: PublisherHarness, drop: Drop) -> None:
    done, name = await _running(harness, PICTURE)
    harness.fake.fault("files.completeUploadExternal", drop=drop)
    with pytest.raises(Delayed):
        await harness.publisher.show(done, harness.place(message=name))
    for _ in range(2):
        harness.fake.clock.advance(11)
        try:
            await harness.new_publisher().show(done, harness.place(message=name))
        except NotPosted:
            continue
    assert 1 == len(pictures(harness.messages()[0]))


async def test_a_video_is_posted_in_the_thread_with_its_first_frame_in_the_card(
    harness: PublisherHarness,
) -> None:
    done, name = await _running(harness, VIDEO)
    await harness.publisher.show(done, harness.place(message=name))
    card, video = harness.messages()
    assert [card.ts] == [video.thread_ts]
    assert harness.shelf.path(VIDEO.file).read_bytes() == video.files[0].content
    assert (
        harness.shelf.path(VIDEO.poster).read_bytes() == harness.fake.world.files[pictures(card)[0]].content
    )
    assert "The video is in the thread" in said(card)
    assert video.files[0].id in said(card), "by a link"
    # A reaction to the video's message finds its card.
    assert name == await harness.uploads.card_message(posted(video))


async def test_a_video_finished_before_the_first_delivery_is_posted_in_the_thread(
    harness: PublisherHarness,
) -> None:
    asked = harness.ada.at(harness.channel).write("look at this")
    await harness.publisher.show(harness.view(job_view(1, media=VIDEO)), harness.place(thread=asked.ts))
    assert [asked.ts, asked.ts] == [message.thread_ts for message in harness.messages()]
    # Slack warns against replies to replies, although the fake accepts them.
    assert asked.ts == harness.fake.requests("files.completeUploadExternal")[-1].arguments["thread_ts"]


async def test_a_video_with_a_lost_response_is_posted_once(harness: PublisherHarness) -> None:
    """The file id is stored before, and the next delivery checks where Slack shared it."""
    done, name = await _running(harness, VIDEO)
    _spare_first_frame(harness, "files.completeUploadExternal")
    harness.fake.fault("files.completeUploadExternal", drop=Drop.AFTER)
    with pytest.raises(Delayed):
        await harness.publisher.show(done, harness.place(message=name))
    await harness.fake.until(lambda: bool(_videos(harness)))
    harness.fake.clock.advance(60)
    await harness.new_publisher().show(done, harness.place(message=name))
    assert 1 == len(_videos(harness))
    assert "The video is in the thread" in said(harness.messages()[0])


async def test_an_uploaded_video_is_completed_without_another_upload(harness: PublisherHarness) -> None:
    done, name = await _running(harness, VIDEO)
    _spare_first_frame(harness, "files.completeUploadExternal")
    harness.fake.fault("files.completeUploadExternal", drop=Drop.BEFORE)
    with pytest.raises(Delayed):
        await harness.publisher.show(done, harness.place(message=name))
    sent = len(harness.fake.world.files)
    again = harness.new_publisher()
    with pytest.raises(NotPosted):
        # The request may just be delayed.
        await again.show(done, harness.place(message=name))
    harness.fake.clock.advance(11)
    with pytest.raises(NotPosted):
        await again.show(done, harness.place(message=name))
    await again.show(done, harness.place(message=name))
    assert 1 == len(_videos(harness))
    assert sent == len(harness.fake.world.files)


async def test_a_card_with_a_delayed_video_is_not_posted_again(harness: PublisherHarness) -> None:
    view = harness.view(job_view(1, media=VIDEO))
    _spare_first_frame(harness, "files.getUploadURLExternal")
    harness.fake.fault("files.getUploadURLExternal", status=429, retry_after_s=1)
    with pytest.raises(Delayed) as delayed:
        await harness.publisher.show(view, harness.place())
    assert not isinstance(delayed.value, NotPosted), "the card is posted"
    assert posted(harness.messages()[0]) == await harness.new_publisher().find_message(
        view.card, harness.place()
    )
    assert [] == harness.fake.requests("conversations.*"), "known without a search"


async def test_a_picture_that_slack_never_processes_is_linked(harness: PublisherHarness) -> None:
    harness.fake.world.processing_s = None
    done, name = await _running(harness, PICTURE)
    publisher = harness.new_publisher(patience_s=0)
    with pytest.raises(NotPosted):
        await publisher.show(done, harness.place(message=name))
    harness.fake.clock.advance(91)
    await publisher.show(done, harness.place(message=name))
    assert [] == pictures(harness.messages()[0])
    assert f"https://bot.example.org/media/{PICTURE.file}/view" in said(harness.messages()[0])


async def test_a_picture_that_slack_does_not_show_yet_is_retried(harness: PublisherHarness) -> None:
    """Slack reports the file as processed, and refuses the block all the same."""
    harness.fake.world.processing_s = None
    done, name = await _running(harness, PICTURE)
    publisher = harness.new_publisher(patience_s=0)
    with pytest.raises(NotPosted):
        await publisher.show(done, harness.place(message=name))
    known = await harness.uploads.get(done.card, done.jobs[0].id, UploadKind.PICTURE)
    assert known is not None
    early = known.model_copy(update={"ready": True})
    await harness.uploads.put(done.card, done.jobs[0].id, UploadKind.PICTURE, early)
    with pytest.raises(NotPosted):
        await publisher.show(done, harness.place(message=name))
    harness.fake.world.files[known.file].stage = Stage.READY
    await publisher.show(done, harness.place(message=name))
    assert [known.file] == pictures(harness.messages()[0])


async def test_a_deleted_picture_is_uploaded_again_with_the_next_revision(harness: PublisherHarness) -> None:
    done, name = await _running(harness, PICTURE)
    await harness.publisher.show(done, harness.place(message=name))
    [first] = pictures(harness.messages()[0])
    harness.fake.world.files[first].stage = Stage.DELETED
    harness.fake.clock.advance(600)
    with pytest.raises(NotPosted):
        await harness.publisher.show(done, harness.place(message=name))
    await harness.publisher.show(done, harness.place(message=name))
    [second] = pictures(harness.messages()[0])
    assert first != second


async def test_a_smaller_file_and_a_link_replace_a_file_that_is_too_large(harness: PublisherHarness) -> None:
    harness.fake.world.file_limit = 2_000
    done, name = await _running(harness, _BIG_VIDEO)
    await harness.publisher.show(done, harness.place(message=name))
    [video] = _videos(harness)
    assert b"s" * 20 == video.files[0].content
    # The first frame, the video and the smaller one: a refused file is not uploaded again.
    assert 3 == len(harness.fake.requests("files.getUploadURLExternal"))
    assert f"https://bot.example.org/media/{VIDEO.file}/view" in said(harness.messages()[0])


@pytest.mark.parametrize("public", [True, False])
async def test_a_link_or_the_reason_replaces_a_refused_file(tmp_path: Path, *, public: bool) -> None:
    async with open_publisher(tmp_path, public=public) as harness:
        done, name = await _running(harness, VIDEO)
        harness.fake.fault("files.getUploadURLExternal", error="file_uploads_disabled", times=2)
        await harness.publisher.show(done, harness.place(message=name))
        [card] = harness.messages()
        assert public is ("https://bot.example.org/media/" in said(card))
        assert public is not ("the workspace does not accept files" in said(card))
        assert public is not ("REVERIE_PUBLIC_URL" in said(card))


@pytest.mark.parametrize("reason", ["I am not in the channel", "files are not allowed in the channel"])
async def test_a_video_that_its_channel_does_not_take_is_sent_directly(tmp_path: Path, reason: str) -> None:
    """Slack lets a bot edit its message in a public channel that it is no longer in."""
    async with open_publisher(tmp_path, public=False) as harness:
        done, name = await _running(harness, VIDEO)
        if "not in" in reason:
            harness.fake.kick_bot(harness.channel)
        else:
            _spare_first_frame(harness, "files.completeUploadExternal")
            harness.fake.fault("files.completeUploadExternal", error="posting_to_channel_denied")
        moved = await harness.publisher.show(done, harness.place(message=name))
        [card] = harness.messages()
        sent, video = harness.sent_directly()
        assert moved == posted(sent)
    assert f"cannot be shown here: {reason}" in said(card)
    assert "sent to the person who asked" in said(card)
    assert reason in said(sent)
    assert 1 == len(video.files)


async def _shown_in_time(harness: PublisherHarness, view: CardView, name: str) -> int:
    """Deliver a card until it is shown, and return how often that was delayed."""
    for put_off in range(100):
        try:
            await harness.new_publisher(patience_s=0).show(view, harness.place(message=name))
        except NotPosted:
            harness.fake.clock.advance(11)
            await harness.fake.until(lambda: not any(map(_is_looked_at, harness.fake.world.files.values())))
        else:
            return put_off
    pytest.fail("the card was never shown")


def _is_looked_at(file: File) -> bool:
    return file.stage is Stage.PROCESSING


async def test_an_unshared_video_is_uploaded_again(harness: PublisherHarness) -> None:
    harness.fake.world.never_shared = 1
    done, name = await _running(harness, VIDEO)
    await _shown_in_time(harness, done, name)
    [video] = _videos(harness)
    card = harness.messages()[0]
    assert video.files[0].id in said(card)
    sent = [one for one in harness.fake.world.files.values() if one.name.endswith(".mp4")]
    assert [Stage.DELETED, Stage.READY] == [one.stage for one in sent], "what may come late is taken back"


@pytest.mark.parametrize("public", [True, False])
async def test_a_video_that_slack_never_shares_is_linked_with_the_reason(
    tmp_path: Path, *, public: bool
) -> None:
    async with open_publisher(tmp_path, public=public) as harness:
        harness.fake.world.never_shared = 100
        done, name = await _running(harness, VIDEO)
        await _shown_in_time(harness, done, name)
        [card] = harness.messages()
        assert "did not show it" in said(card)
        assert "The video is in the thread" not in said(card)
        assert ".slack.com/files/" not in said(card), "nobody could open it"
        assert public is (f"https://bot.example.org/media/{VIDEO.file}/view" in said(card))
        assert public is not ("REVERIE_PUBLIC_URL" in said(card))
        before = len(harness.fake.world.files)
        await harness.new_publisher().show(done, harness.place(message=name))
        assert before == len(harness.fake.world.files), "it is given up for good"


async def test_a_video_marked_ready_by_an_older_version_is_shared(harness: PublisherHarness) -> None:
    harness.fake.world.never_shared = 1
    done, name = await _running(harness, VIDEO)
    with pytest.raises(NotPosted):
        await harness.new_publisher(patience_s=1).show(done, harness.place(message=name))
    job = done.jobs[0].id
    known = await harness.uploads.get(done.card, job, UploadKind.VIDEO)
    assert known is not None
    noted = known.model_copy(update={"ready": True, "link": "https://dead.example"})
    await harness.uploads.put(done.card, job, UploadKind.VIDEO, noted)
    assert {} == (await harness.uploads.ready_media(done)).videos
    await _shown_in_time(harness, done, name)
    [video] = _videos(harness)
    assert video.files[0].id in said(harness.messages()[0])


async def test_a_video_whose_share_is_not_reported_is_found_in_the_thread(harness: PublisherHarness) -> None:
    harness.fake.world.tells_shares = False
    done, name = await _running(harness, VIDEO)
    await _shown_in_time(harness, done, name)
    [video] = _videos(harness)
    assert video.files[0].id in said(harness.messages()[0])
    assert name == await harness.uploads.card_message(posted(video))


async def test_a_video_that_slack_never_knows_is_linked(harness: PublisherHarness) -> None:
    done, name = await _running(harness, VIDEO)
    _spare_first_frame(harness, "files.completeUploadExternal")
    harness.fake.fault("files.completeUploadExternal", body=b'{"ok":true}', times=None)
    await _shown_in_time(harness, done, name)
    assert f"https://bot.example.org/media/{VIDEO.file}/view" in said(harness.messages()[0])


async def test_a_file_lost_before_completion_is_uploaded_again(harness: PublisherHarness) -> None:
    """The channel still exists: only the file has to be uploaded again."""
    done, name = await _running(harness, VIDEO)
    _spare_first_frame(harness, "files.completeUploadExternal")
    harness.fake.fault("files.completeUploadExternal", error="file_not_found", times=2)
    await _shown_in_time(harness, done, name)
    assert [] == harness.sent_directly()
    assert 1 == len(_videos(harness))
    assert 1 == len(pictures(harness.messages()[0]))


async def test_a_preview_is_shown_once_and_deleted_when_the_result_is_there(
    harness: PublisherHarness,
) -> None:
    done, name = await _running(harness, VIDEO)
    running = [job_view(1, JobPhase.RUNNING, preview=preview) for preview in (VIDEO, _BIG_VIDEO)]
    await harness.publisher.show(replace(done, jobs=(running[0],)), harness.place(message=name))
    [message] = harness.messages()
    [shown] = pictures(message)
    # Every preview would be one more file in the workspace.
    await harness.publisher.show(replace(done, jobs=(running[1],)), harness.place(message=name))
    [message] = harness.messages()
    assert [shown] == pictures(message)

    await harness.publisher.show(done, harness.place(message=name))
    await harness.publisher.show(done, harness.place(message=name))
    [result] = pictures(next(one for one in harness.messages() if not one.files))
    assert shown != result
    assert Stage.DELETED is harness.fake.world.files[shown].stage
    assert Stage.READY is harness.fake.world.files[result].stage


async def test_a_preview_that_slack_is_still_processing_does_not_delay_progress(
    harness: PublisherHarness,
) -> None:
    done, name = await _running(harness, VIDEO)
    publisher = harness.new_publisher(patience_s=0)
    harness.fake.world.processing_s = None
    view = replace(done, jobs=(job_view(1, JobPhase.RUNNING, preview=VIDEO, headline="Nearly there"),))
    await publisher.show(view, harness.place(message=name))
    [message] = harness.messages()
    assert "Nearly there" in str(message.blocks)
    assert [] == pictures(message)
