"""A video can be continued only by the account that generated it."""

from collections.abc import Sequence

import pytest

from bot.domain.errors import AccountProblem, InvalidRequest
from bot.domain.generations.requests import VideoRequest
from bot.domain.jobs.job import Job, State
from bot.timing import Timing
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine

FILM = "/animate a fox that runs"
#: without the account `two`
FIRST_ALONE = ("prepare", "submit one", "watch", "deliver", "check")
SECOND_ALONE = ("prepare", "submit two", "watch", "deliver", "check")


def two_accounts(clock: Clock) -> Sequence[FakeProvider]:
    return [FakeProvider(clock, account=name) for name in ("one", "two")]


def videos_of(provider: FakeProvider) -> list[str]:
    return [request.prompt for request, _, _ in provider.creates if isinstance(request, VideoRequest)]


async def made_by(engine: Engine, account: str) -> Job:
    job = await engine.made(FILM)
    assert account == job.account
    return job


async def test_an_extension_goes_to_the_account_that_made_the_video(engine: Open) -> None:
    clock = Clock()
    async with engine(clock=clock, providers=two_accounts(clock), start=SECOND_ALONE) as bot:
        source = await made_by(bot, "two")
        bot.start()

        for number in range(6):
            job = await bot.made(f"/extend {source.id} leap {number}")
            assert "two" == job.account

        one, two = bot.providers
        assert [] == videos_of(one)
        assert [f"leap {number}" for number in range(6)] == videos_of(two)[1:]


async def test_it_waits_for_its_account_while_another_is_free(engine: Open) -> None:
    clock = Clock()
    async with engine(clock=clock, providers=two_accounts(clock), start=SECOND_ALONE) as bot:
        source = await made_by(bot, "two")
        broken = AccountProblem("no credit left")
        bot.provider_of("two").check_error = broken
        bot.provider_of("two").steps.append(broken)
        pinned = await bot.ask(f"/extend {source.id} a leap")
        bot.start()

        seen = await bot.shown(pinned, lambda view: "its video" in view.jobs[0].headline)
        assert "only the account that made its video can build on it" in seen.jobs[0].headline
        assert "the operator has been told" in seen.jobs[0].headline
        assert "one" == (await bot.made(FILM)).account
        assert State.QUEUED is (await bot.job(pinned)).state

        bot.provider_of("two").check_error = None
        job = await bot.ends(pinned)
        assert (State.COMPLETED, "two") == (job.state, job.account)


async def test_videos_of_two_accounts_cannot_be_joined(engine: Open) -> None:
    clock = Clock()
    async with engine(clock=clock, providers=two_accounts(clock), start=FIRST_ALONE) as bot:
        first = await made_by(bot, "one")
    async with engine(clock=clock, providers=two_accounts(clock), start=SECOND_ALONE, owner="later") as bot:
        second = await made_by(bot, "two")
        before = await bot.money()
        with pytest.raises(InvalidRequest, match="made by different accounts"):
            await bot.say(f"/extend {first.id} --to {second.id}")
        assert before == await bot.money()


async def test_a_video_whose_account_is_gone_cannot_be_gone_on_from(engine: Open) -> None:
    clock = Clock()
    one, two = two_accounts(clock)
    async with engine(clock=clock, providers=[one, two], start=SECOND_ALONE) as bot:
        source = await made_by(bot, "two")
    # On PostgreSQL another worker might have had the key until then.
    clock.wall_ahead += Timing().account_lost + 1
    async with engine(clock=clock, providers=[one], owner="later") as bot:
        before = await bot.money()
        with pytest.raises(InvalidRequest, match="The account that made this video is no longer in use"):
            await bot.say(f"/extend {source.id} a leap")
        assert before == await bot.money()
        await bot.made(f"/reframe 1:1 {source.id}")


async def test_an_account_that_goes_while_a_job_waits_for_it_ends_in_a_refund(engine: Open) -> None:
    clock = Clock()
    one, two = two_accounts(clock)
    async with engine(clock=clock, providers=[one, two], start=SECOND_ALONE) as bot:
        source = await made_by(bot, "two")
    async with engine(clock=clock, providers=[one, two], start=("prepare",), owner="later") as bot:
        card = await bot.ask(f"/extend {source.id} a leap")
        await bot.comes_to(card, State.QUEUED)
    async with engine(clock=clock, providers=[one], owner="last") as bot:
        bot.advance(bot.services.times.queue_deadline + 1)
        assert State.FAILED is (await bot.ends(card)).state
        sums = "SELECT max(used) AS used, max(reserved) AS reserved FROM meter"
        assert [{"used": source.price, "reserved": 0}] == await bot.rows(sums)


async def test_what_only_shows_a_frame_of_it_goes_to_any_account(engine: Open) -> None:
    """A picture is a URL, which every account can read."""
    clock = Clock()
    async with engine(clock=clock, providers=two_accounts(clock), start=SECOND_ALONE) as bot:
        source = await made_by(bot, "two")
    providers = two_accounts(clock)
    async with engine(clock=clock, providers=providers, start=FIRST_ALONE, owner="later") as bot:
        assert "one" == (await bot.made(f"/reframe 9:16 {source.id}")).account
