"""Each card has one message, which ends with the result, whatever the platform does."""

from collections.abc import Callable
from functools import partial

import pytest

from bot.domain.cards import CardView, JobPhase
from bot.domain.errors import Delayed, DeliveryError, NotPosted, Undeliverable
from bot.domain.identity import Place
from bot.domain.jobs import State
from bot.providers.base import GenerationState
from tests.engine.conftest import Open, done, is_shown, row_of
from tests.engine.fakes import FakeChat, Step, held
from tests.engine.house import House


async def _tried(house: House, card: CardView, times: int) -> bool:
    return bool((await row_of(house, card))["tries"] >= times)


def finish_all(house: House) -> None:
    for identifier in house.provider.generations:
        house.provider.end(identifier, GenerationState.COMPLETED)


async def test_a_card_is_posted_once_and_edited_from_then_on(any_house: Open) -> None:
    async with any_house() as home:
        home.provider.born = GenerationState.DREAMING
        card = await home.ask()
        await home.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        finish_all(home)
        await home.shown(card, done)

        views = home.chat.of(card.card)
        assert 1 == home.chat.posts
        assert [view.rev for view in views] == sorted(view.rev for view in views)


async def test_a_slow_progress_edit_never_covers_the_result(house: Open) -> None:
    async with house(start=("deliver",)) as home:
        step = held()
        home.chat.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        home.start()
        await home.ends(card)

        step.open()

        await home.shown(card, done)
        await home.until(lambda: is_shown(home, card))
        assert [JobPhase.WAITING, JobPhase.DONE] == [view.jobs[0].phase for view in home.chat.of(card.card)]


async def test_an_edit_that_outlives_its_lease_is_put_right(house: Open) -> None:
    """Its process slept while another one showed the result; the old edit lands after that."""
    async with house(start=("deliver",)) as home:
        step = held()
        home.chat.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        home.advance(30_001)
        home.start()
        await home.shown(card, done)
        await home.until(lambda: is_shown(home, card))

        before = len(home.chat.of(card.card))

        step.open()

        await home.until(lambda: len(home.chat.of(card.card)) >= before + 2)
        tones = [view.jobs[0].phase for view in home.chat.of(card.card)]
        assert [JobPhase.DONE, JobPhase.WAITING, JobPhase.DONE] == tones[before - 1 : before + 2]
        assert 1 == len(home.chat.messages)


async def test_a_card_that_looks_the_same_is_not_shown_again(house: Open) -> None:
    async with house(simulator_speed=1, times={"progress_interval": 15}) as home:
        home.provider.born = GenerationState.DREAMING
        card = await home.ask()
        await home.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        shows = home.chat.shows
        revision = (await row_of(home, card))["shown_rev"]

        async def looked_again() -> bool:
            return bool((await row_of(home, card))["shown_rev"] > revision + 3)

        await home.until(looked_again)
        assert shows == home.chat.shows


async def test_progress_is_told_once_an_interval_in_a_channel_and_results_at_once(house: Open) -> None:
    async with house(start=("deliver",), times={"progress_interval": 60_000}) as home:
        home.provider.born = GenerationState.DREAMING
        first, second = await home.ask(), await home.ask("/imagine a blue fox")
        elsewhere = await home.ask("/imagine a fox", place=home.place(channel="c2"))
        cards = [first, second, elsewhere]
        for card in cards:
            await home.until(partial(is_shown, home, card))
        assert 3 == home.chat.shows
        home.start()
        for card in cards:
            await home.comes_to(card, State.SUBMITTED)
        await home.looks()
        assert 3 == home.chat.shows

        home.advance(60_001)
        await home.until(lambda: home.chat.shows >= 5)
        await home.looks()
        assert 5 == home.chat.shows, "one in each channel"
        rows = [await row_of(home, card) for card in cards]
        assert all(row["shown_rev"] == row["wanted_rev"] for row in rows), (
            "who was passed over is in no hurry"
        )
        home.advance(60_001)
        await home.until(lambda: home.chat.shows >= 6)

        finish_all(home)
        for card in cards:
            await home.shown(card, done)


@pytest.mark.parametrize("asked", [30_000, 3_600_000])
async def test_a_platform_that_asks_to_wait_is_left_alone_for_as_long(house: Open, asked: int) -> None:
    async with house() as home:
        home.chat.steps.append(Delayed(retry_after_ms=asked))
        card = await home.ask()
        await home.ends(card)
        home.advance(asked - 5_000)
        await home.looks()
        assert 1 == home.chat.shows

        home.advance(5_000)

        await home.shown(card, done)


@pytest.mark.parametrize(
    "error", [Delayed(), DeliveryError("502"), RuntimeError("a fault of the adapter"), TimeoutError()]
)
async def test_a_show_that_fails_is_tried_again_ever_more_rarely(house: Open, error: Exception) -> None:
    async with house(start=("deliver",), times={"delivery_retry": 10_000, "card_lease": 10**9}) as home:
        home.chat.refuses = lambda _: error
        card = await home.ask()
        waits = []
        for tries in range(1, 8):

            async def tried(tries: int = tries) -> bool:
                return bool((await row_of(home, card))["tries"] == tries)

            await home.until(tried)
            waits.append((await row_of(home, card))["run_at"] - home.clock.wall())
            home.advance(waits[-1] + 1)

        for wait, expected in zip(waits, [10, 20, 40, 80, 160, 300, 300], strict=True):
            assert expected * 1000 - 3_000 < wait <= expected * 1000


async def test_a_card_that_cannot_be_shown_is_given_up_but_never_its_result(any_house: Open) -> None:
    async with any_house() as home:
        home.chat.steps.append(Undeliverable("the channel is gone"))
        card = await home.ask()
        job = await home.ends(card)
        await home.looks()

        assert 1 == home.chat.shows
        assert "the channel is gone" == (await row_of(home, card))["undeliverable"]
        note = await home.learn(f"/show {job.id}")
        assert job.result == note.views[0].jobs[0].media
        assert (job.price, 0) == await home.money()


async def test_a_result_that_comes_after_a_day_is_not_given_up_at_the_first_mishap(house: Open) -> None:
    async with house(start=("deliver",)) as home:
        card = await home.ask()
        await home.until(lambda: is_shown(home, card))
        home.advance(86_400_001 - 60_000)
        home.start()
        await home.until(lambda: home.provider.generations)
        home.advance(60_001)
        home.chat.refuses = lambda _: DeliveryError("502")
        await home.ends(card)
        await home.until(lambda: home.rows("SELECT 1 FROM card WHERE tries > 1"))

        home.chat.refuses = lambda _: None
        home.advance(60_000)

        await home.shown(card, done)


async def test_a_card_that_is_refused_for_a_day_is_given_up(house: Open) -> None:
    async with house() as home:
        home.chat.refuses = lambda _: DeliveryError("502")
        card = await home.ask()
        await home.ends(card)
        home.advance(86_400_001)

        async def given_up() -> bool:
            home.advance(300_000)
            return (await row_of(home, card))["undeliverable"] is not None

        await home.until(given_up)


async def test_a_post_whose_answer_was_lost_is_repeated_within_the_platforms_dedupe(house: Open) -> None:
    async with house() as home:
        home.chat.steps.append(Step(error=Delayed("504", retry_after_ms=10_000), done=True))
        card = await home.ask()
        await home.ends(card)
        home.advance(10_001)

        await home.shown(card, done)

        assert (2, 0, 1) == (home.chat.posts, home.chat.finds, len(home.chat.messages))


@pytest.mark.parametrize(("dedupe_ms", "waits"), [(60_000, 70_000), (0, 1_000)])
async def test_a_post_whose_answer_was_lost_is_looked_for_once_no_dedupe_covers_it(
    house: Open, dedupe_ms: int, waits: int
) -> None:
    async with house(chat=FakeChat(dedupe_ms=dedupe_ms)) as home:
        home.chat.steps.append(Step(error=Delayed("504", retry_after_ms=waits), done=True))
        card = await home.ask()
        await home.ends(card)
        home.chat.merges = False
        home.advance(waits + 1)

        await home.shown(card, done)

        assert (1, 1, 1) == (home.chat.posts, home.chat.finds, len(home.chat.messages))


async def test_a_post_that_is_not_found_is_made(house: Open) -> None:
    async with house(chat=FakeChat(dedupe_ms=0)) as home:
        home.chat.steps.append(Delayed("504", retry_after_ms=1_000))
        card = await home.ask()
        await home.ends(card)
        home.advance(1_001)

        await home.shown(card, done)

        assert (1, 1) == (home.chat.posts, home.chat.finds)


async def test_a_post_that_certainly_never_happened_is_not_looked_for(house: Open) -> None:
    """A search may be allowed once a minute, and a channel that is busy is no reason for one."""
    async with house(chat=FakeChat(dedupe_ms=0)) as home:
        home.chat.steps.append(NotPosted("429", retry_after_ms=1_000))
        card = await home.ask()
        await home.ends(card)
        home.advance(1_001)

        await home.shown(card, done)

        assert (1, 0) == (home.chat.posts, home.chat.finds)


async def test_a_post_that_was_found_is_looked_for_again_until_it_has_been_edited(house: Open) -> None:
    """That the edit certainly did not happen says nothing about the message."""
    async with house(chat=FakeChat(dedupe_ms=0)) as home:
        home.chat.steps += [
            Step(error=Delayed("504", retry_after_ms=1_000), done=True),
            NotPosted("429", retry_after_ms=1_000),
        ]
        card = await home.ask()
        await home.ends(card)
        home.chat.merges = False
        home.advance(1_001)
        await home.until(lambda: _tried(home, card, 2))
        home.advance(1_001)

        await home.shown(card, done)

        assert (1, 2, 1) == (home.chat.posts, home.chat.finds, len(home.chat.messages))


async def test_an_inlet_that_answers_by_itself_shows_the_first_revision(house: Open) -> None:
    async with house() as home:
        home.provider.born = GenerationState.DREAMING
        card = await home.ask(answer_window_ms=3_000)
        await home.comes_to(card, State.SUBMITTED)
        await home.looks()
        assert 0 == home.chat.shows

        home.chat.messages["answer"], home.chat.card_of["answer"] = [card], card.card
        await home.service.confirm_shown(card, "answer")
        finish_all(home)

        await home.shown(card, done)
        assert 0 == home.chat.posts
        assert ["answer"] == list(home.chat.messages)


@pytest.mark.parametrize("dedupe_ms", [0, 60_000])
async def test_for_an_inlet_that_dies_before_it_answers_the_card_is_posted(
    house: Open, dedupe_ms: int
) -> None:
    async with house(chat=FakeChat(dedupe_ms=dedupe_ms)) as home:
        card = await home.ask(answer_window_ms=3_000)
        await home.ends(card)
        assert 0 == home.chat.shows

        home.advance(3_001)

        await home.shown(card, done)
        assert (1, 0 if dedupe_ms else 1) == (home.chat.posts, home.chat.finds)


async def test_a_deleted_card_is_removed_at_the_platform(house: Open) -> None:
    async with house() as home:
        card = await home.ask()
        job = await home.ends(card)
        await home.shown(card, done)

        await home.delete(job.id)

        await home.until(lambda: home.chat.removed)
        assert list(home.chat.messages) == home.chat.removed


@pytest.mark.parametrize("error", [RuntimeError("a fault"), DeliveryError("502"), Undeliverable("gone")])
async def test_one_card_that_cannot_be_shown_disturbs_no_other(house: Open, error: Exception) -> None:
    async with house() as home:
        broken = await home.ask("/imagine a broken card")
        home.chat.refuses = _refuse(broken.card, error)
        others = [await home.ask(f"/imagine fox {number}") for number in range(20)]

        for card in others:
            await home.shown(card, done)
        assert State.COMPLETED is (await home.ends(broken)).state


async def test_a_place_may_call_for_another_look_of_what_has_not_changed(house: Open) -> None:
    """A message that can soon be changed no longer has to say where its result will come."""
    async with house() as home:
        home.provider.born = GenerationState.DREAMING
        card = await home.ask()
        await home.shown(card, lambda view: view.jobs[0].phase is JobPhase.RUNNING)
        before = home.chat.shows
        home.chat.phase_now = "ends soon"
        home.advance(3_000)
        await home.until(lambda: home.chat.shows == before + 1)
        home.advance(3_000)
        finish_all(home)
        await home.shown(card, done)
        assert before + 2 == home.chat.shows


async def test_what_reaches_a_place_is_encrypted_where_it_is_stored(house: Open) -> None:
    async with house(start=None) as home:
        places: list[Place] = []
        show = home.chat.show

        async def listening(view: CardView, place: Place) -> str:
            places.append(place)
            return await show(view, place)

        home.chat.show = listening  # type: ignore[method-assign]  # our own fake
        await home.ask(place=home.place(reply_token="token of an interaction"))
        home.start()
        await home.until(lambda: places)

        assert "token of an interaction" == places[0].reply_token
        (row,) = await home.rows("SELECT reply_token FROM card")
        assert row["reply_token"]
        assert "token" not in row["reply_token"]
        assert "token" not in repr(places[0])


def _refuse(card: str, error: Exception) -> Callable[[CardView], Exception | None]:
    return lambda view: error if view.card == card else None
