"""Changes of a video that the provider answers with the generation that they change, or with a new one."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import InvalidRequest, OutcomeUnknown
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import Job, State
from bot.providers.base import Generation
from bot.timing import Timing
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider, Step, held, lost, lost_on_the_way
from tests.engine.harness import Engine

FILM = "/animate a fox that runs"
CHANGES = ["/upscale {} 4k", "/audio {} rain"]
#: how long a lost create may take to show up
GRACE = 60_001


async def source_of_changes(bot: Engine) -> tuple[Job, Generation]:
    """Have a video made by a provider that answers changes with the same generation."""
    source = await bot.made(FILM)
    bot.provider.keeps_id = True
    assert source.remote_id is not None
    return source, bot.provider.generations[source.remote_id]


async def begun(bot: Engine, text: str, before: Generation, step: Step) -> tuple[CardView, Generation]:
    """Have a change accepted whose generation still shows what it was; answers what it will show."""
    bot.provider.steps.append(step)
    card = await bot.ask(text)
    await step.begun.wait()
    after = bot.provider.generations[before.id]
    bot.provider.generations[before.id] = before
    step.open()
    return card, after


async def echo(bot: Engine) -> None:
    """Have the provider's list show one of our tokens, so that absence can be proven."""
    await bot.looks()
    await bot.until(lambda: bot.rows("SELECT 1 FROM account WHERE echoed_at IS NOT NULL"))


@pytest.mark.parametrize("text", CHANGES)
async def test_one_generation_belongs_to_a_video_and_to_its_change(engine: Open, text: str) -> None:
    async with engine() as bot:
        source, before = await source_of_changes(bot)
        job = await bot.made(text.format(source.id))

        assert before.id == source.remote_id == job.remote_id == job.edited_generation
        assert job.result is not None
        assert source.result is not None
        assert source.result.file != job.result.file
        assert {} == await bot.orphans()
        assert (source.price + job.price, 0) == await bot.money()


async def test_a_change_has_ended_once_its_file_is_another_one(engine: Open) -> None:
    """The generation says completed all the time, as it did before."""
    async with engine() as bot:
        source, before = await source_of_changes(bot)
        card, after = await begun(bot, f"/audio {source.id}", before, held())
        fetched = bot.library.fetched.count(str(before.asset_url))
        await bot.until(lambda: bot.library.fetched.count(str(before.asset_url)) > fetched + 1)
        assert State.SUBMITTED is (await bot.job(card)).state
        assert source.price == (await bot.money())[0]

        bot.provider.generations[before.id] = after

        job = await bot.ends(card)
        assert State.COMPLETED is job.state
        assert job.result != source.result


async def test_a_change_that_never_comes_is_refunded_and_the_video_stays(any_engine: Open) -> None:
    async with any_engine() as bot:
        source, before = await source_of_changes(bot)
        card, _ = await begun(bot, f"/audio {source.id}", before, held())
        await bot.comes_to(card, State.SUBMITTED)
        bot.advance(bot.services.times.generation_deadline + 1)

        job = await bot.ends(card)
        assert (State.FAILED, (source.price, 0)) == (job.state, await bot.money())
        assert job.failure is not None
        assert FailureCategory.TIMEOUT is job.failure.category
        assert {} == await bot.orphans()
        assert before.id in bot.provider.generations
        bot.provider.keeps_id = False
        await bot.made(f"/extend {source.id}")


async def test_two_changes_of_one_video_follow_each_other(any_engine: Open) -> None:
    """Also if both are queued when a slot is free, and without a claim in vain."""
    async with any_engine(start=("prepare", "watch", "deliver")) as bot:
        bot.start("submit")
        source, before = await source_of_changes(bot)
        first, after = await begun(bot, f"/upscale {source.id} 4k", before, held())
        others = [await bot.ask(f"/audio {source.id}"), await bot.ask(f"/upscale {source.id} 4k")]
        for other in others:
            await bot.comes_to(other, State.QUEUED)
        # A video that nobody changes passes them.
        await bot.made(FILM)
        assert [State.QUEUED] * 2 == [(await bot.job(other)).state for other in others]

        bot.provider.generations[before.id] = after
        jobs = [await bot.ends(card) for card in (first, *others)]

        assert [(State.COMPLETED, 1, before.id)] * 3 == [
            (one.state, one.attempt, one.remote_id) for one in jobs
        ]
        assert 4 == len({source.result, *(one.result for one in jobs)})


@pytest.mark.parametrize("keeps_id", [False, True])
async def test_a_change_whose_answer_was_lost_is_found_by_its_token(engine: Open, keeps_id: bool) -> None:
    async with engine() as bot:
        source, before = await source_of_changes(bot)
        bot.provider.keeps_id = keeps_id
        bot.provider.steps.append(lost())
        card = await bot.ask(f"/upscale {source.id}")

        job = await bot.ends(card)

        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert keeps_id is (job.remote_id == before.id)
        assert "adopted" in await bot.causes(card)
        assert 2 == len(bot.provider.creates)
        assert {} == await bot.orphans()


async def test_a_callback_finds_a_change_whose_echo_is_still_that_of_the_create(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        source, before = await source_of_changes(bot)
        bot.provider.list_error = OutcomeUnknown("503")
        bot.provider.steps.append(lost())
        card = await bot.ask(f"/upscale {source.id}")
        await bot.comes_to(card, State.UNKNOWN)
        _, _, url = bot.provider.creates[-1]
        after = bot.provider.generations[before.id]
        bot.provider.generations[before.id] = replace(after, callback_url=before.callback_url)

        await http.post(str(url), json={"id": before.id, "state": "completed"})

        job = await bot.ends(card)
        assert (State.COMPLETED, before.id) == (job.state, job.remote_id)


async def test_a_lost_change_is_never_asked_for_twice(engine: Open) -> None:
    """That the list does not show it proves nothing, for the same generation may have been changed."""
    async with engine() as bot:
        source, _ = await source_of_changes(bot)
        await echo(bot)
        bot.provider.steps.append(lost_on_the_way())
        card = await bot.ask(f"/upscale {source.id}")
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)

        job = await bot.ends(card)
        assert (State.FAILED, 1) == (job.state, job.attempt)
        assert job.failure is not None
        assert FailureCategory.LOST_ANSWER is job.failure.category
        assert 2 == len(bot.provider.creates)
        assert (source.price, 0) == await bot.money()


async def test_a_change_that_turns_up_after_its_refund_leaves_the_video_alone(engine: Open) -> None:
    async with engine() as bot:
        source, before = await source_of_changes(bot)
        bot.provider.steps.append(lost())
        bot.provider.hidden.add(before.id)
        card = await bot.ask(f"/upscale {source.id}")
        await bot.comes_to(card, State.UNKNOWN)
        bot.advance(GRACE)
        assert State.FAILED is (await bot.ends(card)).state

        bot.provider.hidden.clear()
        await bot.looks()

        assert {} == await bot.orphans()
        assert [] == bot.provider.deleted


@pytest.mark.parametrize("first", [0, 1])
async def test_a_shared_generation_is_deleted_with_the_last_of_its_jobs(engine: Open, first: int) -> None:
    async with engine() as bot:
        source, before = await source_of_changes(bot)
        job = await bot.made(f"/upscale {source.id}")
        jobs: Sequence[Job] = (source, job)
        await bot.delete(jobs[first].id)
        assert {} == await bot.orphans()
        await bot.delete(jobs[1 - first].id)
        assert {before.id: "deleted"} == await bot.orphans()
        await bot.until(lambda: [before.id] == bot.provider.deleted)


@pytest.mark.parametrize("text", CHANGES)
async def test_a_video_whose_account_is_gone_is_not_changed_and_nothing_is_charged(
    engine: Open, text: str
) -> None:
    clock = Clock()
    one, two = (FakeProvider(clock, account=name) for name in ("one", "two"))
    async with engine(
        clock=clock, providers=[one, two], start=("prepare", "submit two", "watch", "deliver")
    ) as bot:
        source = await bot.made(FILM)
    clock.wall_ahead += Timing().account_lost + 1
    async with engine(clock=clock, providers=[one], owner="later") as bot:
        before = await bot.money()
        with pytest.raises(InvalidRequest, match=r"no longer in use, and no other can build on it\. Make"):
            await bot.say(text.format(source.id))
        assert before == await bot.money()


async def test_a_change_goes_to_the_account_that_made_the_video(engine: Open) -> None:
    clock = Clock()
    providers = [FakeProvider(clock, account=name) for name in ("one", "two")]
    async with engine(
        clock=clock, providers=providers, start=("prepare", "submit two", "watch", "deliver")
    ) as bot:
        source = await bot.made(FILM)
        bot.start()
        for number in range(4):
            assert "two" == (await bot.made(f"/upscale {source.id}", key=f"again-{number}")).account
