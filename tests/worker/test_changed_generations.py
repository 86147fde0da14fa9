"""Changes of a video that the provider answers with the generation that they change, or with a new one."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.cards import CardView
from bot.domain.errors import InvalidRequest, OutcomeUnknown
from bot.domain.failures import FailureCategory
from bot.domain.jobs import Job, State
from bot.providers.base import Generation
from bot.settings import Timing
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider, Step, held, lost, lost_on_the_way
from tests.engine.house import House

FILM = "/animate a fox that runs"
CHANGES = ["/upscale {} 4k", "/audio {} rain"]
#: how long a lost create may take to show up
GRACE = 60_001


async def source_of_changes(home: House) -> tuple[Job, Generation]:
    """Have a video made by a provider that answers changes with the same generation."""
    source = await home.made(FILM)
    home.provider.keeps_id = True
    assert source.remote_id is not None
    return source, home.provider.generations[source.remote_id]


async def begun(home: House, text: str, before: Generation, step: Step) -> tuple[CardView, Generation]:
    """Have a change accepted whose generation still shows what it was; answers what it will show."""
    home.provider.steps.append(step)
    card = await home.ask(text)
    await step.begun.wait()
    after = home.provider.generations[before.id]
    home.provider.generations[before.id] = before
    step.open()
    return card, after


async def echo(home: House) -> None:
    """Have the provider's list show one of our tokens, so that absence can be proven."""
    await home.looks()
    await home.until(lambda: home.rows("SELECT 1 FROM account WHERE echoed_at IS NOT NULL"))


@pytest.mark.parametrize("text", CHANGES)
async def test_one_generation_belongs_to_a_video_and_to_its_change(any_house: Open, text: str) -> None:
    async with any_house() as home:
        source, before = await source_of_changes(home)
        job = await home.made(text.format(source.id))

        assert before.id == source.remote_id == job.remote_id == job.edited_generation
        assert job.result is not None
        assert source.result is not None
        assert source.result.file != job.result.file
        assert {} == await home.orphans()
        assert (source.price + job.price, 0) == await home.money()


async def test_a_change_has_ended_once_its_file_is_another_one(any_house: Open) -> None:
    """The generation says completed all the time, as it did before."""
    async with any_house() as home:
        source, before = await source_of_changes(home)
        card, after = await begun(home, f"/audio {source.id}", before, held())
        fetched = home.library.fetched.count(str(before.asset_url))
        await home.until(lambda: home.library.fetched.count(str(before.asset_url)) > fetched + 1)
        assert State.SUBMITTED is (await home.job(card)).state
        assert source.price == (await home.money())[0]

        home.provider.generations[before.id] = after

        job = await home.ends(card)
        assert State.COMPLETED is job.state
        assert job.result != source.result


async def test_a_change_that_never_comes_is_refunded_and_the_video_stays(any_house: Open) -> None:
    async with any_house() as home:
        source, before = await source_of_changes(home)
        card, _ = await begun(home, f"/audio {source.id}", before, held())
        await home.comes_to(card, State.SUBMITTED)
        home.advance(home.services.times.generation_deadline + 1)

        job = await home.ends(card)
        assert (State.FAILED, (source.price, 0)) == (job.state, await home.money())
        assert job.failure is not None
        assert FailureCategory.TIMEOUT is job.failure.category
        assert {} == await home.orphans()
        assert before.id in home.provider.generations
        home.provider.keeps_id = False
        await home.made(f"/extend {source.id}")


async def test_two_changes_of_one_video_follow_each_other(any_house: Open) -> None:
    async with any_house() as home:
        source, before = await source_of_changes(home)
        first, after = await begun(home, f"/upscale {source.id} 4k", before, held())
        second = await home.ask(f"/audio {source.id}")
        await home.until(lambda: _waits(home, second))
        assert 2 == len(home.provider.creates)

        home.provider.generations[before.id] = after
        larger = await home.ends(first)
        home.advance(home.services.times.cool_down + 1)
        heard = await home.ends(second)

        assert (State.COMPLETED, State.COMPLETED) == (larger.state, heard.state)
        assert before.id == larger.remote_id == heard.remote_id
        assert 3 == len({source.result, larger.result, heard.result})


async def _waits(home: House, card: CardView) -> bool:
    return "other_change_first" in await home.causes(card)


@pytest.mark.parametrize("keeps_id", [False, True])
async def test_a_change_whose_answer_was_lost_is_found_by_its_token(any_house: Open, keeps_id: bool) -> None:
    async with any_house() as home:
        source, before = await source_of_changes(home)
        home.provider.keeps_id = keeps_id
        home.provider.steps.append(lost())
        card = await home.ask(f"/upscale {source.id}")

        job = await home.ends(card)

        assert (State.COMPLETED, 1) == (job.state, job.attempt)
        assert keeps_id is (job.remote_id == before.id)
        assert "adopted" in await home.causes(card)
        assert 2 == len(home.provider.creates)
        assert {} == await home.orphans()


async def test_a_callback_finds_a_change_whose_echo_is_still_that_of_the_create(house: Open) -> None:
    async with house() as home, home.http() as http:
        source, before = await source_of_changes(home)
        home.provider.list_error = OutcomeUnknown("503")
        home.provider.steps.append(lost())
        card = await home.ask(f"/upscale {source.id}")
        await home.comes_to(card, State.UNKNOWN)
        _, _, url = home.provider.creates[-1]
        after = home.provider.generations[before.id]
        home.provider.generations[before.id] = replace(after, callback_url=before.callback_url)

        await http.post(str(url), json={"id": before.id, "state": "completed"})

        job = await home.ends(card)
        assert (State.COMPLETED, before.id) == (job.state, job.remote_id)


async def test_a_lost_change_is_never_asked_for_twice(any_house: Open) -> None:
    """That the list does not show it proves nothing, for the same generation may have been changed."""
    async with any_house() as home:
        source, _ = await source_of_changes(home)
        await echo(home)
        home.provider.steps.append(lost_on_the_way())
        card = await home.ask(f"/upscale {source.id}")
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)

        job = await home.ends(card)
        assert (State.FAILED, 1) == (job.state, job.attempt)
        assert job.failure is not None
        assert FailureCategory.LOST_ANSWER is job.failure.category
        assert 2 == len(home.provider.creates)
        assert (source.price, 0) == await home.money()


async def test_a_change_that_turns_up_after_its_refund_leaves_the_video_alone(house: Open) -> None:
    async with house() as home:
        source, before = await source_of_changes(home)
        home.provider.steps.append(lost())
        home.provider.hidden.add(before.id)
        card = await home.ask(f"/upscale {source.id}")
        await home.comes_to(card, State.UNKNOWN)
        home.advance(GRACE)
        assert State.FAILED is (await home.ends(card)).state

        home.provider.hidden.clear()
        await home.looks()

        assert {} == await home.orphans()
        assert [] == home.provider.deleted


@pytest.mark.parametrize("first", [0, 1])
async def test_a_shared_generation_is_deleted_with_the_last_of_its_jobs(any_house: Open, first: int) -> None:
    async with any_house() as home:
        source, before = await source_of_changes(home)
        job = await home.made(f"/upscale {source.id}")
        jobs: Sequence[Job] = (source, job)
        await home.delete(jobs[first].id)
        assert {} == await home.orphans()
        await home.delete(jobs[1 - first].id)
        assert {before.id: "deleted"} == await home.orphans()
        await home.until(lambda: [before.id] == home.provider.deleted)


@pytest.mark.parametrize("text", CHANGES)
async def test_a_video_whose_account_is_gone_is_not_changed_and_nothing_is_charged(
    any_house: Open, text: str
) -> None:
    clock = Clock()
    one, two = (FakeProvider(clock, account=name) for name in ("one", "two"))
    async with any_house(
        clock=clock, providers=[one, two], start=("prepare", "submit two", "watch", "deliver")
    ) as home:
        source = await home.made(FILM)
    clock.wall_ahead += Timing().account_lost + 1
    async with any_house(clock=clock, providers=[one], owner="later") as home:
        before = await home.money()
        with pytest.raises(InvalidRequest, match=r"no longer in use, and no other can build on it\. Make"):
            await home.say(text.format(source.id))
        assert before == await home.money()


async def test_a_change_goes_to_the_account_that_made_the_video(house: Open) -> None:
    clock = Clock()
    providers = [FakeProvider(clock, account=name) for name in ("one", "two")]
    async with house(
        clock=clock, providers=providers, start=("prepare", "submit two", "watch", "deliver")
    ) as home:
        source = await home.made(FILM)
        home.start()
        for number in range(4):
            assert "two" == (await home.made(f"/upscale {source.id}", key=f"again-{number}")).account
