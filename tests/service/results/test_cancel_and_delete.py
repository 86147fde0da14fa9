"""Cancelling queued jobs, deleting finished ones, and stars."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import InvalidRequest, JobNotFound, NotYours
from bot.domain.identity import Caller
from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import Job, State
from bot.providers.base import GenerationState
from bot.service.replies import PrivateReply
from bot.store.queue.jobs import find_job
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider, held, lost_on_the_way
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOSS, EVE, person


async def preparing(engine: Engine) -> str:
    source = await engine.ends(await engine.ask())
    return f"/reframe 1:1 {source.id}"


async def test_a_queued_job_is_taken_back_and_its_money_is_free_again(engine: Open) -> None:
    async with engine(start=("deliver",)) as bot:
        card = await bot.ask()

        note = await bot.learn(f"/cancel {card.jobs[0].id}")

        assert "Not charged" in note.text
        assert State.CANCELLED is (await bot.job(card)).state
        assert (0, 0) == await bot.money()
        seen = await bot.shown(card, lambda view: view.settled)
        assert "not charged" in seen.jobs[0].headline
        bot.start()
        await bot.looks()
        assert [] == bot.provider.creates


async def test_a_preparing_job_is_taken_back(engine: Open) -> None:
    async with engine(start=("submit", "watch", "deliver")) as bot:
        card = await bot.ask(await preparing(bot))
        assert State.PREPARING is (await bot.job(card)).state
        used, _ = await bot.money()

        await bot.learn(f"/cancel {card.jobs[0].id}")

        assert State.CANCELLED is (await bot.job(card)).state
        assert (used, 0) == await bot.money()


async def test_taking_back_twice_is_no_mistake(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        await bot.learn(f"/cancel {card.jobs[0].id}")

        note = await bot.learn(f"/cancel {card.jobs[0].id}")

        assert "Nothing was charged" in note.text
        assert (0, 0) == await bot.money()


async def test_what_is_being_submitted_is_already_running(engine: Open) -> None:
    async with engine() as bot:
        step = held()
        bot.provider.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        with pytest.raises(InvalidRequest, match="already running"):
            await bot.say(f"/cancel {card.jobs[0].id}")
        step.open()
        await bot.ends(card)


async def test_what_runs_or_may_run_is_already_running(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        runs = await bot.ask()
        await bot.comes_to(runs, State.SUBMITTED)
        bot.provider.steps.append(lost_on_the_way())
        unknown = await bot.ask()
        await bot.comes_to(unknown, State.UNKNOWN)
        for card in (runs, unknown):
            with pytest.raises(InvalidRequest, match="already running"):
                await bot.say(f"/cancel {card.jobs[0].id}")


async def test_what_has_ended_cannot_be_taken_back(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        await bot.ends(card)
        with pytest.raises(InvalidRequest, match="already ended"):
            await bot.say(f"/cancel {card.jobs[0].id}")


async def test_a_stranger_takes_no_job_back(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        with pytest.raises(NotYours, match="belongs to Ada"):
            await bot.say(f"/cancel {card.jobs[0].id}", by=EVE)
        assert State.QUEUED is (await bot.job(card)).state


async def test_all_jobs_of_a_card_that_still_wait_are_taken_back_together(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        card = await bot.ask("/imagine a red fox --count 3")
        await bot.learn(f"/cancel {card.jobs[1].id}")
        with pytest.raises(NotYours):
            await bot.say(f"/cancel {card.jobs[0].id} --all", by=EVE)
        note = await bot.learn(f"/cancel {card.jobs[1].id} --all")
        assert note.text.startswith("2 of 3 cancelled. Not charged: $")
        assert {State.CANCELLED} == {job.state for job in await bot.jobs(card)}
        assert (0, 0) == await bot.money()
        again = await bot.learn(f"/cancel {card.jobs[0].id} --all")
        assert again.title == "Already cancelled"


async def _submitted(engine: Engine, card: CardView) -> Job | None:
    return next((job for job in await engine.jobs(card) if job.state is State.SUBMITTED), None)


async def test_what_runs_already_is_not_cancelled_with_the_others(engine: Open) -> None:
    clock = Clock()
    async with engine(clock=clock, providers=[FakeProvider(clock, concurrent=1)]) as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask("/imagine a red fox --count 2")
        runs = await bot.until(lambda: _submitted(bot, card))
        assert (await bot.learn(f"/cancel {runs.id} --all")).text.startswith("1 of 2 cancelled")
        with pytest.raises(InvalidRequest, match="already running"):
            await bot.learn(f"/cancel {runs.id} --all")


async def test_an_admin_takes_a_public_job_back_which_the_audit_records(engine: Open) -> None:
    async with engine(start=None) as bot:
        card, hidden = await bot.ask(), await bot.ask("/imagine a red fox --private")
        await bot.learn(f"/cancel {card.jobs[0].id}", by=BOSS)
        assert State.CANCELLED is (await bot.job(card)).state
        with pytest.raises(JobNotFound):
            await bot.learn(f"/cancel {hidden.jobs[0].id}", by=BOSS)
        await bot.learn(f"/cancel {hidden.jobs[0].id}")
        assert (0, 0) == await bot.money()
        (audit,) = await bot.rows("SELECT action, subject, actor FROM audit")
        assert ["cancel", card.jobs[0].id, BOSS.member] == list(audit.values())


@pytest.mark.parametrize("who", [ADA, BOSS])
async def test_owner_and_admin_delete_a_job_here_and_at_the_provider(any_engine: Open, who: Caller) -> None:
    async with any_engine() as bot:
        card = await bot.ask()
        job = await bot.ends(card)
        assert job.result is not None
        await bot.shown(card, lambda view: view.settled)

        await bot.delete(job.id, by=who)

        await bot.until(lambda: bot.provider.deleted and bot.chat.removed)
        assert [job.remote_id] == bot.provider.deleted
        assert not await bot.services.storage.exists(job.result.file)
        with pytest.raises(JobNotFound):
            await bot.say(f"/show {job.id}")
        assert "Nothing yet" == (await bot.learn("/history")).title
        assert (job.price, 0) == await bot.money()


@pytest.mark.parametrize(
    ("keeps", "asked_of", "told"),
    [
        ("", "for good, here and at the provider.", "deleted here and at the provider."),
        ("it keeps the video", "for good here; it keeps the video.", "deleted here; it keeps the video."),
    ],
)
async def test_what_a_provider_keeps_is_told_before_and_after(
    engine: Open, keeps: str, asked_of: str, told: str
) -> None:
    provider = FakeProvider(Clock())
    provider.capabilities = replace(provider.capabilities, keeps=keeps)
    async with engine(providers=[provider]) as bot:
        job = await bot.made()
        asked = await bot.learn(f"/delete {job.id}")
        assert asked.text.endswith(asked_of)
        assert (await bot.answer(asked, "Delete")).text.endswith(told)


async def test_what_was_deleted_is_no_loss_of_the_operators(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        job = await bot.ends(await bot.ask())
        await bot.delete(job.id)
        await bot.until(lambda: bot.provider.deleted)
        assert [] == (await http.get("/readyz")).json()["remarks"]


async def test_a_stranger_deletes_nothing(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.ends(await bot.ask())
        with pytest.raises(NotYours):
            await bot.say(f"/delete {job.id}", by=EVE)
        with pytest.raises(NotYours):
            await bot.press(Action.DELETE, job.id, by=EVE)
        boss_elsewhere = person("boss", workspace="chat:elsewhere", admin=True)
        with pytest.raises(JobNotFound):
            await bot.say(f"/delete {job.id}", by=boss_elsewhere)
        assert 1 == len((await bot.learn("/history")).views)


async def test_an_unfinished_job_is_not_deleted(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        with pytest.raises(InvalidRequest, match="/cancel cancels a queued one"):
            await bot.say(f"/delete {card.jobs[0].id}")


async def test_a_picture_that_two_jobs_share_stays_until_both_are_deleted(engine: Open) -> None:
    async with engine() as bot:
        bot.library.content = lambda _: b"\x89PNG\r\n\x1a\nthe same fox"
        first, second = [await bot.ends(await bot.ask()) for _ in range(2)]
        assert first.result is not None
        assert first.result == second.result

        await bot.delete(first.id)
        assert await bot.services.storage.exists(first.result.file)
        await bot.delete(second.id)
        assert not await bot.services.storage.exists(first.result.file)


async def test_a_star_is_given_and_taken_once_for_each_event(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        job = await bot.ends(card)
        for _ in range(3):
            await bot.press(Action.GALLERY, job.id, by=EVE, key="one")
        assert 1 == (await bot.shown(card, lambda view: view.jobs[0].stars == 1)).jobs[0].stars

        await bot.press(Action.GALLERY, job.id, by=ADA, key="two")
        await bot.shown(card, lambda view: view.jobs[0].stars == 2)
        note = await bot.press(Action.GALLERY, job.id, by=EVE, key="three")
        assert "Removed from the gallery" == note.title
        await bot.press(Action.GALLERY, job.id, by=EVE, key="three")
        await bot.shown(card, lambda view: view.jobs[0].stars == 1)


async def test_a_failed_job_can_be_asked_again_but_has_no_variation(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = GenerationState.FAILED
        card = await bot.ask()
        job = await bot.ends(card)
        with pytest.raises(InvalidRequest, match="cannot be used on this job"):
            await bot.press(Action.VARIATION, job.id)
        bot.provider.born = GenerationState.COMPLETED

        again = await bot.press(Action.AGAIN, job.id)

        assert State.COMPLETED is (await bot.ends(again.view)).state
        assert bot.provider.creates[0][0] == bot.provider.creates[1][0]


async def test_deleting_asks_first_by_command_button_and_reaction(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made("/imagine a red fox")
        reacted = await bot.service.react("❌", job.id, bot.invocation(key="reacted"))
        for asked in (
            await bot.learn(f"/delete {job.id}"),
            await bot.press(Action.DELETE, job.id),
            reacted,
        ):
            assert isinstance(asked, PrivateReply)
            assert f"#{short_id(job.id)} · a red fox" in asked.text
            assert job.result == asked.media
            assert [("Keep", False), ("Delete", True)] == [(one.label, one.confirms) for one in asked.choices]
            kept = await bot.answer(asked, "Keep")
            assert ("Kept", ()) == (kept.title, kept.choices)
        found = await find_job(bot.services.database, job.id)
        assert found is not None
        assert not found.deleted


async def test_confirming_twice_deletes_once(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        asked = await bot.learn(f"/delete {job.id}")
        assert "Deleted" == (await bot.answer(asked, "Delete")).title
        assert "Already deleted" == (await bot.answer(asked, "Delete")).title
        await bot.until(lambda: bot.provider.deleted)
        assert [job.remote_id] == bot.provider.deleted
        with pytest.raises(JobNotFound):
            await bot.say(f"/delete {job.id}")


async def test_confirming_at_once_from_two_places_deletes_once(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        asked = await bot.learn(f"/delete {job.id}")
        answers = await asyncio.gather(*(bot.answer(asked, "Delete") for _ in range(3)))
        assert {"Deleted", "Already deleted"} >= {one.title for one in answers}
        await bot.until(lambda: bot.provider.deleted)
        assert [job.remote_id] == bot.provider.deleted


async def test_a_question_is_answered_only_in_time_and_by_whoever_may(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        asked = await bot.learn(f"/delete {job.id}")
        with pytest.raises(NotYours):
            await bot.answer(asked, "Delete", by=EVE)
        bot.advance(bot.services.times.confirmation + 1)
        with pytest.raises(InvalidRequest, match="has expired"):
            await bot.answer(asked, "Delete")
        for question in ("", "nonsense", "z" * 24):
            with pytest.raises(InvalidRequest, match="has expired"):
                await bot.service.answer_confirmation(job.id, ADA, question=question, confirmed=True)
        assert [] == bot.provider.deleted
        assert 1 == len((await bot.learn("/history")).views)


async def test_an_operator_confirms_in_direct_messages_what_they_were_asked(engine: Open) -> None:
    async with engine(operators=(EVE.person,)) as bot:
        job, private = await bot.made(), await bot.made("/imagine a fox --private")
        asked = await bot.learn(f"/delete {job.id}", by=EVE)
        directly = person("eve", workspace="chat:@dm")

        note = await bot.answer(asked, "Delete", by=directly)

        assert "Deleted" == note.title
        with pytest.raises(JobNotFound):
            await bot.say(f"/delete {private.id}", by=directly)
