"""Held jobs: who confirms or approves them, what is reserved meanwhile, and how they end."""

import pytest

from bot.domain.cards.card import CardView
from bot.domain.cards.decisions import Decision, Purpose
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, NotYours
from bot.domain.identity import Caller, Place
from bot.domain.jobs.job import Hold, State
from bot.domain.money.pricing import MICROUSD
from bot.service.replies import PrivateReply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS

#: costs more than a dollar
COSTLY = "/animate a fox that runs --model ray-2 --resolution 1080p --duration 9s"
APPROVE, REFUSE = Decision.APPROVE, Decision.REFUSE


async def decide(
    bot: Engine, decision: Decision, card: CardView, by: Caller = ADA, *, key: str = ""
) -> PrivateReply:
    return await bot.service.decide(decision, card.jobs[0].id, card.card, by, key=key or bot.new_key())


async def approval_is_needed(bot: Engine, *, channel: str = "mods|mods") -> None:
    """Let an admin approve what costs more than half a dollar, in a channel of the moderators."""
    await bot.learn("/rules prices --approve 0.5 --confirm off", by=BOSS)
    if channel:
        await bot.learn(f"/rules moderators {channel}", by=BOSS)


async def test_a_price_above_a_dollar_is_confirmed_by_who_asked(any_engine: Open) -> None:
    async with any_engine() as bot:
        card = await bot.ask(COSTLY)
        job = await bot.job(card)
        assert (State.HELD, Hold.CONFIRMATION) == (job.state, job.hold)
        assert (0, job.price) == await bot.money()
        assert job.price > MICROUSD
        assert ["Confirm $", "Cancel"] == [one.label[:9] for one in card.decisions]
        assert "Ada to confirm the price" in card.jobs[0].headline
        for by in (BOB, BOSS):
            with pytest.raises(NotYours, match="Only Ada can confirm"):
                await decide(bot, APPROVE, card, by)
        assert "Confirmed" == (await decide(bot, APPROVE, card)).title
        assert "Already approved" == (await decide(bot, APPROVE, card)).title
        done = await bot.ends(card)
        assert State.COMPLETED is done.state
        assert (job.price, 0) == await bot.money()
        assert ["accepted", "confirmed", "claimed"] == (await bot.causes(card))[:3]


async def test_an_unconfirmed_price_is_given_back(engine: Open) -> None:
    async with engine() as bot:
        card, other = await bot.ask(COSTLY), await bot.ask(COSTLY, by=BOB)
        assert "Cancelled" == (await decide(bot, REFUSE, card)).title
        assert State.CANCELLED is (await bot.job(card)).state
        bot.advance(bot.services.times.confirmation - 60_000)
        assert State.HELD is (await bot.job(other)).state
        bot.advance(61_000)
        ended = await bot.ends(other)
        assert State.FAILED is ended.state
        assert ended.failure is not None
        assert "not confirmed in time" in ended.failure.message
        assert "not charged" in ended.failure.message
        assert [(0, 0), (0, 0)] == [await bot.money(by) for by in (ADA, BOB)]
        with pytest.raises(InvalidRequest, match="not confirmed in time"):
            await decide(bot, APPROVE, other, BOB)
        assert [] == bot.provider.creates


async def test_cancel_takes_back_a_held_job_and_status_shows_its_buttons(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask(COSTLY)
        shown = await bot.learn("/status")
        assert [APPROVE, REFUSE] == [one.decision for one in shown.views[0].decisions]
        await bot.learn(f"/cancel {card.jobs[0].id}")
        assert State.CANCELLED is (await bot.job(card)).state
        assert (0, 0) == await bot.money()


async def test_several_jobs_of_a_command_are_held_and_go_on_together(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/rules prices --confirm 0.05", by=BOSS)
        card = await bot.ask("/imagine a red fox --count 4")
        jobs = await bot.jobs(card)
        assert [State.HELD] * 4 == [job.state for job in jobs]
        assert "Confirm $0.072" == card.decisions[0].label
        await decide(bot, APPROVE, card)
        await bot.until(lambda: len(bot.provider.creates) == 4)


async def test_an_admin_approves_in_the_moderators_channel(engine: Open) -> None:
    async with engine() as bot:
        await approval_is_needed(bot)
        card = await bot.ask("/animate a fox that runs --model ray-2")
        assert Hold.APPROVAL is (await bot.job(card)).hold
        assert "admin's approval" in card.jobs[0].headline
        for by in (ADA, BOB):
            with pytest.raises(NotAllowed, match="Only an admin"):
                await decide(bot, APPROVE, card, by)

        def asked() -> CardView | None:
            shown = [views[-1] for views in bot.chat.messages.values() if views]
            return next((view for view in shown if view.purpose is Purpose.APPROVAL), None)

        request: CardView = await bot.until(asked)
        assert [("Note", "Ada asks for $0.71")] == [one for one in request.jobs[0].fields if one[0] == "Note"]
        assert "Approved" == (await decide(bot, APPROVE, request, BOSS)).title
        assert State.COMPLETED is (await bot.ends(card)).state
        await bot.until(lambda: (view := asked()) and "Approved" == view.jobs[0].headline)
        assert "mods" == bot.chat.places[request.card].channel
        (entry,) = await bot.rows("SELECT actor, subject FROM audit WHERE action = 'approve'")
        assert ("chat:home:boss", card.jobs[0].id) == (entry["actor"], entry["subject"])


async def test_an_approval_can_be_refused_and_expires(any_engine: Open) -> None:
    async with any_engine() as bot:
        await approval_is_needed(bot, channel="")
        refused, late, own = [
            await bot.ask("/animate a fox that runs --model ray-2", by=by) for by in (ADA, BOB, ADA)
        ]
        with pytest.raises(NotYours, match="belongs to Ada"):
            await decide(bot, REFUSE, refused, BOB)
        assert "Refused" == (await decide(bot, REFUSE, refused, BOSS)).title
        assert "Cancelled" == (await decide(bot, REFUSE, own, ADA)).title
        bot.advance(bot.services.times.approval + 1_000)
        ended = [(await bot.ends(card)) for card in (refused, late, own)]
        assert [State.FAILED, State.FAILED, State.CANCELLED] == [job.state for job in ended]
        messages = [job.failure.message for job in ended if job.failure is not None]
        assert [True, True] == [
            words in one
            for words, one in zip(("An admin refused", "No admin approved"), messages, strict=True)
        ]
        assert all("not charged" in one for one in messages)
        assert [(0, 0), (0, 0)] == [await bot.money(by) for by in (ADA, BOB)]


async def test_an_admin_needs_nobody_and_a_private_command_needs_a_channel(engine: Open) -> None:
    async with engine() as bot:
        await approval_is_needed(bot, channel="")
        costly = "/animate a fox that runs --model ray-2"
        assert State.HELD is not (await bot.job(await bot.ask(costly, by=BOSS))).state
        with pytest.raises(NotAllowed, match=r"an admin must approve it.*without private"):
            await bot.ask(f"{costly} --private")
        await bot.learn("/rules moderators mods|mods", by=BOSS)
        card = await bot.ask(f"{costly} --private")
        with pytest.raises(JobNotFound):
            await decide(bot, REFUSE, card, BOB)
        assert "Approved" == (await decide(bot, APPROVE, card, BOSS)).title


async def test_an_admin_of_another_workspace_decides_nothing(engine: Open) -> None:
    async with engine() as bot:
        await approval_is_needed(bot, channel="")
        card = await bot.ask("/animate a fox that runs --model ray-2")
        elsewhere = Caller(
            workspace="chat:away", person="chat:boss", member="chat:away:boss", name="Boss", is_admin=True
        )
        with pytest.raises(JobNotFound):
            await decide(bot, APPROVE, card, elsewhere)
        assert State.HELD is (await bot.job(card)).state


async def test_a_costly_job_can_be_undone_for_a_few_seconds(engine: Open) -> None:
    async with engine(times={"undo_second": 1_000}) as bot:
        costly = "/animate a fox that runs --model ray-2"
        # Longer than a slow machine needs for the rest.
        await bot.learn("/rules prices --undo 60", by=BOSS)
        undone, kept = await bot.ask(costly), await bot.ask(costly, by=BOB)
        cheap = await bot.ask("/animate a fox that runs")
        assert "cancel it now" in undone.jobs[0].headline
        assert undone.jobs[0].cancellable
        assert State.COMPLETED is (await bot.ends(cheap)).state
        assert State.QUEUED is (await bot.job(undone)).state
        await bot.learn(f"/cancel {undone.jobs[0].id}")
        bot.advance(60_000)
        assert State.COMPLETED is (await bot.ends(kept)).state
        assert State.CANCELLED is (await bot.job(undone)).state
        assert 2 == len(bot.provider.creates)


async def test_a_quote_says_what_a_command_waits_for(engine: Open) -> None:
    async with engine() as bot:
        assert Hold.CONFIRMATION is (await bot.quote(COSTLY)).hold
        assert None is (await bot.quote("/imagine a red fox")).hold
        await approval_is_needed(bot, channel="")
        assert Hold.APPROVAL is (await bot.quote(COSTLY)).hold
        place = Place(adapter="chat", workspace=ADA.workspace, channel="c1", private=True)
        with pytest.raises(NotAllowed, match="an admin must approve"):
            await bot.quote(COSTLY, place=place)
