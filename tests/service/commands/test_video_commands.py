"""`/animate`, `/extend`, `/reframe` of videos and several jobs on one card, from command to result."""

from collections.abc import Mapping

import pytest

from bot.domain.errors import InvalidRequest, JobNotFound, QuotaExhausted
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Duration, Resolution, VideoModel
from bot.domain.generations.requests import AnyRequest, ReframeVideoRequest, VideoRequest
from bot.domain.jobs.job import Job, State
from bot.domain.money.pricing import price
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.fake_library import Found, film
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB

PHOTO = "http://pictures.example/photo.png"
TALL = Found(width=1152, height=2048)
FILM = "/animate a fox that runs --ar 4:3 --resolution 540p --model ray-2"


async def sent(engine: Engine, text: str, **more: object) -> tuple[AnyRequest, Mapping[str, str]]:
    """Have something made; answers what the provider was asked for, and with what."""
    await engine.made(text, **more)
    request, media, _ = engine.provider.creates[-1]
    assert {one.key for one in request.references} == set(media)
    return request, media


async def ends_of(engine: Engine, text: str, **more: object) -> tuple[str | None, str | None]:
    """Have a video made; answers what stands at its start and its end."""
    request, _ = await sent(engine, text, **more)
    assert isinstance(request, VideoRequest)
    return (request.start.key if request.start else None, request.end.key if request.end else None)


async def test_words_become_a_video_charged_once(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask("/animate a fox that runs --duration 9s --resolution 1080p --loop")

        assert State.COMPLETED is (await bot.ends(card)).state
        request, _, _ = bot.provider.creates[-1]
        assert isinstance(request, VideoRequest)
        assert (Duration.NINE, Resolution.P1080, True) == (request.duration, request.resolution, request.loop)
        media = (await bot.shown(card, lambda view: view.settled)).jobs[0].media
        assert media is not None
        assert MediaKind.VIDEO is media.kind
        assert await bot.services.storage.exists(media.poster)
        assert (price(request, bot.services.rates), 0) == await bot.money()
        assert 1 == bot.chat.posts


async def test_a_picture_begins_a_video_in_its_own_shape(engine: Open) -> None:
    async with engine() as bot:
        bot.library.found["http://api.invalid/one/1"] = TALL
        source = await bot.made()
        request, media = await sent(bot, f"/animate {source.id} it runs")

        assert isinstance(request, VideoRequest)
        assert AspectRatio.PORTRAIT is request.aspect_ratio
        assert request.start is not None
        assert (source.id, MediaKind.PICTURE) == (request.start.job, request.start.kind)
        assert media[source.id].startswith("http://bot.invalid/media/")


async def test_pictures_stand_at_both_ends(engine: Open) -> None:
    async with engine() as bot:
        first, last = await bot.made(), await bot.made("/imagine a blue fox")
        both = await ends_of(bot, f"/animate --start {first.id} --end {last.id}")
        assert (first.id, last.id) == both


async def test_extending_goes_on_from_the_generation_in_the_videos_own_shape(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made(FILM)
        request, media = await sent(bot, f"/extend {source.id} it jumps")

        assert isinstance(request, VideoRequest)
        assert {source.id: source.remote_id} == media
        assert (request.start, request.end) == (Reference(job=source.id, kind=MediaKind.VIDEO), None)
        assert VideoModel.RAY_2 is request.model
        assert (AspectRatio.CLASSIC, Resolution.P540) == (request.aspect_ratio, request.resolution)
        assert "it jumps" == request.prompt


async def test_a_video_is_led_up_to(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made(FILM)
        request, media = await sent(bot, f"/extend {source.id} --direction reverse")

        assert isinstance(request, VideoRequest)
        assert (None, source.id) == (request.start, request.end.job if request.end else None)
        assert {source.id: source.remote_id} == media
        assert source.title == request.prompt


async def test_a_picture_stands_at_the_other_end_of_an_extension(engine: Open) -> None:
    async with engine() as bot:
        video, still = await bot.made(FILM), await bot.made()

        assert (video.id, still.id) == await ends_of(bot, f"/extend {video.id} --end {still.id}")
        backwards = f"/extend {video.id} --direction reverse --start {still.id}"
        assert (still.id, video.id) == await ends_of(bot, backwards)
        _, media, _ = bot.provider.creates[-1]
        assert video.remote_id == media[video.id]
        assert media[still.id].startswith("http://bot.invalid/media/")


async def test_two_videos_are_joined(engine: Open) -> None:
    async with engine() as bot:
        first, second = await bot.made(FILM), await bot.made(FILM)
        request, media = await sent(bot, f"/extend {first.id} --to {second.id}")

        assert isinstance(request, VideoRequest)
        assert (first.id, second.id) == tuple(one.job for one in request.generations)
        assert {first.id: first.remote_id, second.id: second.remote_id} == media


async def test_a_video_is_reframed_at_the_price_of_its_length(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made(FILM)
        request, media = await sent(bot, f"/reframe 9:16 {source.id} --prompt 'with more sky'")

        assert isinstance(request, ReframeVideoRequest)
        assert 5_000 == request.duration_ms
        assert media[source.id].startswith("http://bot.invalid/media/")
        assert (source.price + price(request, bot.services.rates), 0) == await bot.money()


async def test_the_first_frame_of_a_reframed_video_is_sent_beside_it(engine: Open) -> None:
    async with engine() as bot:
        source, frame = await bot.made(FILM), await bot.made()
        request, media = await sent(bot, f"/reframe 9:16 {source.id} --first_frame {frame.id}")

        assert isinstance(request, ReframeVideoRequest)
        assert frame.id == (request.first_frame.job if request.first_frame else None)
        assert {source.id, frame.id} == set(media)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
async def test_so_many_pictures_are_one_card_with_as_many_jobs_each_paid(engine: Open, count: int) -> None:
    async with engine() as bot:
        card = await bot.ask(f"/imagine a red fox --count {count}")
        assert count == len(card.jobs)

        seen = await bot.shown(card, lambda view: view.settled)
        jobs = await bot.jobs(card)
        assert count * [State.COMPLETED] == [job.state for job in jobs]
        assert count == len({job.result.file for job in jobs if job.result})
        assert [job.result for job in jobs] == [job.media for job in seen.jobs]
        assert (sum(job.price for job in jobs), 0) == await bot.money()
        assert count == len(bot.provider.creates)
        assert 1 == bot.chat.posts


async def test_of_four_pictures_only_those_that_came_are_paid(engine: Open) -> None:
    async with engine(start=("deliver",)) as bot:
        card = await bot.ask("/imagine a red fox --count 4")
        jobs = await bot.jobs(card)
        await bot.learn(f"/cancel {jobs[2].id}")
        bot.start()

        await bot.shown(card, lambda view: view.settled)
        states = [job.state for job in await bot.jobs(card)]
        assert [State.COMPLETED, State.COMPLETED, State.CANCELLED, State.COMPLETED] == states
        assert (3 * jobs[0].price, 0) == await bot.money()


async def test_four_pictures_are_refused_whole_where_the_quota_has_room_for_three(any_engine: Open) -> None:
    async with any_engine(start=None, default_allowance="0.06") as bot:
        with pytest.raises(QuotaExhausted):
            await bot.say("/imagine a red fox --count 4")
        assert (0, 0) == await bot.money()
        assert [{"jobs": 0}] == await bot.rows("SELECT count(*) AS jobs FROM job")
        await bot.ask("/imagine a red fox --count 3")


async def test_the_same_event_again_makes_no_second_set(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        first = await bot.say("/imagine a red fox --count 4", key="one")
        again = await bot.say("/imagine a red fox --count 4", key="one")
        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (True, 4) == (again.repeated, len(again.view.jobs))
        assert [job.id for job in first.view.jobs] == [job.id for job in again.view.jobs]


async def test_what_is_left_out_is_the_newest_result_of_the_right_kind(engine: Open) -> None:
    async with engine() as bot:
        video = await bot.made(FILM)
        await bot.made(FILM, by=BOB)
        still = await bot.made()

        assert (video.id, None) == await ends_of(bot, "/extend it jumps")
        newer = await bot.made()
        assert newer.id != still.id
        request, _ = await sent(bot, "/reframe 1:1")
        assert [newer.id] == [one.job for one in request.references]


async def test_a_newest_that_is_deleted_or_failed_does_not_count(engine: Open) -> None:
    async with engine() as bot:
        video, other = await bot.made(FILM), await bot.made(FILM)
        await bot.delete(other.id)
        assert (video.id, None) == await ends_of(bot, "/extend it jumps")


async def test_without_a_video_a_bare_extend_says_how_to_make_one(engine: Open) -> None:
    async with engine() as bot:
        await bot.made()
        with pytest.raises(InvalidRequest, match=r"no finished video .*Make one with /animate"):
            await bot.say("/extend it jumps")


async def test_files_that_come_along_fill_what_is_empty_in_order(engine: Open) -> None:
    async with engine() as bot:
        files = (Reference(url=PHOTO), Reference(url=f"{PHOTO}?2"))
        assert (PHOTO, f"{PHOTO}?2") == await ends_of(bot, "/animate it runs", files=files)
        source = await bot.made()
        assert (source.id, PHOTO) == await ends_of(bot, f"/animate {source.id} it runs", files=files[:1])


async def test_more_files_than_a_command_takes_are_refused(engine: Open) -> None:
    async with engine(start=None) as bot:
        files = tuple(Reference(url=f"{PHOTO}?{number}") for number in range(3))
        with pytest.raises(InvalidRequest, match="of these 3 files; send fewer"):
            await bot.say("/animate it runs", files=files)


async def test_a_file_is_the_other_end_of_the_newest_video(engine: Open) -> None:
    async with engine() as bot:
        video = await bot.made(FILM)
        assert (video.id, PHOTO) == await ends_of(bot, "/extend it jumps", files=(Reference(url=PHOTO),))


async def test_a_reply_means_the_job_that_it_replies_to(engine: Open) -> None:
    async with engine() as bot:
        video, still = await bot.made(FILM), await bot.made()
        await bot.made(FILM)

        assert (video.id, None) == await ends_of(bot, "/extend it jumps", replied=video.id)
        assert (still.id, None) == await ends_of(bot, "/animate it runs", replied=still.id)
        assert (still.id, None) == await ends_of(bot, "/animate it runs", replied=still.id, by=BOB)


async def test_a_reply_with_a_file_builds_on_both(engine: Open) -> None:
    """The file is the other end; the video is that of the message, not the newest."""
    async with engine() as bot:
        video = await bot.made(FILM)
        await bot.made(FILM)
        files = (Reference(url=PHOTO),)
        both = await ends_of(bot, "/extend it jumps", replied=video.id, files=files)
        assert (video.id, PHOTO) == both


async def test_what_is_named_counts_more_than_the_message_replied_to(engine: Open) -> None:
    async with engine() as bot:
        still, other = await bot.made(), await bot.made()
        by_name = await ends_of(bot, f"/animate {other.id} it runs", replied=still.id)
        by_address = await ends_of(bot, f"/animate it runs --start {PHOTO}", replied=still.id)
        assert ((other.id, None), (PHOTO, None)) == (by_name, by_address)


async def test_a_reply_to_what_has_not_finished_is_refused(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask(FILM)
        with pytest.raises(InvalidRequest, match="has not finished yet"):
            await bot.say("/extend it jumps", replied=card.jobs[0].id)


@pytest.mark.parametrize("text", ["/extend {}", "/reframe 1:1 {}", "/extend {mine} --to {}"])
async def test_somebody_elses_private_video_is_not_there(engine: Open, text: str) -> None:
    async with engine() as bot:
        secret, mine = await bot.made(f"{FILM} --private"), await bot.made(FILM, by=BOB)
        with pytest.raises(JobNotFound):
            await bot.say(text.format(secret.id, mine=mine.id), by=BOB)
        with pytest.raises(JobNotFound):
            await bot.say("/extend it jumps", by=BOB, replied=secret.id)
        await bot.ask(text.format(secret.id, mine=mine.id), by=ADA)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/extend {still}", "job needs a video, and this is a picture; /animate turns"),
        ("/extend {video} --to {still}", "to needs a video, and this is a picture"),
        ("/extend {video} --image {video}", "image needs a picture, and this is a video"),
        ("/animate {video} it runs", "start needs a picture, and this is a video; /extend extends"),
        ("/imagine a fox --style {video}", "style needs a picture"),
        ("/reframe 1:1 {video} --model photon-1", "photon-1 reframes pictures, and this is a video"),
        ("/reframe 1:1 {still} --model ray-2", "ray-2 reframes videos, and this is a picture"),
        ("/reframe 1:1 {still} --first_frame {still}", "first_frame is for videos"),
        ("/extend {video} --direction reverse --loop", "Loop is not supported for extend reverse"),
    ],
)
async def test_what_is_of_the_wrong_kind_is_refused_with_what_to_do(
    engine: Open, text: str, told: str
) -> None:
    async with engine() as bot:
        video, still = await bot.made(FILM), await bot.made()
        before = await bot.money()
        with pytest.raises(InvalidRequest, match=told):
            await bot.say(text.format(video=video.id, still=still.id))
        assert before == await bot.money()


async def test_a_video_that_is_too_long_to_reframe_is_refused_at_once(engine: Open) -> None:
    async with engine() as bot:
        bot.library.found["http://api.invalid/one/1.mp4"] = film(12_000)
        source: Job = await bot.made(FILM)
        with pytest.raises(InvalidRequest, match=r"12 s long, and ray-2 takes up to 10 s; ray-flash-2 takes"):
            await bot.say(f"/reframe 1:1 {source.id} --model ray-2")
        await bot.ask(f"/reframe 1:1 {source.id}")


@pytest.mark.parametrize(
    "text",
    [
        "/imagine a red fox",
        "/imagine a red fox --count 3 --ar 1:1",
        "/animate a fox --duration 9s --resolution 4k",
        f"/animate a fox --start {PHOTO}",
        "/extend {video}",
        "/reframe 1:1 {video}",
        "/reframe 1:1 http://films.example/fox.mp4",
    ],
)
async def test_a_quote_is_what_is_reserved(engine: Open, text: str) -> None:
    async with engine(start=("submit", "watch", "deliver")) as bot:
        video = await bot.made(FILM)
        before = sum(await bot.money())
        command = text.format(video=video.id)

        quote = await bot.quote(command)
        await bot.ask(command)

        assert quote.price.total == sum(await bot.money()) - before
        assert quote.price.total > 0
        assert ("example" in text) is quote.price.upper_bound


async def test_asking_for_a_quote_reserves_nothing_and_costs_nothing_of_the_rate(engine: Open) -> None:
    async with engine(start=None, commands_burst=1) as bot:
        for _ in range(5):
            await bot.quote("/imagine a red fox --count 4")
        assert (0, 0) == await bot.money()
        await bot.ask()
