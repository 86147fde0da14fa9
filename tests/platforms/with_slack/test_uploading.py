"""Results go up once, whatever is lost on the way, and in the best form that the workspace takes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.delivery.upload_store import UploadKind
from bot.domain.cards import CardView, JobPhase
from bot.domain.errors import Delayed, NotPosted
from bot.domain.media import Media
from tests.platforms.fake_slack import Drop, File, Message, Stage
from tests.platforms.with_slack.cards import PICTURE, VIDEO, job_view
from tests.platforms.with_slack.house import House, open_house, pictures, posted, said

_BIG_VIDEO = replace(VIDEO, size=30 * 2**20)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def _running(house: House, media: Media) -> tuple[CardView, str]:
    """A card that was posted while its job was running, and what it will be."""
    done = house.view(job_view(1, media=media))
    name = await house.publisher.show(replace(done, jobs=(job_view(1, JobPhase.RUNNING),)), house.place())
    return done, name


def _films(house: House) -> list[Message]:
    return [message for message in house.messages() if message.files]


def _spare_first_frame(house: House, method: str) -> None:
    """Let the first call through, which is for the picture that stands for the film."""
    house.fake.fault(method)


async def test_a_picture_is_shown_in_the_card_with_its_prompt_as_alt_text(house: House) -> None:
    done, name = await _running(house, PICTURE)
    await house.publisher.show(done, house.place(message=name))
    [message] = house.messages()
    [image] = [block for block in message.blocks if block["type"] == "image"]
    assert "a red fox" == image["alt_text"]
    file = house.fake.world.files[image["slack_file"]["id"]]
    assert house.shelf.path(PICTURE.file).read_bytes() == file.content
    assert [] == file.shares, "shown by the card alone"
    # What lies there already does not go up again.
    await house.new_outlet().show(done, house.place(message=name))
    assert 1 == len(house.fake.world.files)


@pytest.mark.parametrize("drop", [Drop.AFTER, Drop.BEFORE])
async def test_a_picture_whose_last_step_was_not_answered_is_shown_all_the_same(
    house: House, drop: Drop
) -> None:
    done, name = await _running(house, PICTURE)
    house.fake.fault("files.completeUploadExternal", drop=drop)
    with pytest.raises(Delayed):
        await house.publisher.show(done, house.place(message=name))
    for _ in range(2):
        house.fake.clock.advance(11)
        try:
            await house.new_outlet().show(done, house.place(message=name))
        except NotPosted:
            continue
    assert 1 == len(pictures(house.messages()[0]))


async def test_a_film_comes_into_the_cards_thread_and_its_first_frame_into_the_card(house: House) -> None:
    done, name = await _running(house, VIDEO)
    await house.publisher.show(done, house.place(message=name))
    card, film = house.messages()
    assert [card.ts] == [film.thread_ts]
    assert house.shelf.path(VIDEO.file).read_bytes() == film.files[0].content
    assert house.shelf.path(VIDEO.poster).read_bytes() == house.fake.world.files[pictures(card)[0]].content
    assert "The video is in the thread" in said(card)
    assert film.files[0].id in said(card), "by a link"
    # Somebody reacts to the film: it stands for its card.
    assert name == await house.uploads.card_message(posted(film))


async def test_a_film_that_is_done_before_its_card_is_shown_comes_into_a_thread_too(house: House) -> None:
    asked = house.ada.at(house.channel).write("look at this")
    await house.publisher.show(house.view(job_view(1, media=VIDEO)), house.place(thread=asked.ts))
    assert [asked.ts, asked.ts] == [message.thread_ts for message in house.messages()]
    # Slack warns of answers to answers, though the fake takes them for answers to the first message.
    assert asked.ts == house.fake.requests("files.completeUploadExternal")[-1].arguments["thread_ts"]


async def test_a_film_whose_posting_was_not_answered_is_posted_once(house: House) -> None:
    """Its id is noted before, and whoever comes next looks at where Slack has shown it."""
    done, name = await _running(house, VIDEO)
    _spare_first_frame(house, "files.completeUploadExternal")
    house.fake.fault("files.completeUploadExternal", drop=Drop.AFTER)
    with pytest.raises(Delayed):
        await house.publisher.show(done, house.place(message=name))
    await house.fake.until(lambda: bool(_films(house)))
    house.fake.clock.advance(60)
    await house.new_outlet().show(done, house.place(message=name))
    assert 1 == len(_films(house))
    assert "The video is in the thread" in said(house.messages()[0])


async def test_a_film_that_was_sent_but_never_posted_is_posted_from_what_was_sent(house: House) -> None:
    done, name = await _running(house, VIDEO)
    _spare_first_frame(house, "files.completeUploadExternal")
    house.fake.fault("files.completeUploadExternal", drop=Drop.BEFORE)
    with pytest.raises(Delayed):
        await house.publisher.show(done, house.place(message=name))
    sent = len(house.fake.world.files)
    again = house.new_outlet()
    with pytest.raises(NotPosted):
        # The request may only be late.
        await again.show(done, house.place(message=name))
    house.fake.clock.advance(11)
    with pytest.raises(NotPosted):
        await again.show(done, house.place(message=name))
    await again.show(done, house.place(message=name))
    assert 1 == len(_films(house))
    assert sent == len(house.fake.world.files)


async def test_a_card_whose_film_cannot_be_sent_yet_is_not_posted_again(house: House) -> None:
    view = house.view(job_view(1, media=VIDEO))
    _spare_first_frame(house, "files.getUploadURLExternal")
    house.fake.fault("files.getUploadURLExternal", status=429, retry_after_s=1)
    with pytest.raises(Delayed) as delayed:
        await house.publisher.show(view, house.place())
    assert not isinstance(delayed.value, NotPosted), "the card is posted"
    assert posted(house.messages()[0]) == await house.new_outlet().find_message(view.card, house.place())
    assert [] == house.fake.requests("conversations.*"), "known without a search"


async def test_a_picture_that_slack_never_finishes_with_is_linked(house: House) -> None:
    house.fake.world.processing_s = None
    done, name = await _running(house, PICTURE)
    publisher = house.new_outlet(patience_s=0)
    with pytest.raises(NotPosted):
        await publisher.show(done, house.place(message=name))
    house.fake.clock.advance(91)
    await publisher.show(done, house.place(message=name))
    assert [] == pictures(house.messages()[0])
    assert f"https://bot.example.org/media/{PICTURE.file}/view" in said(house.messages()[0])


async def test_a_picture_that_slack_does_not_show_yet_is_waited_for(house: House) -> None:
    """Slack has said that it is done, and refuses the block all the same."""
    house.fake.world.processing_s = None
    done, name = await _running(house, PICTURE)
    publisher = house.new_outlet(patience_s=0)
    with pytest.raises(NotPosted):
        await publisher.show(done, house.place(message=name))
    known = await house.uploads.get(done.card, done.jobs[0].id, UploadKind.PICTURE)
    assert known is not None
    early = known.model_copy(update={"ready": True})
    await house.uploads.put(done.card, done.jobs[0].id, UploadKind.PICTURE, early)
    with pytest.raises(NotPosted):
        await publisher.show(done, house.place(message=name))
    house.fake.world.files[known.file].stage = Stage.READY
    await publisher.show(done, house.place(message=name))
    assert [known.file] == pictures(house.messages()[0])


async def test_a_picture_that_an_admin_deleted_goes_up_again_when_its_card_changes(house: House) -> None:
    done, name = await _running(house, PICTURE)
    await house.publisher.show(done, house.place(message=name))
    [first] = pictures(house.messages()[0])
    house.fake.world.files[first].stage = Stage.DELETED
    house.fake.clock.advance(600)
    with pytest.raises(NotPosted):
        await house.publisher.show(done, house.place(message=name))
    await house.publisher.show(done, house.place(message=name))
    [second] = pictures(house.messages()[0])
    assert first != second


async def test_a_workspace_that_takes_no_large_files_gets_a_smaller_one_and_a_link(house: House) -> None:
    house.fake.world.file_limit = 2_000
    done, name = await _running(house, _BIG_VIDEO)
    await house.publisher.show(done, house.place(message=name))
    [film] = _films(house)
    assert b"s" * 20 == film.files[0].content
    # The first frame, the film, and the smaller one: what was refused is not offered again.
    assert 3 == len(house.fake.requests("files.getUploadURLExternal"))
    assert f"https://bot.example.org/media/{VIDEO.file}/view" in said(house.messages()[0])


@pytest.mark.parametrize("public", [True, False])
async def test_a_workspace_that_takes_no_files_gets_a_link_or_is_told(
    tmp_path: Path, *, public: bool
) -> None:
    async with open_house(tmp_path, public=public) as house:
        done, name = await _running(house, VIDEO)
        house.fake.fault("files.getUploadURLExternal", error="file_uploads_disabled", times=2)
        await house.publisher.show(done, house.place(message=name))
        [card] = house.messages()
        assert public is ("https://bot.example.org/media/" in said(card))
        assert public is not ("the workspace does not accept files" in said(card))
        assert public is not ("REVERIE_PUBLIC_URL" in said(card))


async def _shown_in_time(house: House, view: CardView, name: str) -> int:
    """Show a card until it is shown, and tell how often that was put off."""
    for put_off in range(100):
        try:
            await house.new_outlet(patience_s=0).show(view, house.place(message=name))
        except NotPosted:
            house.fake.clock.advance(11)
            await house.fake.until(lambda: not any(map(_is_looked_at, house.fake.world.files.values())))
        else:
            return put_off
    pytest.fail("the card was never shown")


def _is_looked_at(file: File) -> bool:
    return file.stage is Stage.PROCESSING


async def test_a_film_that_slack_accepts_and_does_not_share_is_shared_again(house: House) -> None:
    house.fake.world.never_shared = 1
    done, name = await _running(house, VIDEO)
    await _shown_in_time(house, done, name)
    [film] = _films(house)
    card = house.messages()[0]
    assert film.files[0].id in said(card)
    sent = [one for one in house.fake.world.files.values() if one.name.endswith(".mp4")]
    assert [Stage.DELETED, Stage.READY] == [one.stage for one in sent], "what may come late is taken back"


@pytest.mark.parametrize("public", [True, False])
async def test_a_film_that_slack_never_shares_is_linked_and_the_card_says_so(
    tmp_path: Path, *, public: bool
) -> None:
    async with open_house(tmp_path, public=public) as house:
        house.fake.world.never_shared = 100
        done, name = await _running(house, VIDEO)
        await _shown_in_time(house, done, name)
        [card] = house.messages()
        assert "did not show it" in said(card)
        assert "The video is in the thread" not in said(card)
        assert ".slack.com/files/" not in said(card), "nobody could open it"
        assert public is (f"https://bot.example.org/media/{VIDEO.file}/view" in said(card))
        assert public is not ("REVERIE_PUBLIC_URL" in said(card))
        before = len(house.fake.world.files)
        await house.new_outlet().show(done, house.place(message=name))
        assert before == len(house.fake.world.files), "it is given up for good"


async def test_a_film_that_an_older_version_took_for_delivered_is_shared_after_all(house: House) -> None:
    house.fake.world.never_shared = 1
    done, name = await _running(house, VIDEO)
    with pytest.raises(NotPosted):
        await house.new_outlet(patience_s=1).show(done, house.place(message=name))
    job = done.jobs[0].id
    known = await house.uploads.get(done.card, job, UploadKind.VIDEO)
    assert known is not None
    noted = known.model_copy(update={"ready": True, "link": "https://dead.example"})
    await house.uploads.put(done.card, job, UploadKind.VIDEO, noted)
    assert {} == (await house.uploads.ready_media(done)).videos
    await _shown_in_time(house, done, name)
    [film] = _films(house)
    assert film.files[0].id in said(house.messages()[0])


async def test_a_film_whose_sharing_slack_does_not_tell_is_found_in_the_thread(house: House) -> None:
    house.fake.world.tells_shares = False
    done, name = await _running(house, VIDEO)
    await _shown_in_time(house, done, name)
    [film] = _films(house)
    assert film.files[0].id in said(house.messages()[0])
    assert name == await house.uploads.card_message(posted(film))


async def test_a_film_of_which_slack_knows_nothing_for_ever_is_linked(house: House) -> None:
    done, name = await _running(house, VIDEO)
    _spare_first_frame(house, "files.completeUploadExternal")
    house.fake.fault("files.completeUploadExternal", body=b'{"ok":true}', times=None)
    await _shown_in_time(house, done, name)
    assert f"https://bot.example.org/media/{VIDEO.file}/view" in said(house.messages()[0])


async def test_a_file_that_is_gone_when_it_is_completed_closes_no_way(house: House) -> None:
    """The channel is where it was: only the file has to be sent again."""
    done, name = await _running(house, VIDEO)
    _spare_first_frame(house, "files.completeUploadExternal")
    house.fake.fault("files.completeUploadExternal", error="file_not_found", times=2)
    await _shown_in_time(house, done, name)
    assert [] == house.sent_directly()
    assert 1 == len(_films(house))
    assert 1 == len(pictures(house.messages()[0]))
