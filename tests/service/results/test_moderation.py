"""Reports: what the moderators see, and what they can do."""

from dataclasses import replace

import pytest

from bot.domain.cards.card import CardView
from bot.domain.cards.decisions import Decision, Purpose
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, Undeliverable
from bot.domain.identity import Caller
from bot.domain.ids import short_id
from bot.service.replies import PrivateReply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE

MODERATOR = replace(EVE, roles=frozenset({"chat:home:mods"}))


def reports(bot: Engine) -> list[CardView]:
    """What the messages of all reports show now."""
    shown = [views[-1] for views in bot.chat.messages.values() if views]
    return [view for view in shown if view.purpose is Purpose.REPORT]


async def reported(bot: Engine) -> CardView:
    found: list[CardView] = await bot.until(lambda: reports(bot))
    return found[-1]


async def decide(bot: Engine, decision: Decision, card: CardView, by: Caller) -> PrivateReply:
    return await bot.service.decide(decision, card.jobs[0].id, card.card, by, key=bot.new_key())


async def test_a_report_is_shown_to_the_moderators_once(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        with pytest.raises(NotAllowed, match=r"Nobody receives reports here yet.*/rules moderators"):
            await bot.learn(f"/report {job.id}", by=BOB)
        await bot.learn("/rules moderators c9|mods --role chat:home:mods|Mods", by=BOSS)
        told = await bot.learn(f"/report {job.id} it shows a person", by=BOB)
        assert "Reported" == told.title
        again = await bot.learn(f"/report {job.id}", by=BOB)
        assert "Already reported" == again.title
        card = await reported(bot)
        assert "c9" == bot.chat.places[card.card].channel
        assert ("Note", "Reported by Bob: it shows a person") == card.jobs[0].fields[0]
        assert card.jobs[0].spoiler
        assert card.jobs[0].media == job.result
        assert () == card.jobs[0].actions
        assert ["Remove it", "Block Ada"] == [one.label for one in card.decisions]
        await bot.learn(f"/report {job.id}", by=EVE)
        await bot.until(lambda: len(reports(bot)) == 2)


async def test_a_report_that_cannot_be_shown_is_told_and_can_be_made_again(any_engine: Open) -> None:
    """As where the moderators' channel was deleted."""
    async with any_engine() as bot:
        job = await bot.made()
        await bot.learn("/rules moderators c9|mods", by=BOSS)
        bot.chat.refuses = lambda view: Undeliverable("deleted") if view.purpose else None
        await bot.learn(f"/report {job.id}", by=BOB)
        await bot.until(lambda: bot.chat.told)
        [(text, place)] = bot.chat.told
        bot.chat.refuses = lambda _: None
        again = await bot.learn(f"/report {job.id}", by=BOB)
        card = await reported(bot)
        # A message that was seen and is deleted later is no news for who has reported it.
        bot.chat.refuses = lambda _: Undeliverable("deleted")
        await decide(bot, Decision.BLOCK, card, BOSS)
        shown = "SELECT 1 FROM card WHERE purpose = 'report' AND shown_rev > 0 AND undeliverable = 'deleted'"
        await bot.until(lambda: bot.rows(shown))
        waiting = await bot.rows("SELECT 1 FROM person_notice")
    assert f"could not show your report of #{short_id(job.id)} to the moderators" in text
    assert "/rules moderators" in text
    assert place.channel == f"@{BOB.person}"
    assert "Reported" == again.title
    assert ([], 1) == (waiting, len(bot.chat.told))


async def test_a_request_for_approval_that_cannot_be_shown_is_told(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/rules moderators c9|mods", by=BOSS)
        await bot.learn("/rules prices --approve 0.01 --confirm off", by=BOSS)
        bot.chat.refuses = lambda view: Undeliverable("deleted") if view.purpose else None
        card = await bot.ask()
        await bot.until(lambda: bot.chat.told)
        [(text, place)] = bot.chat.told
        await bot.service.decide(Decision.APPROVE, card.jobs[0].id, card.card, BOSS, key=bot.new_key())
        await bot.ends(card)
    assert place.channel == f"@{ADA.person}"
    assert "Ask an admin to approve it under its card" in text


async def test_moderators_remove_a_result_and_block_and_unblock_its_maker(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        await bot.learn("/rules moderators c9|mods --role chat:home:mods|Mods", by=BOSS)
        await bot.learn(f"/report {job.id}", by=BOB)
        card = await reported(bot)
        for decision in (Decision.REMOVE, Decision.BLOCK, Decision.UNBLOCK):
            with pytest.raises(NotAllowed, match="Only admins and moderators"):
                await decide(bot, decision, card, BOB)
        assert "Removed" == (await decide(bot, Decision.REMOVE, card, MODERATOR)).title
        assert "Already removed" == (await decide(bot, Decision.REMOVE, card, BOSS)).title
        await bot.until(lambda: ["Block Ada"] == [one.label for one in reports(bot)[0].decisions])
        with pytest.raises(JobNotFound):
            await bot.learn(f"/show {job.id}", by=BOB)
        await decide(bot, Decision.BLOCK, card, MODERATOR)
        with pytest.raises(NotAllowed, match="has blocked you"):
            await bot.ask(by=ADA)
        await bot.until(lambda: ["Unblock Ada"] == [one.label for one in reports(bot)[0].decisions])
        await decide(bot, Decision.UNBLOCK, card, BOSS)
        assert await bot.ask(by=ADA)
        audit = await bot.rows("SELECT actor, action FROM audit ORDER BY id")
        assert [
            ("chat:home:boss", "rules moderators"),
            ("chat:home:eve", "remove result"),
            ("chat:home:eve", "block"),
            ("chat:home:boss", "unblock"),
        ] == [(row["actor"], row["action"]) for row in audit]
        # Its own card's message is removed; the report stays, and says what has become of it.
        assert 1 == len(bot.chat.removed)
        assert "Deleted" == reports(bot)[0].jobs[0].headline


async def test_what_cannot_be_reported_says_why(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/rules moderators c9|mods", by=BOSS)
        for said in ("/rules moderators", "/rules moderators c9|mods --off"):
            with pytest.raises(InvalidRequest, match="--off"):
                await bot.learn(said, by=BOSS)
        own = await bot.made(by=BOB, place=bot.place(BOB, private=True))
        with pytest.raises(JobNotFound):
            await bot.learn(f"/report {own.id}", by=ADA)
        job = await bot.made()
        await bot.learn("/rules moderators --off", by=BOSS)
        with pytest.raises(NotAllowed, match="Nobody receives reports"):
            await bot.learn(f"/report {job.id}", by=ADA)
        await bot.delete(job.id)
        with pytest.raises(JobNotFound):
            await bot.learn(f"/report {job.id}", by=ADA)


async def test_moderators_of_another_workspace_decide_nothing(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        await bot.learn("/rules moderators c9|mods", by=BOSS)
        await bot.learn(f"/report {job.id}", by=BOB)
        card = await reported(bot)
        away = replace(ADA, workspace="chat:away", member="chat:away:ada")
        stranger = replace(BOSS, workspace="chat:away", member="chat:away:boss")
        for decision in (Decision.REMOVE, Decision.BLOCK):
            with pytest.raises(JobNotFound):
                await decide(bot, decision, card, stranger)
        with pytest.raises(InvalidRequest, match="where it was made"):
            await bot.learn(f"/report {job.id}", by=away)
