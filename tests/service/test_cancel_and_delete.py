"""Cancelling queued jobs, deleting finished ones, and stars."""

import asyncio

import pytest

from bot.domain.actions import Action
from bot.domain.errors import InvalidRequest, JobNotFound, NotYours
from bot.domain.identity import Caller
from bot.domain.ids import short_id
from bot.domain.jobs import State
from bot.providers.base import GenerationState
from bot.service.replies import PrivateReply
from bot.store.jobs import find_job
from tests.engine.conftest import Open
from tests.engine.fakes import held, lost_on_the_way
from tests.engine.house import ADA, BOSS, EVE, House, person


async def preparing(house: House) -> str:
    source = await house.ends(await house.ask())
    return f"/reframe 1:1 {source.id}"


async def test_a_queued_job_is_taken_back_and_its_money_is_free_again(any_house: Open) -> None:
    async with any_house(start=("deliver",)) as home:
        card = await home.ask()

        note = await home.learn(f"/cancel {card.jobs[0].id}")

        assert "Not charged" in note.text
        assert State.CANCELLED is (await home.job(card)).state
        assert (0, 0) == await home.money()
        seen = await home.shown(card, lambda view: view.settled)
        assert "not charged" in seen.jobs[0].headline
        home.start()
        await home.looks()
        assert [] == home.provider.creates


async def test_a_preparing_job_is_taken_back(house: Open) -> None:
    async with house(start=("submit", "watch", "deliver")) as home:
        card = await home.ask(await preparing(home))
        assert State.PREPARING is (await home.job(card)).state
        used, _ = await home.money()

        await home.learn(f"/cancel {card.jobs[0].id}")

        assert State.CANCELLED is (await home.job(card)).state
        assert (used, 0) == await home.money()


async def test_taking_back_twice_is_no_mistake(house: Open) -> None:
    async with house(start=None) as home:
        card = await home.ask()
        await home.learn(f"/cancel {card.jobs[0].id}")

        note = await home.learn(f"/cancel {card.jobs[0].id}")

        assert "Nothing was charged" in note.text
        assert (0, 0) == await home.money()


async def test_what_is_being_submitted_is_already_running(house: Open) -> None:
    async with house() as home:
        step = held()
        home.provider.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        with pytest.raises(InvalidRequest, match="already running"):
            await home.say(f"/cancel {card.jobs[0].id}")
        step.open()
        await home.ends(card)


async def test_what_runs_or_may_run_is_already_running(house: Open) -> None:
    async with house() as home:
        home.provider.born = GenerationState.DREAMING
        runs = await home.ask()
        await home.comes_to(runs, State.SUBMITTED)
        home.provider.steps.append(lost_on_the_way())
        unknown = await home.ask()
        await home.comes_to(unknown, State.UNKNOWN)
        for card in (runs, unknown):
            with pytest.raises(InvalidRequest, match="already running"):
                await home.say(f"/cancel {card.jobs[0].id}")


async def test_what_has_ended_cannot_be_taken_back(house: Open) -> None:
    async with house() as home:
        card = await home.ask()
        await home.ends(card)
        with pytest.raises(InvalidRequest, match="already ended"):
            await home.say(f"/cancel {card.jobs[0].id}")


@pytest.mark.parametrize("who", [EVE, BOSS])
async def test_only_its_owner_takes_a_job_back(house: Open, who: Caller) -> None:
    async with house(start=None) as home:
        card = await home.ask()
        with pytest.raises(NotYours, match="belongs to Ada"):
            await home.say(f"/cancel {card.jobs[0].id}", by=who)
        assert State.QUEUED is (await home.job(card)).state


@pytest.mark.parametrize("who", [ADA, BOSS])
async def test_owner_and_admin_delete_a_job_here_and_at_the_provider(any_house: Open, who: Caller) -> None:
    async with any_house() as home:
        card = await home.ask()
        job = await home.ends(card)
        assert job.result is not None
        await home.shown(card, lambda view: view.settled)

        await home.delete(job.id, by=who)

        await home.until(lambda: home.provider.deleted and home.chat.removed)
        assert [job.remote_id] == home.provider.deleted
        assert not await home.services.storage.exists(job.result.file)
        with pytest.raises(JobNotFound):
            await home.say(f"/show {job.id}")
        assert "Nothing yet" == (await home.learn("/history")).title
        assert (job.price, 0) == await home.money()


async def test_what_was_deleted_is_no_loss_of_the_operators(house: Open) -> None:
    async with house() as home, home.http() as http:
        job = await home.ends(await home.ask())
        await home.delete(job.id)
        await home.until(lambda: home.provider.deleted)
        assert [] == (await http.get("/readyz")).json()["remarks"]


async def test_a_stranger_deletes_nothing(house: Open) -> None:
    async with house() as home:
        job = await home.ends(await home.ask())
        with pytest.raises(NotYours):
            await home.say(f"/delete {job.id}", by=EVE)
        with pytest.raises(NotYours):
            await home.press(Action.DELETE, job.id, by=EVE)
        boss_elsewhere = person("boss", workspace="chat:elsewhere", admin=True)
        with pytest.raises(JobNotFound):
            await home.say(f"/delete {job.id}", by=boss_elsewhere)
        assert 1 == len((await home.learn("/history")).views)


async def test_an_unfinished_job_is_not_deleted(house: Open) -> None:
    async with house(start=None) as home:
        card = await home.ask()
        with pytest.raises(InvalidRequest, match="/cancel cancels a queued one"):
            await home.say(f"/delete {card.jobs[0].id}")


async def test_a_picture_that_two_jobs_share_stays_until_both_are_deleted(house: Open) -> None:
    async with house() as home:
        home.library.content = lambda _: b"\x89PNG\r\n\x1a\nthe same fox"
        first, second = [await home.ends(await home.ask()) for _ in range(2)]
        assert first.result is not None
        assert first.result == second.result

        await home.delete(first.id)
        assert await home.services.storage.exists(first.result.file)
        await home.delete(second.id)
        assert not await home.services.storage.exists(first.result.file)


async def test_a_star_is_given_and_taken_once_for_each_event(house: Open) -> None:
    async with house() as home:
        card = await home.ask()
        job = await home.ends(card)
        for _ in range(3):
            await home.press(Action.GALLERY, job.id, by=EVE, key="one")
        assert 1 == (await home.shown(card, lambda view: view.jobs[0].stars == 1)).jobs[0].stars

        await home.press(Action.GALLERY, job.id, by=ADA, key="two")
        await home.shown(card, lambda view: view.jobs[0].stars == 2)
        note = await home.press(Action.GALLERY, job.id, by=EVE, key="three")
        assert "Removed from the gallery" == note.title
        await home.press(Action.GALLERY, job.id, by=EVE, key="three")
        await home.shown(card, lambda view: view.jobs[0].stars == 1)


async def test_a_failed_job_can_be_asked_again_but_has_no_variation(house: Open) -> None:
    async with house() as home:
        home.provider.born = GenerationState.FAILED
        card = await home.ask()
        job = await home.ends(card)
        with pytest.raises(InvalidRequest, match="cannot be used on this job"):
            await home.press(Action.VARIATION, job.id)
        home.provider.born = GenerationState.COMPLETED

        again = await home.press(Action.AGAIN, job.id)

        assert State.COMPLETED is (await home.ends(again.view)).state
        assert home.provider.creates[0][0] == home.provider.creates[1][0]


async def test_deleting_asks_first_by_command_button_and_reaction(any_house: Open) -> None:
    async with any_house() as home:
        job = await home.made("/imagine a red fox")
        reacted = await home.service.react("❌", job.id, home.invocation(key="reacted"))
        for asked in (
            await home.learn(f"/delete {job.id}"),
            await home.press(Action.DELETE, job.id),
            reacted,
        ):
            assert isinstance(asked, PrivateReply)
            assert f"#{short_id(job.id)} · a red fox" in asked.text
            assert job.result == asked.media
            assert [("Keep", False), ("Delete", True)] == [(one.label, one.confirms) for one in asked.choices]
            kept = await home.answer(asked, "Keep")
            assert ("Kept", ()) == (kept.title, kept.choices)
        found = await find_job(home.services.database, job.id)
        assert found is not None
        assert not found.deleted


async def test_confirming_twice_deletes_once(any_house: Open) -> None:
    async with any_house() as home:
        job = await home.made()
        asked = await home.learn(f"/delete {job.id}")
        assert "Deleted" == (await home.answer(asked, "Delete")).title
        assert "Already deleted" == (await home.answer(asked, "Delete")).title
        await home.until(lambda: home.provider.deleted)
        assert [job.remote_id] == home.provider.deleted
        with pytest.raises(JobNotFound):
            await home.say(f"/delete {job.id}")


async def test_confirming_at_once_from_two_places_deletes_once(house: Open) -> None:
    async with house() as home:
        job = await home.made()
        asked = await home.learn(f"/delete {job.id}")
        answers = await asyncio.gather(*(home.answer(asked, "Delete") for _ in range(3)))
        assert {"Deleted", "Already deleted"} >= {one.title for one in answers}
        await home.until(lambda: home.provider.deleted)
        assert [job.remote_id] == home.provider.deleted


async def test_a_question_is_answered_only_in_time_and_by_whoever_may(house: Open) -> None:
    async with house() as home:
        job = await home.made()
        asked = await home.learn(f"/delete {job.id}")
        with pytest.raises(NotYours):
            await home.answer(asked, "Delete", by=EVE)
        home.advance(home.services.times.confirmation + 1)
        with pytest.raises(InvalidRequest, match="has expired"):
            await home.answer(asked, "Delete")
        for question in ("", "nonsense", "z" * 24):
            with pytest.raises(InvalidRequest, match="has expired"):
                await home.service.answer_confirmation(job.id, ADA, question=question, confirmed=True)
        assert [] == home.provider.deleted
        assert 1 == len((await home.learn("/history")).views)


async def test_an_operator_confirms_in_direct_messages_what_they_were_asked(house: Open) -> None:
    async with house(operators=(EVE.person,)) as home:
        job, private = await home.made(), await home.made("/imagine a fox --private")
        asked = await home.learn(f"/delete {job.id}", by=EVE)
        directly = person("eve", workspace="chat:@dm")

        note = await home.answer(asked, "Delete", by=directly)

        assert "Deleted" == note.title
        with pytest.raises(JobNotFound):
            await home.say(f"/delete {private.id}", by=directly)
