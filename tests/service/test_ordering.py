"""Accepting: refused privately with nothing reserved, or stored at once and charged once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.actions import Action
from bot.domain.commands import Imagine
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, QuotaExhausted, Refused, Rejected
from bot.domain.identity import Caller
from bot.domain.jobs import State
from bot.domain.models import ImageModel
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.house import ADA, BOB, BOSS, EVE, WORKSPACE, House, person

PRICE = 17_223  # photon-1 at 16:9: 2048 × 1152 pixels at $0.0073 a megapixel


@asynccontextmanager
async def refused(house: House, error: type[Refused], text: str) -> AsyncIterator[None]:
    """Nothing is written, reserved or shown by what is refused."""
    counts = "SELECT (SELECT count(*) FROM job) AS jobs, (SELECT count(*) FROM card) AS cards"
    reserved = "SELECT coalesce(sum(reserved), 0) AS money FROM meter"
    before = await house.rows(counts), await house.rows(reserved)
    with pytest.raises(error, match=text):
        yield
    assert before == (await house.rows(counts), await house.rows(reserved))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/imagine ab", "Prompt is too short, minimum length is 3 characters"),
        (f"/imagine {'x' * 5001}", "5000|5,000"),
        ("/imagine", "Prompt is required"),
        ("/imagine a fox --model photon-9", "photon-1"),
    ],
)
async def test_what_cannot_be_generated_is_refused(house: Open, text: str, told: str) -> None:
    async with house(start=None) as home, refused(home, InvalidRequest, told):
        await home.say(text)


async def test_a_prompt_that_is_too_long_is_refused_however_it_came_in(house: Open) -> None:
    async with house(start=None) as home, refused(home, InvalidRequest, "too long"):
        await home.service.execute(Imagine.model_construct(prompt="x" * 5001), home.invocation())


async def test_a_model_that_no_account_has_is_refused(house: Open) -> None:
    provider = FakeProvider(Clock())
    photon = [one for one in provider.capabilities.offers if one.model is ImageModel.PHOTON_1]
    provider.capabilities = replace(provider.capabilities, offers=tuple(photon))
    async with (
        house(start=None, providers=[provider]) as home,
        refused(home, InvalidRequest, "photon-flash-1 is not available"),
    ):
        await home.say("/imagine a fox --model photon-flash-1")


async def test_a_private_job_of_another_is_no_source_and_looks_like_none(house: Open) -> None:
    async with house() as home:
        secret = await home.ask("/imagine a surprise --private")
        job = await home.ends(secret)
        for command in (f"/reframe 1:1 {job.id}", "/reframe 1:1 000000000000000000000000"):
            async with refused(home, JobNotFound, "There is no such job"):
                await home.say(command, by=EVE)
        async with refused(home, JobNotFound, "There is no such job"):
            await home.press(Action.VARIATION, job.id, by=EVE)


async def test_an_unfinished_job_is_no_source(house: Open) -> None:
    async with house(start=None) as home:
        card = await home.ask()
        async with refused(home, InvalidRequest, "has not finished yet"):
            await home.say(f"/reframe 1:1 {card.jobs[0].id}")
        async with refused(home, InvalidRequest, "has not finished yet"):
            await home.press(Action.VARIATION, card.jobs[0].id)


async def test_a_failed_job_is_no_source(house: Open) -> None:
    async with house() as home:
        home.provider.steps.append(Rejected("no"))
        card = await home.ask()
        await home.comes_to(card, State.FAILED)
        async with refused(home, InvalidRequest, "has no result"):
            await home.say(f"/reframe 1:1 {card.jobs[0].id}")


async def test_without_a_finished_picture_a_bare_reframe_says_what_to_do(house: Open) -> None:
    async with house(start=None) as home, refused(home, InvalidRequest, "Make one with /imagine, or name"):
        await home.say("/reframe 1:1")


async def test_an_empty_quota_refuses_and_tells_what_is_left(any_house: Open) -> None:
    async with any_house(start=None, default_allowance="0.02") as home:
        await home.ask()
        async with refused(
            home, QuotaExhausted, r"you have \$0\.00 of \$0\.020 left .* It resets Wed 11 Mar 2026, 00:00 UTC"
        ):
            await home.say("/imagine one more fox")
        assert (0, PRICE) == await home.money()


async def test_a_workspace_without_a_ceiling_is_told_to_ask_the_operator(house: Open) -> None:
    async with (
        house(start=None, default_ceiling=0) as home,
        refused(home, QuotaExhausted, "Ask the operator"),
    ):
        await home.say("/imagine a fox")


async def test_a_paused_workspace_refuses_with_the_reason_until_it_goes_on(house: Open) -> None:
    async with house(start=None) as home:
        await home.say("/studio pause out of money", by=BOSS)
        async with refused(home, NotAllowed, "paused here by an admin: out of money"):
            await home.say("/imagine a fox")
        await home.say("/studio resume", by=BOSS)
        await home.ask()


@pytest.mark.parametrize("subject", [WORKSPACE, ADA.member, ADA.person])
async def test_who_is_blocked_is_refused_until_the_block_ends(house: Open, subject: str) -> None:
    async with house(start=None) as home:
        await home.operator.workspaces_block(subject=subject, blocked=True)
        async with refused(home, NotAllowed, "blocked by the operator"):
            await home.say("/imagine a fox")
        await home.operator.workspaces_block(subject=subject, blocked=False)
        await home.ask()


async def test_a_block_of_one_leaves_the_others_alone(house: Open) -> None:
    async with house(start=None) as home:
        await home.operator.workspaces_block(subject=ADA.person, blocked=True)
        await home.ask(by=BOB)
        async with refused(home, NotAllowed, "blocked"):
            await home.say("/imagine a fox", by=person("ada", workspace="chat:elsewhere"))


async def test_too_many_waiting_jobs_of_a_member_are_refused(house: Open) -> None:
    async with house(start=None, waiting_per_member=2) as home:
        for _ in range(2):
            await home.ask()
        async with refused(home, QuotaExhausted, "2 jobs waiting"):
            await home.say("/imagine a fox")
        await home.ask(by=BOB)


async def test_too_many_waiting_jobs_of_a_workspace_are_refused(house: Open) -> None:
    async with house(start=None, waiting_per_workspace=2) as home:
        for _ in range(2):
            await home.ask()
        async with refused(home, QuotaExhausted, "2 jobs are waiting in this workspace"):
            await home.say("/imagine a fox", by=BOB)
        await home.ask(by=person("ada", workspace="chat:elsewhere"))


async def test_who_writes_too_fast_is_told_when_to_go_on(house: Open) -> None:
    async with house(start=None, commands_burst=3, commands_per_minute=20) as home:
        for _ in range(3):
            await home.say("/quota")
        async with refused(home, QuotaExhausted, "Try again in 3 s"):
            await home.say("/imagine a fox")
        await home.ask(by=BOB)
        home.clock.monotonic_ahead += 3_000
        await home.ask()


async def test_of_many_at_once_only_those_within_the_quota_are_taken(any_house: Open) -> None:
    async with any_house(start=None, default_allowance="0.10") as home:
        answers = await _at_once(20, lambda: home.say("/imagine a red fox"))

        assert 5 == sum(isinstance(answer, CardReply) for answer in answers)
        assert 15 == sum(isinstance(answer, QuotaExhausted) for answer in answers)
        assert (0, 5 * PRICE) == await home.money()


async def test_the_same_event_again_answers_the_same_card_and_reserves_once(house: Open) -> None:
    async with house(start=None) as home:
        first = await home.say("/imagine a red fox", key="one")
        again = await home.say("/imagine a red fox", key="one")

        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (False, True) == (first.repeated, again.repeated)
        assert [job.id for job in first.view.jobs] == [job.id for job in again.view.jobs]
        assert first.view.card == again.view.card
        assert (0, PRICE) == await home.money()


async def test_the_same_event_twenty_times_at_once_makes_one_job(any_house: Open) -> None:
    async with any_house() as home:
        answers = await _at_once(20, lambda: home.say("/imagine a red fox", key="one"))

        assert [False] + 19 * [True] == sorted(answer.repeated for answer in answers)
        assert 1 == len({answer.view.card for answer in answers})
        job = await home.ends(answers[0].view)
        assert (job.price, 0) == await home.money()
        assert 1 == len(home.provider.creates)


async def test_a_repeated_event_finds_its_card_even_when_nothing_is_left_to_spend(house: Open) -> None:
    async with house(start=None, default_allowance="0.02") as home:
        first = await home.say("/imagine a red fox", key="one")
        again = await home.say("/imagine a red fox", key="one")

        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert first.view.card == again.view.card


async def test_who_presses_pays(house: Open) -> None:
    async with house() as home:
        job = await home.ends(await home.ask())
        again = await home.press(Action.AGAIN, job.id, by=BOB)
        await home.ends(again.view)

        assert (PRICE, 0) == await home.money(ADA)
        assert (PRICE, 0) == await home.money(BOB)


async def _at_once(many: int, ask: Callable[[], Awaitable[object]]) -> list[Any]:
    return list(await asyncio.gather(*(ask() for _ in range(many)), return_exceptions=True))


async def test_a_quote_refuses_what_the_command_would_refuse(any_house: Open) -> None:
    guest = replace(EVE, is_guest=True)
    async with any_house(start=None, waiting_per_member=2) as home:
        await home.ask("/imagine one", by=BOB)
        await home.learn("/quotas set --amount 0.02 --member bob", by=BOSS)
        for _ in range(2):
            await home.ask("/imagine one of two")
        await home.operator.workspaces_block(subject=person("mallory").member, blocked=True)
        mallory = person("mallory")
        cases = [
            (BOB, "/imagine two"),
            (ADA, "/imagine three"),
            (guest, "/imagine one"),
            (mallory, "/imagine"),
        ]
        for by, text in cases:
            await refused_alike(home, f"{text} fox", by)
        await home.learn("/studio pause", by=BOSS)
        await refused_alike(home, "/imagine a fox", EVE)


async def refused_alike(home: House, text: str, by: Caller) -> None:
    with pytest.raises(Refused) as quoted:
        await home.quote(text, by=by)
    with pytest.raises(Refused) as given:
        await home.say(text, by=by)
    assert (type(given.value), str(given.value)) == (type(quoted.value), str(quoted.value))
