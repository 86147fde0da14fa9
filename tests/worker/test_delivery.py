"""Each card has one message, which ends with the result, whatever the platform does."""

from collections.abc import Callable
from functools import partial

import pytest

from bot.domain.cards.card import CardView, JobPhase
from bot.domain.errors import Delayed, DeliveryError, FileLost, Undeliverable
from bot.domain.identity import Place
from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from tests.engine.conftest import Open, done, is_shown, row_of
from tests.engine.fakes import FakeChat, held
from tests.engine.harness import Engine
from tests.engine.settings import ADA


def finish_all(engine: Engine) -> None:
    for identifier in engine.provider.generations:
        engine.provider.end(identifier, GenerationState.COMPLETED)


async def test_a_card_is_posted_once_and_edited_from_then_on(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask()
        await bot.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        finish_all(bot)
        await bot.shown(card, done)

        views = bot.chat.of(card.card)
        assert 1 == bot.chat.posts
        assert [view.rev for view in views] == sorted(view.rev for view in views)


async def test_a_slow_progress_edit_never_covers_the_result(engine: Open) -> None:
    async with engine(start=("deliver",)) as bot:
        step = held()
        bot.chat.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        bot.start()
        await bot.ends(card)

        step.open()

        await bot.shown(card, done)
        await bot.until(lambda: is_shown(bot, card))
        assert [JobPhase.WAITING, JobPhase.DONE] == [view.jobs[0].phase for view in bot.chat.of(card.card)]


async def test_an_edit_that_outlives_its_lease_is_put_right(engine: Open) -> None:
    """Its process slept while another one showed the result; the old edit lands after that."""
    async with engine(start=("deliver",)) as bot:
        step = held()
        bot.chat.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        bot.advance(30_001)
        bot.start()
        await bot.shown(card, done)
        await bot.until(lambda: is_shown(bot, card))

        before = len(bot.chat.of(card.card))

        step.open()

        await bot.until(lambda: len(bot.chat.of(card.card)) >= before + 2)
        tones = [view.jobs[0].phase for view in bot.chat.of(card.card)]
        assert [JobPhase.DONE, JobPhase.WAITING, JobPhase.DONE] == tones[before - 1 : before + 2]
        assert 1 == len(bot.chat.messages)


async def test_a_card_that_looks_the_same_is_not_shown_again(engine: Open) -> None:
    async with engine(simulator_speed=1, times={"progress_interval": 15}) as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask()
        await bot.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        shows = bot.chat.shows
        revision = (await row_of(bot, card))["shown_rev"]

        async def looked_again() -> bool:
            return bool((await row_of(bot, card))["shown_rev"] > revision + 3)

        await bot.until(looked_again)
        assert shows == bot.chat.shows


async def test_progress_is_told_once_an_interval_in_a_channel_and_results_at_once(engine: Open) -> None:
    async with engine(start=("deliver",), times={"progress_interval": 60_000}) as bot:
        bot.provider.born = GenerationState.DREAMING
        first, second = await bot.ask(), await bot.ask("/imagine a blue fox")
        elsewhere = await bot.ask("/imagine a fox", place=bot.place(channel="c2"))
        cards = [first, second, elsewhere]
        for card in cards:
            await bot.until(partial(is_shown, bot, card))
        assert 3 == bot.chat.shows
        bot.start()
        for card in cards:
            await bot.comes_to(card, State.SUBMITTED)
        await bot.looks()
        assert 3 == bot.chat.shows

        bot.advance(60_001)
        await bot.until(lambda: bot.chat.shows >= 5)
        await bot.looks()
        assert 5 == bot.chat.shows, "one in each channel"
        rows = [await row_of(bot, card) for card in cards]
        assert all(row["shown_rev"] == row["wanted_rev"] for row in rows), (
            "who was passed over is in no hurry"
        )
        bot.advance(60_001)
        await bot.until(lambda: bot.chat.shows >= 6)

        finish_all(bot)
        for card in cards:
            await bot.shown(card, done)


@pytest.mark.parametrize("asked", [30_000, 3_600_000])
async def test_a_platform_that_asks_to_wait_is_left_alone_for_as_long(engine: Open, asked: int) -> None:
    async with engine() as bot:
        bot.chat.steps.append(Delayed(retry_after_ms=asked))
        card = await bot.ask()
        await bot.ends(card)
        bot.advance(asked - 5_000)
        await bot.looks()
        assert 1 == bot.chat.shows

        bot.advance(5_000)

        await bot.shown(card, done)


@pytest.mark.parametrize(
    "error", [Delayed(), DeliveryError("502"), RuntimeError("a fault of the adapter"), TimeoutError()]
)
async def test_a_show_that_fails_is_tried_again_ever_more_rarely(engine: Open, error: Exception) -> None:
    async with engine(start=("deliver",), times={"delivery_retry": 10_000, "card_lease": 10**9}) as bot:
        bot.chat.refuses = lambda _: error
        card = await bot.ask()
        waits = []
        for tries in range(1, 8):

            async def tried(tries: int = tries) -> bool:
                return bool((await row_of(bot, card))["tries"] == tries)

            await bot.until(tried)
            waits.append((await row_of(bot, card))["run_at"] - bot.clock.wall())
            bot.advance(waits[-1] + 1)

        for wait, expected in zip(waits, [10, 20, 40, 80, 160, 300, 300], strict=True):
            assert expected * 1000 - 3_000 < wait <= expected * 1000


async def test_a_card_that_cannot_be_shown_is_given_up_but_never_its_result(any_engine: Open) -> None:
    async with any_engine() as bot:
        bot.chat.steps.append(Undeliverable("the channel is gone"))
        card = await bot.ask()
        job = await bot.ends(card)
        await bot.looks()

        assert 1 == bot.chat.shows
        assert "the channel is gone" == (await row_of(bot, card))["undeliverable"]
        note = await bot.learn(f"/show {job.id}")
        assert job.result == note.views[0].jobs[0].media
        assert (job.price, 0) == await bot.money()


async def test_a_deleted_card_whose_message_stays_is_told(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        job = await bot.ends(card)
        await bot.until(lambda: is_shown(bot, card))

        async def refuse(place: Place) -> None:  # noqa: ARG001 - the port's
            raise Undeliverable("the bot lacks View Channel")

        bot.chat.remove = refuse  # type: ignore[method-assign]
        await bot.delete(job.id)
        await bot.until(lambda: bot.chat.told)

        [(text, place)] = bot.chat.told
        assert f"#{short_id(job.id)} is deleted, but its message is still there" in text
        assert "the bot lacks View Channel" in text
        assert place.channel == f"@{ADA.person}"


async def test_whoever_deletes_all_of_their_data_is_not_told_for_each_message(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        await bot.ends(card)
        await bot.until(lambda: is_shown(bot, card))

        async def refuse(place: Place) -> None:  # noqa: ARG001 - the port's
            raise Undeliverable("the bot lacks View Channel")

        bot.chat.remove = refuse  # type: ignore[method-assign]
        await bot.answer(await bot.learn("/mydata forget"), "Delete my data")
        await bot.until(lambda: bot.rows("SELECT 1 FROM card WHERE undeliverable IS NOT NULL"))

        assert [] == await bot.rows("SELECT 1 FROM person_notice")
        assert [] == bot.chat.told


async def test_a_result_that_comes_after_a_day_is_not_given_up_at_the_first_mishap(engine: Open) -> None:
    async with engine(start=("deliver",)) as bot:
        card = await bot.ask()
        await bot.until(lambda: is_shown(bot, card))
        bot.advance(86_400_001 - 60_000)
        bot.start()
        await bot.until(lambda: bot.provider.generations)
        bot.advance(60_001)
        bot.chat.refuses = lambda _: DeliveryError("502")
        await bot.ends(card)
        await bot.until(lambda: bot.rows("SELECT 1 FROM card WHERE tries > 1"))

        bot.chat.refuses = lambda _: None
        bot.advance(60_000)

        await bot.shown(card, done)


async def test_a_card_that_is_refused_for_a_day_is_given_up(engine: Open) -> None:
    async with engine() as bot:
        bot.chat.refuses = lambda _: DeliveryError("502")
        card = await bot.ask()
        await bot.ends(card)
        bot.advance(86_400_001)

        async def given_up() -> bool:
            bot.advance(300_000)
            return (await row_of(bot, card))["undeliverable"] is not None

        await bot.until(given_up)


async def test_an_inlet_that_answers_by_itself_shows_the_first_revision(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask(answer_window_ms=3_000)
        await bot.comes_to(card, State.SUBMITTED)
        await bot.looks()
        assert 0 == bot.chat.shows

        bot.chat.messages["answer"], bot.chat.card_of["answer"] = [card], card.card
        await bot.service.confirm_shown(card, "answer")
        finish_all(bot)

        await bot.shown(card, done)
        assert 0 == bot.chat.posts
        assert ["answer"] == list(bot.chat.messages)


@pytest.mark.parametrize("dedupe_ms", [0, 60_000])
async def test_for_an_inlet_that_dies_before_it_answers_the_card_is_posted(
    engine: Open, dedupe_ms: int
) -> None:
    async with engine(chat=FakeChat(dedupe_ms=dedupe_ms)) as bot:
        card = await bot.ask(answer_window_ms=3_000)
        await bot.ends(card)
        assert 0 == bot.chat.shows

        bot.advance(3_001)

        await bot.shown(card, done)
        assert (1, 0 if dedupe_ms else 1) == (bot.chat.posts, bot.chat.finds)


async def test_a_deleted_card_is_removed_at_the_platform(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        job = await bot.ends(card)
        await bot.shown(card, done)

        await bot.delete(job.id)

        await bot.until(lambda: bot.chat.removed)
        assert list(bot.chat.messages) == bot.chat.removed


@pytest.mark.parametrize("error", [RuntimeError("a fault"), DeliveryError("502"), Undeliverable("gone")])
async def test_one_card_that_cannot_be_shown_disturbs_no_other(engine: Open, error: Exception) -> None:
    async with engine() as bot:
        broken = await bot.ask("/imagine a broken card")
        bot.chat.refuses = _refuse(broken.card, error)
        others = [await bot.ask(f"/imagine fox {number}") for number in range(20)]

        for card in others:
            await bot.shown(card, done)
        assert State.COMPLETED is (await bot.ends(broken)).state


async def test_a_place_may_call_for_another_look_of_what_has_not_changed(engine: Open) -> None:
    """A message that can soon be changed no longer has to say where its result will come."""
    async with engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask()
        await bot.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        before = bot.chat.shows
        bot.chat.phase_now = "ends soon"
        bot.advance(3_000)
        await bot.until(lambda: bot.chat.shows > before)
        finish_all(bot)
        await bot.shown(card, done)


async def test_what_reaches_a_place_is_encrypted_where_it_is_stored(engine: Open) -> None:
    async with engine(start=None) as bot:
        places: list[Place] = []
        show = bot.chat.show

        async def listening(view: CardView, place: Place) -> str:
            places.append(place)
            return await show(view, place)

        bot.chat.show = listening  # type: ignore[method-assign]  # our own fake
        await bot.ask(place=bot.place(reply_token="token of an interaction"))
        bot.start()
        await bot.until(lambda: places)

        assert "token of an interaction" == places[0].reply_token
        (row,) = await bot.rows("SELECT reply_token FROM card")
        assert row["reply_token"]
        assert "token" not in row["reply_token"]
        assert "token" not in repr(places[0])


def _refuse(card: str, error: Exception) -> Callable[[CardView], Exception | None]:
    return lambda view: error if view.card == card else None


async def test_a_result_whose_file_is_lost_says_so_and_offers_to_make_it_again(engine: Open) -> None:
    """Nothing is recorded: /show looks for the file again."""
    async with engine() as bot:
        bot.chat.refuses = _without_its_file
        card = await bot.ask()
        await bot.ends(card)
        await bot.shown(card, done)

        shown = bot.chat.of(card.card)[-1].jobs[0]
        assert (None, "Done; its file is no longer stored") == (shown.media, shown.headline)
        assert Action.AGAIN in shown.actions
        assert Action.VARIATION not in shown.actions
        (view,) = (await bot.learn(f"/show {shown.id}")).views
        assert view.jobs[0].media is not None


def _without_its_file(view: CardView) -> Exception | None:
    return next((FileLost(job.media.file) for job in view.jobs if job.media is not None), None)
