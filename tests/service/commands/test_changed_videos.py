"""`/modify`, `/upscale` and `/audio`, from command to result."""

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Resolution
from bot.domain.generations.requests import AudioRequest, ImageRequest, ModifyVideoRequest, UpscaleRequest
from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.domain.money.pricing import price
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.fake_library import Found, film
from tests.engine.settings import BOSS

FILM = "/animate a fox that runs"
CLIP = "http://films.example/fox.mp4"


@pytest.mark.parametrize(
    ("text", "kind"), [("/upscale {} 4k", UpscaleRequest), ("/audio {} rain", AudioRequest)]
)
async def test_a_video_is_changed_by_its_generation_and_shown_on_a_new_card(
    engine: Open, text: str, kind: type
) -> None:
    async with engine() as bot:
        source = await bot.made(FILM)
        card = await bot.ask(text.format(source.id))
        job = await bot.ends(card)

        request, media, _ = bot.provider.creates[-1]
        assert isinstance(request, kind)
        assert {source.id: source.remote_id} == media
        assert (State.COMPLETED, "one", source.id) == (job.state, job.account, job.parent)
        assert job.result is not None
        assert source.result is not None
        assert job.result.file != source.result.file
        assert (source.price + price(request, bot.services.rates), 0) == await bot.money()
        shown = (await bot.shown(card, lambda view: view.settled)).jobs[0]
        assert (job.result, source.id) == (shown.media, shown.parent)
        assert ("Made from", f"#{short_id(source.id)} · a fox that runs") in shown.fields
        assert "a fox that runs" == shown.alt


@pytest.mark.parametrize("action", [Action.UPSCALE, Action.AUDIO])
async def test_a_button_and_a_reaction_change_a_video(engine: Open, action: Action) -> None:
    async with engine() as bot:
        source = await bot.made(FILM)
        reply = await bot.press(action, source.id)
        assert isinstance(reply, CardReply)
        job = await bot.ends(reply.view)
        assert (State.COMPLETED, source.id) == (job.state, job.parent)
        assert action.value == job.request.kind
        assert action in (await bot.shown(reply.view, lambda view: view.settled)).jobs[0].actions or (
            action is Action.AUDIO
        )


async def test_a_picture_is_modified_in_its_own_frame(engine: Open) -> None:
    async with engine() as bot:
        bot.library.found["http://pictures.example/tall.png"] = Found(width=1152, height=2048)
        card = await bot.ask("/modify http://pictures.example/tall.png make it snow --weight 0.1")
        job = await bot.ends(card)

        request, media, _ = bot.provider.creates[-1]
        assert isinstance(request, ImageRequest)
        assert request.modify_ref is not None
        assert (AspectRatio.PORTRAIT, 0.1) == (request.aspect_ratio, request.modify_ref.weight)
        assert [request.modify_ref.key] == list(media)
        assert (price(request, bot.services.rates), 0) == await bot.money()
        assert job.price == price(request, bot.services.rates)


async def test_a_video_is_modified_at_the_price_of_its_real_length(engine: Open) -> None:
    async with engine(start=("submit", "watch", "deliver")) as bot:
        await bot.learn("/rules prices --confirm off --undo 0", by=BOSS)
        bot.library.found[CLIP] = film(3_000)
        card = await bot.ask(f"/modify {CLIP} make it snow --mode reimagine_1 --model ray-2")
        waiting = await bot.job(card)
        assert isinstance(waiting.request, ModifyVideoRequest)
        reserved = price(waiting.request, bot.services.rates)
        assert (0, reserved) == await bot.money()
        seen = await bot.shown(card, lambda _: True)
        assert ("Aspect ratio", "as its video") in seen.jobs[0].fields
        assert any(value.startswith("up to $") for _, value in seen.jobs[0].fields)

        bot.start("prepare")
        await bot.ends(card)

        request, _, _ = bot.provider.creates[-1]
        assert isinstance(request, ModifyVideoRequest)
        assert (3_000, AspectRatio.LANDSCAPE) == (request.duration_ms, request.aspect_ratio)
        paid = price(request, bot.services.rates)
        assert 0 < paid < reserved
        assert (paid, 0) == await bot.money()


async def test_the_first_frame_of_a_modified_video_is_sent_beside_it(engine: Open) -> None:
    async with engine() as bot:
        source, frame = await bot.made(FILM), await bot.made()
        await bot.made(f"/modify {source.id} --first_frame {frame.id}")
        request, media, _ = bot.provider.creates[-1]
        assert isinstance(request, ModifyVideoRequest)
        assert {source.id, frame.id} == set(media)
        assert all(url.startswith("http://bot.invalid/media/") for url in media.values())


async def test_an_own_video_that_is_too_long_is_refused_at_once_and_another_once_probed(
    engine: Open,
) -> None:
    async with engine() as bot:
        await bot.learn("/rules prices --confirm off --undo 0", by=BOSS)
        bot.library.found["http://api.invalid/one/1.mp4"] = film(12_000)
        bot.library.found[CLIP] = film(16_000)
        source = await bot.made(FILM)
        before = await bot.money()
        with pytest.raises(InvalidRequest, match=r"ray-2 takes up to 10 s; ray-flash-2 takes up to 15 s"):
            await bot.say(f"/modify {source.id} it snows --model ray-2")
        job = await bot.ends(await bot.ask(f"/modify {CLIP} it snows"))
        assert State.FAILED is job.state
        assert job.failure is not None
        assert "16 s long, and ray-flash-2 takes up to 15 s; send a shorter part" in job.failure.message
        assert before == await bot.money()


async def test_a_result_too_large_to_send_is_refused_at_once_where_it_cannot_be_made_smaller(
    engine: Open,
) -> None:
    async with engine(reachable=False) as bot:
        source = await bot.made(FILM)
        large = '{"file": "f", "mime": "video/mp4", "size": 100000001, "width": 1280, "height": 720, '
        large += '"duration_ms": 5000}'
        await bot.change("UPDATE job SET result = :large WHERE id = :id", large=large, id=source.id)
        with pytest.raises(InvalidRequest, match="The video has 100 MB; the maximum is 100 MB"):
            await bot.say(f"/modify {source.id} it snows")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/upscale {still}", "job needs a video, and this is a picture"),
        ("/audio {still}", "job needs a video, and this is a picture"),
        ("/upscale {video} 720p", "resolution must be higher than the video's 1280 × 720"),
        ("/audio {heard} rain", "has audio already. For another sound use /audio with #"),
        ("/modify {video} it snows --weight 0.5", "weight is for pictures"),
    ],
)
async def test_what_cannot_be_changed_is_refused_and_costs_nothing(
    engine: Open, text: str, told: str
) -> None:
    async with engine() as bot:
        video, still = await bot.made(FILM), await bot.made()
        heard = await bot.made(f"/audio {video.id}")
        before = await bot.money()
        with pytest.raises(InvalidRequest, match=told):
            await bot.say(text.format(video=video.id, still=still.id, heard=heard.id))
        assert before == await bot.money()


async def test_without_a_source_the_newest_video_is_changed(engine: Open) -> None:
    async with engine() as bot:
        video = await bot.made(FILM)
        await bot.made()
        larger = await bot.made("/upscale 4k")
        assert video.id == larger.parent
        assert larger.id == (await bot.made("/audio wind and bells")).parent
        assert video.id == (await bot.made("/upscale", replied=video.id)).parent


async def test_an_upscaled_video_goes_on_from_its_new_generation_in_its_new_size(engine: Open) -> None:
    async with engine() as bot:
        video = await bot.made(FILM)
        bot.library.found["http://api.invalid/one/2.mp4"] = Found(
            mime="video/mp4", width=1920, height=1080, duration_ms=5_000
        )
        larger = await bot.made(f"/upscale {video.id} 1080p")
        assert larger.remote_id != video.remote_id
        await bot.made(f"/upscale {larger.id}")
        request, media, _ = bot.provider.creates[-1]
        assert isinstance(request, UpscaleRequest)
        assert Resolution.P2160 is request.resolution
        assert {larger.id: larger.remote_id} == media


async def test_attached_files_are_the_source_and_its_first_frame(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/rules prices --confirm off --undo 0", by=BOSS)
        picture = Reference(url="http://pictures.example/frame.png")
        video = Reference(url=CLIP, kind=MediaKind.VIDEO)
        await bot.made("/modify it snows", files=(picture, video))
        request, _, _ = bot.provider.creates[-1]
        assert isinstance(request, ModifyVideoRequest)
        assert (CLIP, picture.url) == (
            request.source.url,
            request.first_frame.url if request.first_frame else None,
        )
