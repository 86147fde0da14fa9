"""Inputs are fetched, probed and converted before their job is queued."""

import asyncio

import pytest

from bot.domain.errors import MediaRefused
from bot.domain.generations.media import MediaKind
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import (
    PICTURE_MAX_BYTES,
    VIDEO_MAX_BYTES,
    ImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.domain.jobs.actions import Action
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import Job, State
from bot.domain.money.pricing import price
from bot.domain.money.quota import Level
from bot.store.file_refs import files_in_use
from bot.store.queue.transition import PreparationLease
from bot.worker.preparation import MAX_IN_FLIGHT, prepare
from tests.engine.conftest import Open
from tests.engine.fake_library import Found, film
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine
from tests.engine.settings import BOB
from tests.worker.preparation.inputs import FILM, PHOTO, fails, hold_nothing, occupy_all_slots, prepared

PREPARING_ALONE = ("prepare", "deliver")


async def test_an_address_is_fetched_and_kept_for_the_job(engine: Open) -> None:
    async with engine(start=PREPARING_ALONE) as bot:
        bot.library.found[PHOTO] = Found(width=1152, height=2048)
        job = await prepared(bot, f"/animate it runs --start {PHOTO}")

        assert isinstance(job.request, VideoRequest)
        start = job.request.start
        assert start is not None
        assert start.file is not None
        assert (PHOTO, MediaKind.PICTURE) == (start.url, start.kind)
        assert AspectRatio.PORTRAIT is job.request.aspect_ratio
        assert {start.file.file} == await files_in_use(bot.services.database, [start.file.file])
        assert [PHOTO] == bot.library.fetched
        assert (False, {}) == bot.library.told[PHOTO]


async def test_inputs_are_processed_in_the_turn_of_their_member_and_results_in_none(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        job = await bot.comes_to(card, State.COMPLETED)
        assert [job.member, job.member, None] == bot.library.members


async def test_the_influence_of_each_picture_outlives_the_fetch(engine: Open) -> None:
    async with engine(start=PREPARING_ALONE) as bot:
        text = f"/imagine a red fox --image {PHOTO}@0.3 --image {PHOTO}?2@0.9 --style {PHOTO}@0.5"
        job = await prepared(bot, f"{text} --character {PHOTO}?3 --modify {PHOTO}?4@0.7")

        request = job.request
        assert isinstance(request, ImageRequest)
        assert request.modify_ref is not None
        assert [0.3, 0.9] == [one.weight for one in request.image_refs]
        assert ([0.5], 0.7) == ([one.weight for one in request.style_refs], request.modify_ref.weight)
        assert not any(one.pending for one in request.references)
        assert sorted([PHOTO, *(f"{PHOTO}?{number}" for number in (2, 3, 4))]) == sorted(bot.library.fetched)


async def test_a_video_is_paid_by_its_length_once_that_is_known(engine: Open) -> None:
    async with engine(start=None, default_allowance="50") as bot:
        await hold_nothing(bot)
        bot.library.found[FILM] = film(4_000)
        card = await bot.ask(f"/reframe 9:16 {FILM} --model ray-2")
        dear = (await bot.job(card)).price
        assert (0, dear) == await bot.money()
        bot.start(*PREPARING_ALONE)
        job = await bot.comes_to(card, State.QUEUED)

        assert isinstance(job.request, ReframeVideoRequest)
        assert 4_000 == job.request.duration_ms
        assert job.price == price(job.request, bot.services.rates)
        assert dear > 2 * job.price
        for level in (Level.MEMBER, Level.CEILING):
            assert (0, job.price) == await bot.money(level=level)

        bot.start()
        await bot.ends(card)
        for level in (Level.MEMBER, Level.CEILING):
            assert (job.price, 0) == await bot.money(level=level)


async def test_a_video_in_the_shape_of_its_picture_is_paid_by_that_shape(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.library.found[PHOTO] = Found(width=500, height=500)
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        dear = (await bot.job(card)).price
        bot.start(*PREPARING_ALONE)
        job = await bot.comes_to(card, State.QUEUED)
        assert AspectRatio.SQUARE is job.request.aspect_ratio
        assert dear > job.price == price(job.request, bot.services.rates)
        assert (0, job.price) == await bot.money()


async def test_a_video_of_31_seconds_is_not_reframed(engine: Open) -> None:
    async with engine(default_allowance="50") as bot:
        await hold_nothing(bot)
        bot.library.found[FILM] = film(31_000)
        card = await bot.ask(f"/reframe 9:16 {FILM}")
        await fails(bot, card, FailureCategory.INPUT_REFUSED, "31 s long, and ray-flash-2 takes up to 30 s")


async def test_a_video_that_only_another_model_takes_is_refused_with_its_name(engine: Open) -> None:
    async with engine(default_allowance="50") as bot:
        await hold_nothing(bot)
        bot.library.found[FILM] = film(12_000)
        card = await bot.ask(f"/reframe 9:16 {FILM} --model ray-2")
        await fails(bot, card, FailureCategory.INPUT_REFUSED, "ray-flash-2 takes up to 30 s")


@pytest.mark.parametrize(
    ("text", "address", "found", "told"),
    [
        ("/animate it runs --start {}", PHOTO, film(), "This must be a picture, but it is a video"),
        ("/imagine a fox --style {}", PHOTO, film(), "This must be a picture, but it is a video"),
        ("/reframe 1:1 {}", PHOTO, film(), "/reframe and /modify take videos with a ray model"),
        ("/reframe 1:1 {}", FILM, Found(), "This must be a video, but it is a picture"),
        ("/reframe 1:1 {0} --model ray-2 --first_frame {0}", PHOTO, film(), "This must be a picture"),
    ],
)
async def test_what_turns_out_to_be_of_the_other_kind_is_refused(
    engine: Open, text: str, address: str, found: Found, told: str
) -> None:
    async with engine(default_allowance="50") as bot:
        await hold_nothing(bot)
        bot.library.found[address] = found
        card = await bot.ask(text.format(address))
        await fails(bot, card, FailureCategory.INPUT_REFUSED, told)


async def test_an_unusable_input_is_refused_with_a_reason(engine: Open) -> None:
    async with engine() as bot:
        bot.library.unusable = MediaRefused(
            "This picture is animated: send a video as MP4, or a still picture."
        )
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await fails(bot, card, FailureCategory.INPUT_REFUSED, "send a video as MP4, or a still picture")


async def test_what_is_fetched_is_bounded_by_what_can_be_used(engine: Open) -> None:
    async with engine(default_allowance="50") as bot:
        await hold_nothing(bot)
        await bot.made(f"/animate it runs --start {PHOTO}")
        await bot.made(f"/reframe 1:1 {FILM}")
        assert PICTURE_MAX_BYTES < bot.library.most[PHOTO] < VIDEO_MAX_BYTES
        assert VIDEO_MAX_BYTES == bot.library.most[FILM]


async def test_a_picture_of_another_format_is_sent_converted(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        bot.library.found[PHOTO] = Found(mime="image/webp", content=b"RIFF....WEBP")
        await bot.made(f"/animate it runs --start {PHOTO}")

        _, media, _ = bot.provider.creates[-1]
        served = await http.get(media[PHOTO].removeprefix("http://bot.invalid"))
        assert "image/png" == served.headers["content-type"]


async def test_an_input_is_not_fetched_by_two_replicas_at_once(any_engine: Open) -> None:
    clock = Clock()
    providers = [FakeProvider(clock)]
    async with (
        any_engine(clock=clock, providers=providers, start=("prepare",), owner="first") as first,
        any_engine(clock=clock, providers=providers, start=None, owner="second") as second,
    ):
        cards = await occupy_all_slots(first)
        second.start("prepare")
        await second.comes_to(await second.ask(f"/animate it runs --start {PHOTO}"), State.QUEUED)

        assert [PHOTO] == second.library.fetched
        assert first.library.gate is not None
        first.library.gate.set()
        for card in cards:
            await first.comes_to(card, State.QUEUED)
        assert MAX_IN_FLIGHT == len(first.library.fetched)
        assert [PHOTO] == second.library.fetched


async def test_a_dead_replicas_job_is_taken_over_when_its_lease_ends(any_engine: Open) -> None:
    clock = Clock()
    providers = [FakeProvider(clock)]
    async with (
        any_engine(clock=clock, providers=providers, start=("prepare",), owner="stuck") as stuck,
        any_engine(clock=clock, providers=providers, start=None, owner="heir") as heir,
    ):
        cards = await occupy_all_slots(stuck)
        card, late = cards[0], await stuck.job(cards[0])
        heir.advance(heir.services.times.prepare_lease + 1)
        heir.start("prepare")
        for one in cards:
            await heir.comes_to(one, State.QUEUED)
        job = await heir.job(card)
        assert set(stuck.library.fetched) == set(heir.library.fetched)

        # Whoever comes late changes nothing.
        assert stuck.library.gate is not None
        stuck.library.gate.set()
        await prepare(stuck.services, late, PreparationLease(owner="stuck", until=heir.clock.wall()))
        assert job == await heir.job(card)
        assert ["accepted", "prepared"] == await heir.causes(card)


async def test_a_job_is_taken_back_while_its_input_is_on_its_way(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.library.gate = asyncio.Event()
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await bot.until(lambda: bot.library.fetched)
        await bot.learn(f"/cancel {card.jobs[0].id}")
        bot.library.gate.set()
        await bot.made("/animate others go on")

        assert State.CANCELLED is (await bot.job(card)).state
        assert ["accepted", "cancelled"] == await bot.causes(card)
        assert 1 == len(bot.provider.creates)
        assert 0 == (await bot.money())[1]


async def test_a_stop_does_not_wait_for_a_fetch_and_gives_its_job_back(any_engine: Open) -> None:
    clock = Clock()
    async with any_engine(clock=clock, owner="first") as bot:
        bot.library.gate = asyncio.Event()
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await bot.until(lambda: bot.library.fetched)
        # Leaving stops it, and fails where a loop does not end in time.
    async with any_engine(clock=clock, start=None, owner="second") as bot:
        assert [{"lease_owner": None}] == await bot.rows("SELECT lease_owner FROM job")
        bot.start("prepare")
        await bot.comes_to(card, State.QUEUED)
        assert [PHOTO] == bot.library.fetched


@pytest.mark.parametrize(
    ("text", "most"), [("/imagine a red fox", PICTURE_MAX_BYTES), ("/animate a red fox", VIDEO_MAX_BYTES)]
)
async def test_a_result_that_is_too_big_to_be_sent_is_made_smaller(
    engine: Open, text: str, most: int
) -> None:
    async with engine(default_allowance="50") as bot:
        source = await bot.made(text)
        await grow(bot, source, most + 1)
        job = await bot.made(f"/reframe 1:1 {source.id}")

        (reference,) = job.request.references
        assert reference.file is not None
        assert source.result is not None
        assert source.result.file != reference.file.file
        assert source.result.kind is reference.kind
        assert source.result.duration_ms == reference.file.duration_ms


async def test_however_big_a_video_is_it_can_be_gone_on_from(engine: Open) -> None:
    """The provider has it already; nothing of it is sent."""
    async with engine() as bot:
        source = await bot.made("/animate a red fox")
        await grow(bot, source, 2 * VIDEO_MAX_BYTES)
        await bot.made(f"/extend {source.id} it jumps")
        assert {source.id: source.remote_id} == bot.provider.creates[-1][1]


async def test_again_fetches_an_address_once_more_whose_file_is_gone(engine: Open) -> None:
    async with engine() as bot:
        first = await bot.made(f"/animate it runs --start {PHOTO}")
        await bot.delete(first.id)
        other = await bot.made(f"/animate it runs --start {PHOTO}")
        (reference,) = other.request.references
        assert reference.file is not None
        await bot.services.storage.remove(reference.file.file)
        await bot.ends((await bot.press(Action.AGAIN, other.id)).view)

        assert 3 == bot.library.fetched.count(PHOTO)
        assert State.COMPLETED is (await bot.ends((await bot.press(Action.AGAIN, other.id)).view)).state


async def grow(engine: Engine, job: Job, size: int) -> None:
    """Have a result be large by its record: nobody writes 100 MB for a test."""
    assert job.result is not None
    await engine.change(
        "UPDATE job SET result = replace(result, :before, :after) WHERE id = :job",
        before=f'"size":{job.result.size},',
        after=f'"size":{size},',
        job=job.id,
    )


async def test_one_members_fetches_leave_room_for_another(engine: Open) -> None:
    """However many wait, and for however long they take."""
    async with engine() as bot:
        bot.library.gate = asyncio.Event()
        for number in range(MAX_IN_FLIGHT + 2):
            await bot.ask(f"/animate it runs --start {PHOTO}?{number}")
        await bot.until(lambda: len(bot.library.fetched) == 2)
        card = await bot.ask(f"/animate it runs --start {PHOTO}?bob", by=BOB)
        await bot.until(lambda: len(bot.library.fetched) == 3)
        assert f"{PHOTO}?bob" == bot.library.fetched[-1]
        bot.library.gate.set()
        assert State.COMPLETED is (await bot.ends(card)).state
        everybodys = {f"{PHOTO}?{name}" for name in (*range(MAX_IN_FLIGHT + 2), "bob")}
        await bot.until(lambda: everybodys <= set(bot.library.fetched))
