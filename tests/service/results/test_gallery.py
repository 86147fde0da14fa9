"""Stars, the gallery's channel and list, and the consent of makers."""

from dataclasses import replace

import pytest

from bot.domain.cards.card import CardView
from bot.domain.cards.decisions import Decision, Purpose
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed
from bot.domain.identity import Caller
from bot.domain.jobs.actions import Action
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE, person

ELSEWHERE = person("eve", workspace="chat:elsewhere")


def shown_for(bot: Engine, purpose: Purpose) -> list[CardView]:
    """What the messages of this purpose show now; one that was removed shows nothing."""
    shown = [
        views[-1] for message, views in bot.chat.messages.items() if views and message not in bot.chat.removed
    ]
    return [view for view in shown if view.purpose is purpose]


async def all_shown(bot: Engine) -> bool:
    return not await bot.rows("SELECT id FROM card WHERE shown_rev < wanted_rev")


async def titles(bot: Engine, text: str = "/gallery", **more: object) -> list[str]:
    return [view.title for view in (await bot.learn(text, **more)).views]


async def test_each_result_with_a_star_is_posted_once_and_removed_with_the_last(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        with pytest.raises(NotAllowed):
            await bot.learn("/studio gallery c7|gallery", by=BOB)
        told = await bot.learn("/studio gallery c7|gallery", by=BOSS)
        assert ("Channel", "#gallery") in told.fields
        for who in (BOB, EVE):
            assert "Added to the gallery" == (await bot.press(Action.GALLERY, job.id, by=who)).title
        (post,) = await bot.until(lambda: shown_for(bot, Purpose.GALLERY))
        place = bot.chat.places[post.card]
        assert ("c7", job.workspace, False) == (place.channel, place.workspace, place.private)
        assert (job.title, "Ada", job.result) == (post.title, post.member_name, post.jobs[0].media)
        assert Action.VARIATION in post.jobs[0].actions
        assert [job.title] == await titles(bot)
        await bot.press(Action.GALLERY, job.id, by=BOB)
        assert [job.title] == await titles(bot)
        assert "Removed from the gallery" == (await bot.press(Action.GALLERY, job.id, by=EVE)).title
        await bot.until(lambda: not shown_for(bot, Purpose.GALLERY))
        assert "The gallery is empty" == (await bot.learn("/gallery")).title

        seen = len(bot.chat.of(post.card))
        await bot.press(Action.GALLERY, job.id, by=BOB)
        await bot.until(lambda: shown_for(bot, Purpose.GALLERY))
        await bot.until(lambda: all_shown(bot))
        assert seen == len(bot.chat.of(post.card)), "the first post stays removed"
        await bot.delete(job.id)
        await bot.until(lambda: not shown_for(bot, Purpose.GALLERY))


async def test_with_consent_the_maker_is_asked_in_direct_messages(any_engine: Open) -> None:
    async with any_engine() as bot:
        await bot.learn("/studio gallery c7|gallery --consent on", by=BOSS)
        job, other = await bot.made(), await bot.made()
        for one in (job, other):
            told = await bot.press(Action.GALLERY, one.id, by=BOB)
            assert "once Ada agrees" in told.text
        asked = await bot.until(
            lambda: len(shown_for(bot, Purpose.CONSENT)) == 2 and shown_for(bot, Purpose.CONSENT)
        )
        question = next(view for view in asked if view.jobs[0].id == job.id)
        place = bot.chat.places[question.card]
        assert (f"@{ADA.person}", True) == (place.channel, place.private)
        assert ["Show it in the gallery", "Keep it out"] == [one.label for one in question.decisions]
        assert ([], []) == (await titles(bot), shown_for(bot, Purpose.GALLERY))

        async def decide(decision: Decision, of: str, by: Caller = ADA) -> str:
            answer = await bot.service.decide(decision, of, question.card, by, key=bot.new_key())
            return answer.title

        with pytest.raises(JobNotFound):
            await decide(Decision.SHARE, job.id, BOB)
        assert "Added to the gallery" == await decide(Decision.SHARE, job.id)
        assert "Kept out of the gallery" == await decide(Decision.WITHHOLD, other.id)
        (post,) = await bot.until(lambda: shown_for(bot, Purpose.GALLERY))
        assert job.id == post.jobs[0].id
        await bot.until(lambda: not any(view.decisions for view in shown_for(bot, Purpose.CONSENT)))
        assert "does not want" in (await bot.press(Action.GALLERY, other.id, by=EVE)).text
        assert 1 == len(await titles(bot))
        # The maker's own star is consent.
        await bot.press(Action.GALLERY, other.id, by=ADA)
        assert 2 == len(await titles(bot))


async def test_private_results_and_direct_messages_are_in_no_gallery(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/studio gallery c7|gallery", by=BOSS)
        secret = await bot.ends(await bot.ask("/imagine a secret", place=bot.place(private=True)))
        direct = person("ada", workspace="chat:@dm")
        quiet = await bot.ends(
            await bot.ask("/imagine a whisper", by=direct, place=bot.place(direct, direct=True, private=True))
        )
        for job, who in ((secret, ADA), (quiet, direct)):
            told = await bot.press(Action.GALLERY, job.id, by=who)
            assert ("Starred", True) == (told.title, "in no gallery" in told.text)
        assert [] == await titles(bot)
        with pytest.raises(InvalidRequest, match="no shared gallery"):
            await bot.learn("/gallery", by=direct)
        assert {"a secret", "a whisper"} == set(await titles(bot, "/history --starred"))
        assert [] == shown_for(bot, Purpose.GALLERY)


async def test_a_gallery_belongs_to_its_workspace_and_its_pages_too(engine: Open) -> None:
    async with engine() as bot:
        for number in range(3):
            job = await bot.made(f"/imagine fox {number}")
            await bot.press(Action.GALLERY, job.id, by=BOB)
        first = await bot.learn("/gallery 2 fox", by=EVE)
        assert ["fox 2", "fox 1"] == [view.title for view in first.views]
        (older,) = first.pages
        last = await bot.service.turn_page(older.page, bot.invocation(EVE))
        assert (["fox 0"], ["◀ Newer"]) == (
            [view.title for view in last.views],
            [one.label for one in last.pages],
        )
        # What a button says gives no rights.
        assert () == (await bot.service.turn_page(older.page, bot.invocation(ELSEWHERE))).views
        assert () == (await bot.learn("/gallery", by=ELSEWHERE)).views


async def test_an_age_gate_hides_the_gallery_where_minors_may_look(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/studio gallery c7|gallery", by=BOSS)
        adults = bot.place(BOSS, age_restricted=True)
        await bot.learn("/rules age channels", by=BOSS, place=adults)
        job = await bot.ends(await bot.ask(place=replace(adults, channel="c8")))
        await bot.press(Action.GALLERY, job.id)
        (post,) = await bot.until(lambda: shown_for(bot, Purpose.GALLERY))
        assert post.jobs[0].spoiler
        (view,) = (await bot.learn("/gallery", place=replace(adults, age_restricted=False))).views
        assert view.jobs[0].spoiler
        (view,) = (await bot.learn("/gallery", place=adults)).views
        assert not view.jobs[0].spoiler


async def test_a_blocked_member_adds_nothing_to_a_gallery_from_anywhere(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/studio gallery c7|gallery", by=BOSS)
        job = await bot.made()
        await bot.press(Action.GALLERY, job.id)
        await bot.press(Action.GALLERY, job.id, by=BOB)
        await bot.learn("/rules block ada", by=BOSS)
        again = await bot.made(by=BOB)
        for one, who in ((again, ADA), (job, person("ada", workspace="chat:elsewhere"))):
            with pytest.raises(NotAllowed, match="blocked you"):
                await bot.press(Action.GALLERY, one.id, by=who)
        # What they gave before can still be taken back.
        await bot.service.unreact("⭐", job.id, bot.invocation())
        assert [{"member": BOB.member}] == await bot.rows("SELECT member FROM star")
