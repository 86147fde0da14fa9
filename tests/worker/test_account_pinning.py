"""A video can be continued only by the account that generated it."""

from collections.abc import Sequence

import pytest

from bot.domain.errors import AccountProblem, InvalidRequest
from bot.domain.jobs import Job, State
from bot.domain.requests import VideoRequest
from bot.settings import Timing
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.house import House

FILM = "/animate a fox that runs"
#: without the account `two`
FIRST_ALONE = ("prepare", "submit one", "watch", "deliver", "check")
SECOND_ALONE = ("prepare", "submit two", "watch", "deliver", "check")


def two_accounts(clock: Clock) -> Sequence[FakeProvider]:
    return [FakeProvider(clock, account=name) for name in ("one", "two")]


def videos_of(provider: FakeProvider) -> list[str]:
    return [request.prompt for request, _, _ in provider.creates if isinstance(request, VideoRequest)]


async def made_by(house: House, account: str) -> Job:
    job = await house.made(FILM)
    assert account == job.account
    return job


async def test_an_extension_goes_to_the_account_that_made_the_video(any_house: Open) -> None:
    clock = Clock()
    async with any_house(clock=clock, providers=two_accounts(clock), start=SECOND_ALONE) as home:
        source = await made_by(home, "two")
        home.start()

        for number in range(6):
            job = await home.made(f"/extend {source.id} leap {number}")
            assert "two" == job.account

        one, two = home.providers
        assert [] == videos_of(one)
        assert [f"leap {number}" for number in range(6)] == videos_of(two)[1:]


async def test_it_waits_for_its_account_while_another_is_free(any_house: Open) -> None:
    clock = Clock()
    async with any_house(clock=clock, providers=two_accounts(clock), start=SECOND_ALONE) as home:
        source = await made_by(home, "two")
        broken = AccountProblem("no credit left")
        home.provider_of("two").check_error = broken
        home.provider_of("two").steps.append(broken)
        pinned = await home.ask(f"/extend {source.id} a leap")
        home.start()

        seen = await home.shown(pinned, lambda view: "its video" in view.jobs[0].headline)
        assert "only the account that made its video can extend it" in seen.jobs[0].headline
        assert "the operator has been told" in seen.jobs[0].headline
        assert "one" == (await home.made(FILM)).account
        assert State.QUEUED is (await home.job(pinned)).state

        home.provider_of("two").check_error = None
        job = await home.ends(pinned)
        assert (State.COMPLETED, "two") == (job.state, job.account)


async def test_videos_of_two_accounts_cannot_be_joined(any_house: Open) -> None:
    clock = Clock()
    async with any_house(clock=clock, providers=two_accounts(clock), start=FIRST_ALONE) as home:
        first = await made_by(home, "one")
    async with any_house(
        clock=clock, providers=two_accounts(clock), start=SECOND_ALONE, owner="later"
    ) as home:
        second = await made_by(home, "two")
        before = await home.money()
        with pytest.raises(InvalidRequest, match="made by different accounts"):
            await home.say(f"/extend {first.id} --to {second.id}")
        assert before == await home.money()


async def test_a_video_whose_account_is_gone_cannot_be_gone_on_from(any_house: Open) -> None:
    clock = Clock()
    one, two = two_accounts(clock)
    async with any_house(clock=clock, providers=[one, two], start=SECOND_ALONE) as home:
        source = await made_by(home, "two")
    # On PostgreSQL another worker might have had the key until then.
    clock.wall_ahead += Timing().account_lost + 1
    async with any_house(clock=clock, providers=[one], owner="later") as home:
        before = await home.money()
        with pytest.raises(InvalidRequest, match="The account that made this video is no longer in use"):
            await home.say(f"/extend {source.id} a leap")
        assert before == await home.money()
        await home.made(f"/reframe 1:1 {source.id}")


async def test_an_account_that_goes_while_a_job_waits_for_it_ends_in_a_refund(any_house: Open) -> None:
    clock = Clock()
    one, two = two_accounts(clock)
    async with any_house(clock=clock, providers=[one, two], start=SECOND_ALONE) as home:
        source = await made_by(home, "two")
    async with any_house(clock=clock, providers=[one, two], start=("prepare",), owner="later") as home:
        card = await home.ask(f"/extend {source.id} a leap")
        await home.comes_to(card, State.QUEUED)
    async with any_house(clock=clock, providers=[one], owner="last") as home:
        home.advance(home.services.times.queue_deadline + 1)
        assert State.FAILED is (await home.ends(card)).state
        sums = "SELECT max(used) AS used, max(reserved) AS reserved FROM meter"
        assert [{"used": source.price, "reserved": 0}] == await home.rows(sums)


async def test_what_only_shows_a_frame_of_it_goes_to_any_account(house: Open) -> None:
    """A picture is a URL, which every account can read."""
    clock = Clock()
    async with house(clock=clock, providers=two_accounts(clock), start=SECOND_ALONE) as home:
        source = await made_by(home, "two")
    providers = two_accounts(clock)
    async with house(clock=clock, providers=providers, start=FIRST_ALONE, owner="later") as home:
        assert "one" == (await home.made(f"/reframe 9:16 {source.id}")).account
