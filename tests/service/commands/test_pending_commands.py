"""A /reframe whose source is placed by hand is shown first, and started by its button."""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, QuotaExhausted
from bot.domain.generations.requests import ReframeImageRequest, ReframeVideoRequest
from bot.domain.identity import Invocation
from bot.domain.jobs.job import State
from bot.domain.money.pricing import price
from bot.service.replies import CardReply, PendingCommand, PrivateReply
from tests.engine.conftest import Open
from tests.engine.fake_library import Found, film
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB

PICTURE, CLIP = "http://pictures.example/fox.png", "http://films.example/fox.mp4"
PLACED = f"/reframe 9:16 {PICTURE} --grid_position_x -40 --grid_position_y 100"


def drawn(width: int, height: int) -> bytes:
    content = BytesIO()
    Image.new("RGB", (width, height), (200, 90, 30)).save(content, "PNG")
    return content.getvalue()


async def shown(bot: Engine, text: str = PLACED, **more: object) -> tuple[PrivateReply, PendingCommand]:
    reply = await bot.learn(text, **more)
    assert reply.pending is not None
    return reply, reply.pending


async def start(bot: Engine, pending: PendingCommand, invocation: Invocation | None = None) -> CardReply:
    reply = await bot.service.start_pending(pending.id, invocation or bot.invocation())
    assert isinstance(reply, CardReply), reply
    return reply


async def spent(bot: Engine) -> tuple[int, int]:
    return (await bot.rows("SELECT count(*) AS jobs FROM job"))[0]["jobs"], sum(await bot.money())


async def test_it_is_drawn_and_priced_and_nothing_is_spent_until_its_button_is_pressed_once(
    engine: Open,
) -> None:
    async with engine() as bot:
        bot.library.found[PICTURE] = Found(width=200, height=100, content=drawn(200, 100))
        reply, pending = await shown(bot)

        assert "The new frame is 1152 × 2048 pixels." in reply.text
        assert "40 beyond the left edge and 100 from the top" in reply.text
        assert reply.file is not None
        with Image.open(BytesIO(reply.file.content)) as picture:
            assert "PNG" == picture.format
        assert (0, 0) == await spent(bot)

        card = (await start(bot, pending)).view
        job = await bot.ends(card)
        assert isinstance(job.request, ReframeImageRequest)
        assert (State.COMPLETED, -40, 100) == (
            job.state,
            job.request.grid_position_x,
            job.request.grid_position_y,
        )
        assert f"Start · ${price(job.request, bot.services.rates) / 1e6:.3f}"[:-1] in pending.start_label
        assert 1 == bot.library.fetched.count(PICTURE)
        again = await bot.service.start_pending(pending.id, bot.invocation())
        assert isinstance(again, PrivateReply)
        assert "Already started" == again.title
        assert (1, job.price) == await spent(bot)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("/reframe 9:16 {}", False),
        ("/reframe 9:16 {} with more sky", False),
        ("/reframe 9:16 {} --preview", True),
        *((f"/reframe 9:16 {{}} --{name} 40", True) for name in ("x_end", "resized_width")),
    ],
)
async def test_it_asks_only_where_the_source_is_placed_or_the_preview_is_wanted(
    engine: Open, text: str, asks: bool
) -> None:
    async with engine(start=None) as bot:
        reply = await bot.say(text.format(PICTURE))
        assert asks is isinstance(reply, PrivateReply)
        started = await bot.say(text.format(PICTURE), previewed=True)
        assert isinstance(started, CardReply)


async def test_the_button_works_after_a_restart_and_in_another_process(
    any_engine: Open,
) -> None:
    async with any_engine(start=None) as before:
        _, pending = await shown(before)
    async with any_engine(owner="later") as bot:
        job = await bot.ends((await start(bot, pending)).view)
        assert State.COMPLETED is job.state


async def test_the_source_is_the_one_that_was_shown(engine: Open) -> None:
    async with engine() as bot:
        first = await bot.made("/imagine a red fox")
        reply, pending = await shown(bot, "/reframe 9:16 --resized_width 100")
        assert f"#{first.id[-6:]}" in reply.text
        await bot.made("/imagine a blue fox")
        job = await bot.ends((await start(bot, pending)).view)
        assert first.id == job.parent


async def test_a_video_is_priced_by_its_real_length(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.library.found[CLIP] = film(3_000)
        _, pending = await shown(bot, f"/reframe 1:1 {CLIP} --preview --model ray-2")
        assert "up to" not in pending.start_label
        job = await bot.job((await start(bot, pending)).view)
        assert isinstance(job.request, ReframeVideoRequest)
        assert 3_000 == job.request.duration_ms


async def test_a_price_that_has_risen_is_shown_again(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        _, pending = await shown(bot)
        rates = bot.services.rates
        dearer: Mapping[str, int] = {model: 3 * rate for model, rate in rates.image.items()}
        object.__setattr__(bot.services, "rates", replace(rates, image=dearer))
        reply = await bot.service.start_pending(pending.id, bot.invocation())
        assert isinstance(reply, PrivateReply)
        assert "The price has risen" in reply.text
        assert (0, 0) == await spent(bot)
        assert reply.pending is not None
        assert pending.start_label != reply.pending.start_label
        await start(bot, reply.pending)


async def test_it_is_of_the_person_to_whom_it_was_shown_and_expires(any_engine: Open) -> None:
    async with any_engine(start=("retention",)) as bot:
        _, pending = await shown(bot)
        _, other = await shown(bot, by=BOB)
        for by, named in ((BOB, pending.id), (ADA, other.id), (ADA, "0" * 24), (ADA, "not an id")):
            with pytest.raises(InvalidRequest, match="no longer available; nothing was started"):
                await bot.service.start_pending(named, bot.invocation(by))
        closed = await bot.service.discard_pending(pending.id, ADA, key="a")
        assert "Closed" == closed.title
        with pytest.raises(InvalidRequest, match="no longer available"):
            await bot.service.start_pending(pending.id, bot.invocation())

        bot.advance(bot.services.times.confirmation + 1)
        with pytest.raises(InvalidRequest, match="no longer available"):
            await bot.service.start_pending(other.id, bot.invocation(BOB))
        bot.services.wake("retention")

        async def is_removed() -> bool:
            return not await bot.rows("SELECT key FROM adapter_data WHERE key LIKE 'pending/%'")

        await bot.until(is_removed)
        assert (0, 0) == await spent(bot)


@pytest.mark.parametrize(
    ("fault", "text", "error", "told"),
    [
        (None, f"{PLACED} --x_start 50 --x_end 40", InvalidRequest, "x_end must be larger than x_start"),
        (None, f"{PLACED} --x_end 65", InvalidRequest, "the source is only 64 pixels wide"),
        (MediaRefused("this is a text"), PLACED, InvalidRequest, "this is a text"),
        (
            None,
            "/reframe 9:16 http://127.0.0.1/a.png --preview",
            InvalidRequest,
            "not on the public internet",
        ),
    ],
)
async def test_what_cannot_be_is_refused_instead_of_shown(
    engine: Open, fault: Exception | None, text: str, error: type[Exception], told: str
) -> None:
    async with engine(start=None) as bot:
        if fault is not None:
            bot.library.errors["*"] = fault
        with pytest.raises(error, match=told):
            await bot.say(text)
        assert not await bot.rows("SELECT key FROM adapter_data WHERE key LIKE 'pending/%'")


async def test_without_the_source_the_frame_is_described_and_can_be_started(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.library.errors["*"] = MediaUnavailable("the server is down")
        reply, pending = await shown(bot)
        assert reply.file is None
        assert "1152 × 2048 pixels. Your values: grid_position_x -40, grid_position_y 100" in reply.text
        await start(bot, pending)


async def test_who_cannot_pay_is_told_instead(engine: Open) -> None:
    async with engine(start=None, default_allowance="0") as bot:
        with pytest.raises(QuotaExhausted):
            await bot.say(PLACED)
