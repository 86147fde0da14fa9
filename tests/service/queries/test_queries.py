"""Queries of members, and what they may not see."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.domain.cards.card import JobPhase
from bot.domain.commands import Help
from bot.domain.errors import InvalidRequest, JobNotFound, Rejected
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.domain.money.pricing import Rates
from bot.domain.text import moment
from bot.providers.base import GenerationState
from bot.service.queries.command_help import show_help
from tests.engine.conftest import Open
from tests.engine.settings import ADA, BOB, BOSS, EVE, person


async def test_history_lists_ones_own_jobs_the_newest_first(engine: Open) -> None:
    async with engine() as bot:
        assert "/imagine" in (await bot.learn("/history")).text
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(3)]
        await bot.ask("/imagine the fox of another", by=BOB)
        for card in cards:
            await bot.ends(card)

        note = await bot.learn("/history 2")

        assert ["fox 2", "fox 1"] == [view.title for view in note.views]
        assert all(view.jobs[0].media for view in note.views)


async def test_history_follows_a_person_into_other_workspaces(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.ask()
        note = await bot.learn("/history", by=person("ada", workspace="chat:elsewhere"))
        assert ["a red fox"] == [view.title for view in note.views]


async def test_status_tells_place_and_state_of_what_has_not_ended(engine: Open) -> None:
    async with engine(start=None, simulator_speed=1) as bot:
        assert "Nothing is running" == (await bot.learn("/status")).title
        cards = [await bot.ask(f"/imagine fox {number}") for number in range(3)]
        note = await bot.learn("/status")
        assert [f"fox {number}" for number in range(3)] == [name for name, _ in note.fields]
        assert ["Place 1", "Place 2", "Place 3"] == [told[:7] for _, told in note.fields]

        bot.provider.born = GenerationState.DREAMING
        bot.start()
        for card in cards:
            await bot.comes_to(card, State.SUBMITTED)
        one = await bot.learn(f"/status {cards[0].jobs[0].id}")
        assert one.fields[0][1].startswith("Dreaming")


async def test_show_has_the_picture_and_its_buttons(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.ends(await bot.ask())
        (view,) = (await bot.learn(f"/show {job.id}", by=BOB)).views
        assert job.result == view.jobs[0].media
        assert Action.VARIATION in view.jobs[0].actions
        assert JobPhase.DONE is view.jobs[0].phase


async def test_show_tells_why_a_job_failed(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(Rejected("no"))
        job = await bot.ends(await bot.ask())
        (view,) = (await bot.learn(f"/show {job.id}")).views
        assert "not charged" in view.jobs[0].headline
        assert ("Price", "not charged") in view.jobs[0].fields


def midnight(year: int, month: int, day: int) -> int:
    """The beginning of a day in UTC, in milliseconds."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


async def test_quota_tells_what_is_left_reserved_and_used_and_when_it_resets(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.ask()
        told = await bot.learn("/quota")
        assert "The next picture costs photon-1 ≈$0.018, a video of 5 s ray-flash-2 $0.25." == told.text
        facts = dict(told.fields)
        assert "$24.98 left of $25.00 · $0.018 reserved · $0.00 used" in facts["You, today"]
        assert f"resets {moment(midnight(2026, 3, 11))}" in facts["You, today"]
        assert f"resets {moment(midnight(2026, 4, 1))}" in facts["Budget of this workspace, this month"]

        bot.start()
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE state = 'completed'"))
        facts = dict((await bot.learn("/quota")).fields)
        assert "$0.00 reserved · $0.018 used" in facts["You, today"]


async def test_help_shows_by_example_and_with_prices_what_the_asker_may_do(engine: Open) -> None:
    async with engine(start=None) as bot:
        note = await bot.learn("/help")
        assert "≈$0.018" in note.text
        assert "/modify costs ray-flash-2 ≈$0.61, ray-2 ≈$1.75" in note.text
        assert "/upscale costs ray-flash-2 ≈$0.25, ray-2 ≈$0.71. /audio costs ray-flash-2 ≈$0.25" in note.text
        examples = [example for example, _ in note.fields]
        assert any(example.startswith("/imagine") for example in examples)
        assert not any(example.startswith("/studio") for example in examples)
        admins = [example for example, _ in (await bot.learn("/help", by=BOSS)).fields]
        assert any(example.startswith("/studio") for example in admins)
        abouts = dict(note.fields)
        assert abouts["/modify make it a snowy night"].endswith(" · from ≈$0.005")
        assert len(note.commands) == len(note.fields)
        # An id is shown only where the asker has such a job.
        assert {"/show", "/cancel", "/delete"} <= set(abouts)
        job = (await bot.jobs(await bot.ask()))[0]
        examples = [example for example, _ in (await bot.learn("/help")).fields]
        assert {f"/show #{job.id[-6:]}", f"/cancel #{job.id[-6:]}", "/delete"} <= set(examples)


async def test_help_leaves_out_models_without_a_price(engine: Open) -> None:
    rates = Rates(dated=date(2026, 1, 1), image={"photon-1": 7_300}, modify={"ray-2": 15_820})
    async with engine(start=None) as bot:
        note = await show_help(replace(bot.services, rates=rates), Help(), ADA, bot.place())
        assert note.text == (
            "A picture costs photon-1 ≈$0.018. For such a video, /modify costs ray-2 ≈$1.75. "
            "A failed job is not charged."
        )


async def test_help_with_one_command_shows_its_options(engine: Open) -> None:
    async with engine(start=None) as bot:
        facts = dict((await bot.learn("/help imagine")).fields)
        assert "photon-flash-1" in facts["--model"]
        assert "uni-1" not in facts["--model"], "no provider makes it here"
        assert facts["--style"].endswith("(up to 3)")
        assert facts["/imagine a teddy bear with an electric guitar --ar 3:4"].endswith("from ≈$0.005")
        modes = dict((await bot.learn("/help modify")).fields)
        assert modes["reimagine_3"].startswith("Farthest from the source")
        with pytest.raises(InvalidRequest, match="There is no /nonsense"):
            await bot.say("/help nonsense")


async def test_a_private_job_looks_to_others_like_none_at_all(any_engine: Open) -> None:
    async with any_engine() as bot:
        card = await bot.ask("/imagine a surprise --private")
        job = await bot.ends(card)
        nothing = "000000000000000000000000"
        told = set()
        for command in ("/show", "/status", "/cancel", "/delete"):
            for identifier in (job.id, nothing):
                for by in (EVE, BOSS):
                    with pytest.raises(JobNotFound) as refusal:
                        await bot.say(f"{command} {identifier}", by=by)
                    told.add(str(refusal.value))
        for action in (Action.VARIATION, Action.GALLERY, Action.DELETE):
            with pytest.raises(JobNotFound) as refusal:
                await bot.press(action, job.id, by=EVE)
            told.add(str(refusal.value))
        assert 1 == len(told)
        assert await bot.service.get_card(card.card, EVE) is None
        assert await bot.service.get_card(card.card, ADA) is not None
        assert bot.chat.of(card.card)[-1].private


async def test_a_card_in_direct_messages_is_its_person_s_alone(engine: Open) -> None:
    """Everybody's direct messages are one workspace, and a card's id may be guessed or passed on."""
    ada, bob = (person(name, workspace="chat:@dm") for name in ("ada", "bob"))
    async with engine() as bot:
        card = await bot.ask(by=ada)
        assert await bot.service.get_card(card.card, bob) is None
        assert await bot.service.get_card(card.card, ada) is not None


async def test_a_job_of_another_workspace_is_not_there(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        job = await bot.ends(card)
        stranger = person("bob", workspace="chat:elsewhere")
        with pytest.raises(JobNotFound):
            await bot.say(f"/show {job.id}", by=stranger)
        assert await bot.service.get_card(card.card, stranger) is None


async def test_what_is_typed_is_completed_with_ones_own_jobs(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        await bot.ask("/imagine the fox of another", by=BOB)
        found = await bot.service.autocomplete_line("/show ", bot.invocation())
        assert [f"/show {card.jobs[0].id}"] == [one.text.strip() for one in found]


async def test_a_suggested_name_of_two_words_is_one_value(engine: Open) -> None:
    async with engine() as bot:
        lovelace = replace(person("lovelace"), name="Ada Lovelace")
        await bot.ask(by=lovelace)

        (suggestion,) = await bot.service.autocomplete_line("/quotas show --member ada", bot.invocation(BOSS))

        assert "Quota of Ada Lovelace" == (await bot.learn(suggestion.text, by=BOSS)).title
