"""Accepting: refused privately with nothing reserved, or stored at once and charged once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.commands import Imagine
from bot.domain.errors import (
    InvalidRequest,
    JobNotFound,
    NotAllowed,
    NotEnoughLeft,
    QuotaExhausted,
    Refused,
    Rejected,
)
from bot.domain.generations.models import ImageModel
from bot.domain.identity import Caller
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE, WORKSPACE, person

PRICE = 17_223  # photon-1 at 16:9: 2048 × 1152 pixels at $0.0073 a megapixel


@asynccontextmanager
async def refused(engine: Engine, error: type[Refused], text: str) -> AsyncIterator[None]:
    """Nothing is written, reserved or shown by what is refused."""
    counts = "SELECT (SELECT count(*) FROM job) AS jobs, (SELECT count(*) FROM card) AS cards"
    reserved = "SELECT coalesce(sum(reserved), 0) AS money FROM meter"
    before = await engine.rows(counts), await engine.rows(reserved)
    with pytest.raises(error, match=text):
        yield
    assert before == (await engine.rows(counts), await engine.rows(reserved))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/imagine ab", "Prompt is too short, minimum length is 3 characters"),
        (f"/imagine {'x' * 5001}", "5000|5,000"),
        ("/imagine", "Prompt is required"),
        ("/imagine a fox --model photon-9", "photon-1"),
    ],
)
async def test_what_cannot_be_generated_is_refused(engine: Open, text: str, told: str) -> None:
    async with engine(start=None) as bot, refused(bot, InvalidRequest, told):
        await bot.say(text)


async def test_a_prompt_that_is_too_long_is_refused_however_it_came_in(engine: Open) -> None:
    async with engine(start=None) as bot, refused(bot, InvalidRequest, "too long"):
        await bot.service.execute(Imagine.model_construct(prompt="x" * 5001), bot.invocation())


async def test_a_model_that_no_account_has_is_refused(engine: Open) -> None:
    provider = FakeProvider(Clock())
    photon = [one for one in provider.capabilities.offers if one.model is ImageModel.PHOTON_1]
    provider.capabilities = replace(provider.capabilities, offers=tuple(photon))
    async with (
        engine(start=None, providers=[provider]) as bot,
        refused(bot, InvalidRequest, "photon-flash-1 is not available"),
    ):
        await bot.say("/imagine a fox --model photon-flash-1")


async def test_a_private_job_of_another_is_no_source_and_looks_like_none(engine: Open) -> None:
    async with engine() as bot:
        secret = await bot.ask("/imagine a surprise --private")
        job = await bot.ends(secret)
        for command in (f"/reframe 1:1 {job.id}", "/reframe 1:1 000000000000000000000000"):
            async with refused(bot, JobNotFound, "There is no such job"):
                await bot.say(command, by=EVE)
        async with refused(bot, JobNotFound, "There is no such job"):
            await bot.press(Action.VARIATION, job.id, by=EVE)


async def test_an_unfinished_job_is_no_source(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        async with refused(bot, InvalidRequest, "has not finished yet"):
            await bot.say(f"/reframe 1:1 {card.jobs[0].id}")
        async with refused(bot, InvalidRequest, "has not finished yet"):
            await bot.press(Action.VARIATION, card.jobs[0].id)


async def test_a_failed_job_is_no_source(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.steps.append(Rejected("no"))
        card = await bot.ask()
        await bot.comes_to(card, State.FAILED)
        async with refused(bot, InvalidRequest, "has no result"):
            await bot.say(f"/reframe 1:1 {card.jobs[0].id}")


async def test_without_a_finished_picture_a_bare_reframe_says_what_to_do(engine: Open) -> None:
    async with engine(start=None) as bot, refused(bot, InvalidRequest, "Make one with /imagine, or name"):
        await bot.say("/reframe 1:1")


async def test_an_empty_quota_refuses_and_tells_what_is_left(engine: Open) -> None:
    async with engine(start=None, default_allowance="0.02") as bot:
        await bot.ask()
        async with refused(
            bot, QuotaExhausted, r"you have \$0\.00 of \$0\.020 left .* It resets Wed 11 Mar 2026, 00:00 UTC"
        ):
            await bot.say("/imagine one more fox")
        assert (0, PRICE) == await bot.money()


async def test_a_workspace_without_a_ceiling_is_told_to_ask_the_operator(engine: Open) -> None:
    async with (
        engine(start=None, default_ceiling=0) as bot,
        refused(bot, QuotaExhausted, "Ask the operator"),
    ):
        await bot.say("/imagine a fox")


async def test_a_paused_workspace_refuses_with_the_reason_until_it_goes_on(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.say("/studio pause out of money", by=BOSS)
        async with refused(bot, NotAllowed, "paused here by an admin: out of money"):
            await bot.say("/imagine a fox")
        await bot.say("/studio resume", by=BOSS)
        await bot.ask()


@pytest.mark.parametrize("subject", [WORKSPACE, ADA.member, ADA.person])
async def test_who_is_blocked_is_refused_until_the_block_ends(engine: Open, subject: str) -> None:
    async with engine(start=None) as bot:
        await bot.operator.workspaces_block(subject=subject, blocked=True)
        async with refused(bot, NotAllowed, "blocked by the operator"):
            await bot.say("/imagine a fox")
        await bot.operator.workspaces_block(subject=subject, blocked=False)
        await bot.ask()


async def test_a_block_of_one_leaves_the_others_alone(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.operator.workspaces_block(subject=ADA.person, blocked=True)
        await bot.ask(by=BOB)
        async with refused(bot, NotAllowed, "blocked"):
            await bot.say("/imagine a fox", by=person("ada", workspace="chat:elsewhere"))


async def test_too_many_waiting_jobs_of_a_member_are_refused(engine: Open) -> None:
    async with engine(start=None, waiting_per_member=2) as bot:
        for _ in range(2):
            await bot.ask()
        async with refused(bot, QuotaExhausted, "2 jobs waiting"):
            await bot.say("/imagine a fox")
        await bot.ask(by=BOB)


async def test_too_many_waiting_jobs_of_a_workspace_are_refused(engine: Open) -> None:
    async with engine(start=None, waiting_per_workspace=2) as bot:
        for _ in range(2):
            await bot.ask()
        async with refused(bot, QuotaExhausted, "2 jobs are waiting in this workspace"):
            await bot.say("/imagine a fox", by=BOB)
        await bot.ask(by=person("ada", workspace="chat:elsewhere"))


async def test_who_writes_too_fast_is_told_when_to_go_on(engine: Open) -> None:
    async with engine(start=None, commands_burst=3, commands_per_minute=20) as bot:
        for _ in range(3):
            await bot.say("/quota")
        async with refused(bot, QuotaExhausted, "Try again in 3 s"):
            await bot.say("/imagine a fox")
        await bot.ask(by=BOB)
        bot.clock.monotonic_ahead += 3_000
        await bot.ask()


async def test_of_many_at_once_only_those_within_the_quota_are_taken(any_engine: Open) -> None:
    async with any_engine(start=None, default_allowance="0.10") as bot:
        answers = await _at_once(20, lambda: bot.say("/imagine a red fox"))

        assert 5 == sum(isinstance(answer, CardReply) for answer in answers)
        assert 15 == sum(isinstance(answer, QuotaExhausted) for answer in answers)
        assert (0, 5 * PRICE) == await bot.money()


async def test_the_same_event_again_answers_the_same_card_and_reserves_once(engine: Open) -> None:
    async with engine(start=None) as bot:
        first = await bot.say("/imagine a red fox", key="one")
        again = await bot.say("/imagine a red fox", key="one")

        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (False, True) == (first.repeated, again.repeated)
        assert [job.id for job in first.view.jobs] == [job.id for job in again.view.jobs]
        assert first.view.card == again.view.card
        assert (0, PRICE) == await bot.money()


async def test_the_same_event_twenty_times_at_once_makes_one_job(any_engine: Open) -> None:
    async with any_engine() as bot:
        answers = await _at_once(20, lambda: bot.say("/imagine a red fox", key="one"))

        assert [False] + 19 * [True] == sorted(answer.repeated for answer in answers)
        assert 1 == len({answer.view.card for answer in answers})
        job = await bot.ends(answers[0].view)
        assert (job.price, 0) == await bot.money()
        assert 1 == len(bot.provider.creates)


async def test_a_repeated_event_finds_its_card_even_when_nothing_is_left_to_spend(engine: Open) -> None:
    async with engine(start=None, default_allowance="0.02") as bot:
        first = await bot.say("/imagine a red fox", key="one")
        again = await bot.say("/imagine a red fox", key="one")

        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert first.view.card == again.view.card


async def test_who_presses_pays(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.ends(await bot.ask())
        again = await bot.press(Action.AGAIN, job.id, by=BOB)
        await bot.ends(again.view)

        assert (PRICE, 0) == await bot.money(ADA)
        assert (PRICE, 0) == await bot.money(BOB)


async def _at_once(many: int, ask: Callable[[], Awaitable[object]]) -> list[Any]:
    return list(await asyncio.gather(*(ask() for _ in range(many)), return_exceptions=True))


async def test_a_quote_refuses_what_the_command_would_refuse(engine: Open) -> None:
    async with engine(start=None, waiting_per_member=2) as bot:
        for _ in range(2):
            await bot.ask("/imagine one of two")
        await bot.operator.workspaces_block(subject=person("mallory").member, blocked=True)
        mallory = person("mallory")
        cases = [
            (ADA, "/imagine three"),
            (mallory, "/imagine"),
        ]
        for by, text in cases:
            await refused_alike(bot, f"{text} fox", by)
        await bot.learn("/studio pause", by=BOSS)
        await refused_alike(bot, "/imagine a fox", EVE)


async def test_a_price_that_does_not_fit_is_told_with_what_is_left(engine: Open) -> None:
    async with engine(start=None, default_allowance="0.05") as bot:
        quote = await bot.quote("/imagine a fox --count 4")
        assert "4 × ≈$0.018 = ≈$0.072" == quote.price.text
        with pytest.raises(NotEnoughLeft) as refused:
            await bot.ask("/imagine a fox --count 4")
        assert str(refused.value) == quote.shortage
        assert not (await bot.quote("/imagine a fox --count 2")).shortage
        assert "a video of 5 s ray-flash-2 $0.25 (⚠️ more than is left)" in (await bot.learn("/quota")).text


async def refused_alike(bot: Engine, text: str, by: Caller) -> None:
    with pytest.raises(Refused) as quoted:
        await bot.quote(text, by=by)
    with pytest.raises(Refused) as given:
        await bot.say(text, by=by)
    assert (type(given.value), str(given.value)) == (type(quoted.value), str(quoted.value))
