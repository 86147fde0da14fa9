"""Buttons show what they cost; a click never costs more than its button has shown without a question."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.cards.card import JobView
from bot.domain.errors import QuotaExhausted
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.actions import GENERATING, Action, ActionInput
from bot.domain.jobs.job import Job
from bot.service.replies import CardReply, PrivateReply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import BOB


async def shown(bot: Engine, job: Job) -> JobView:
    (view,) = (await bot.learn(f"/show {job.id}", by=BOB)).views
    return view.jobs[0]


async def spent(bot: Engine) -> int:
    return sum(await bot.money(BOB))


def raise_rates(bot: Engine) -> None:
    """Three times the rates."""
    rates = bot.services.rates

    def dearer(table: Mapping[str, int]) -> Mapping[str, int]:
        return {model: 3 * rate for model, rate in table.items()}

    raised = replace(rates, image=dearer(rates.image), video=dearer(rates.video))
    object.__setattr__(bot.services, "rates", raised)


@pytest.mark.parametrize("command", ["/imagine a red fox", "/animate a red fox"])
async def test_every_action_costs_what_its_button_shows(engine: Open, command: str) -> None:
    async with engine() as bot:
        job = await bot.made(command)
        view = await shown(bot, job)
        priced = set(view.actions) & GENERATING
        assert priced == set(view.prices.by_action)
        bot.drop()
        for action in priced:
            before = await spent(bot)
            given = ActionInput(prompt="a blue fox") if action is Action.EDIT else None
            await bot.press(action, job.id, by=BOB, action_input=given)
            assert view.prices.shown(action) == await spent(bot) - before, action


async def test_a_new_aspect_ratio_costs_what_its_entry_shows(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        prices = (await shown(bot, job)).prices
        assert "Reframe · from $0.018" == prices.label(Action.REFRAME)
        assert "1:1 · $0.018" == prices.ratio_label(AspectRatio.SQUARE)
        before = await spent(bot)
        await bot.press(
            Action.REFRAME, job.id, by=BOB, action_input=ActionInput(aspect_ratio=AspectRatio.SQUARE)
        )
        assert prices.shown_of_ratio(AspectRatio.SQUARE) == await spent(bot) - before


async def test_jobs_that_differ_in_what_prices_depend_on_have_prices_of_their_own(engine: Open) -> None:
    def prices(view: JobView) -> Mapping[Action, int]:
        return {action: price.total for action, price in view.prices.by_action.items()}

    async with engine() as bot:
        first, same = [prices(await shown(bot, await bot.made())) for _ in range(2)]
        small = prices(await shown(bot, await bot.made("/imagine a red fox --model photon-flash-1")))
        assert first == same
        assert first[Action.AGAIN] > small[Action.AGAIN]
        assert first[Action.ANIMATE] == small[Action.ANIMATE]


async def test_a_view_shows_the_prices_of_new_rates(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        before = (await shown(bot, job)).prices.by_action
        raise_rates(bot)
        after = (await shown(bot, job)).prices.by_action
        assert {action: 3 * price.each for action, price in before.items()} == pytest.approx(
            {action: price.each for action, price in after.items()}, abs=3
        )


async def test_a_click_asks_where_the_price_has_risen_and_starts_once_at_the_new_one(
    engine: Open,
) -> None:
    async with engine() as bot:
        job = await bot.made()
        old = (await shown(bot, job)).prices.shown(Action.ANIMATE)
        raise_rates(bot)
        reply = await bot.press(Action.ANIMATE, job.id, by=BOB, shown_price=old)
        assert isinstance(reply, PrivateReply)
        assert ("Start 🎬 Animate?", 0) == (reply.title, await spent(bot))
        assert "The price has risen from $0.25, so nothing was started yet." in reply.text
        assert reply.pending is not None
        assert "Start · $0.73" == reply.pending.start_label

        for expected in (CardReply, PrivateReply):
            started = await bot.service.start_pending(reply.pending.id, bot.invocation(BOB))
            assert isinstance(started, expected)
        assert (await shown(bot, job)).prices.shown(Action.ANIMATE) == await spent(bot)


async def test_a_button_that_shows_the_price_or_was_sent_without_one_is_not_asked_about(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        raise_rates(bot)
        now = (await shown(bot, job)).prices.shown(Action.AGAIN)
        for price in (now, None):
            assert isinstance(await bot.press(Action.AGAIN, job.id, by=BOB, shown_price=price), CardReply)


async def test_a_menu_entry_without_a_price_asks_first_and_keeps_the_new_words(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        reply = await bot.press(
            Action.EDIT,
            job.id,
            by=BOB,
            action_input=ActionInput(prompt="a blue fox"),
            asks_first=True,
        )
        assert reply.pending.start_label == "Start · ≈$0.018"
        assert 0 == await spent(bot)
        started = await bot.service.start_pending(reply.pending.id, bot.invocation(BOB))
        assert isinstance(started, CardReply)
        assert "a blue fox" == started.view.title


async def test_what_cannot_be_paid_is_refused_instead_of_asked_about(engine: Open) -> None:
    async with engine(default_allowance="0.02") as bot:
        job = await bot.made()
        with pytest.raises(QuotaExhausted):
            await bot.press(Action.ANIMATE, job.id, by=BOB, asks_first=True)


async def test_no_message_is_edited_because_a_price_has_changed(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        await bot.ends(card)
        before = await bot.shown(card, lambda view: view.settled)
        raise_rates(bot)
        after = await bot.service.get_card(card.card, BOB)
        assert after is not None
        assert before.jobs[0].prices != after.jobs[0].prices
        assert before.digest == after.digest


async def test_several_jobs_show_their_total(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask("/imagine a red fox --count 4")
        assert {"4 × ≈$0.018 = ≈$0.072"} == {dict(job.fields)["Price"] for job in card.jobs}
        await bot.until(lambda: bot.jobs(card))
        done = await bot.shown(card, lambda view: view.settled)
        assert {"4 × $0.018 = $0.072"} == {dict(job.fields)["Price"] for job in done.jobs}
        assert "Done" == done.status.headline
