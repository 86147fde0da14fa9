"""Preparing: what a job builds on is looked at before it waits in line."""

from bot.domain.cards import CardView
from bot.domain.errors import RateLimited
from bot.domain.failures import FailureCategory
from bot.domain.jobs import Job, State
from bot.domain.requests import Lane, ReframeImageRequest
from bot.engine.preparing import INPUT_MAX_BYTES
from bot.store.claiming import CoolDown, cool_down
from tests.engine.conftest import Open
from tests.engine.house import House

WITHOUT_PREPARING = ("submit", "watch", "deliver", "orphans")


async def picture(house: House) -> Job:
    return await house.ends(await house.ask())


async def test_a_picture_that_is_there_is_handed_to_the_provider_by_a_signed_link(any_house: Open) -> None:
    async with any_house() as home, home.http() as http:
        source = await picture(home)
        card = await home.ask(f"/reframe 1:1 {source.id} --prompt 'with more sky'")

        assert State.COMPLETED is (await home.ends(card)).state
        request, media, _ = home.provider.creates[-1]
        assert isinstance(request, ReframeImageRequest)
        assert [source.id] == list(media)
        served = await http.get(media[source.id].removeprefix("http://bot.invalid"))
        assert 200 == served.status_code
        assert "image/png" == served.headers["content-type"]
        assert "prepared" in await home.causes(card)


async def test_without_a_public_url_the_provider_gets_its_own_link(house: Open) -> None:
    async with house(reachable=False) as home:
        source = await picture(home)
        assert State.COMPLETED is (await home.ends(await home.ask(f"/reframe 1:1 {source.id}"))).state
        assert source.remote_id is not None
        _, media, _ = home.provider.creates[-1]
        assert {source.id: home.provider.generations[source.remote_id].asset_url} == media


async def test_a_link_that_cannot_be_had_now_is_asked_for_later(house: Open) -> None:
    async with house(reachable=False) as home:
        source = await picture(home)
        home.provider.get_error = lambda _: RateLimited("slow down")
        card = await home.ask(f"/reframe 1:1 {source.id}")

        async def waits() -> bool:
            return "input_not_ready" in await home.causes(card)

        await home.until(waits)
        assert 1 == len(home.provider.creates)
        home.provider.get_error = lambda _: None
        home.advance(5_001)

        assert State.COMPLETED is (await home.ends(card)).state


async def test_an_input_that_is_gone_by_then_fails_the_job_unpaid(any_house: Open) -> None:
    async with any_house(start=WITHOUT_PREPARING) as home:
        source = await picture(home)
        card = await home.ask(f"/reframe 1:1 {source.id}")
        await home.learn(f"/delete {source.id}")

        await fails(home, card, FailureCategory.INPUT_UNREACHABLE, "could not be read")


async def test_an_input_whose_file_is_lost_fails_the_job_unpaid(house: Open) -> None:
    async with house(start=WITHOUT_PREPARING) as home:
        source = await picture(home)
        assert source.result is not None
        card = await home.ask(f"/reframe 1:1 {source.id}")
        await home.core.storage.remove(source.result.file)

        await fails(home, card, FailureCategory.INPUT_UNREACHABLE, "could not be read")


async def test_an_input_that_is_too_big_for_the_api_fails_the_job_unpaid(house: Open) -> None:
    async with house(start=WITHOUT_PREPARING) as home:
        home.library.content = lambda _: b"\x89PNG\r\n\x1a\n".ljust(INPUT_MAX_BYTES + 1, b"x")
        source = await picture(home)
        card = await home.ask(f"/reframe 1:1 {source.id}")

        await fails(home, card, FailureCategory.REJECTED, "10 MB is the most")


async def test_an_input_that_goes_while_its_job_waits_in_line_fails_the_job_unpaid(house: Open) -> None:
    async with house() as home:
        source = await picture(home)
        lane = CoolDown(account="one", lane=Lane.IMAGE, until=home.clock.wall() + 60_000)
        await home.core.database.write(cool_down, lane)
        card = await home.ask(f"/reframe 1:1 {source.id}")
        await home.comes_to(card, State.QUEUED)
        await home.learn(f"/delete {source.id}")
        home.advance(60_000)

        assert State.FAILED is (await home.ends(card)).state
        assert (source.price, 0) == await home.money()
        assert 1 == len(home.provider.creates)


async def fails(house: House, card: CardView, category: FailureCategory, told: str) -> None:
    """Once it is prepared, the job fails for this reason, and what it had reserved is free again."""
    assert State.PREPARING is (await house.job(card)).state
    used, reserved = await house.money()
    assert reserved
    house.start()
    job = await house.ends(card)
    assert State.FAILED is job.state
    assert job.failure is not None
    assert category is job.failure.category
    seen = await house.shown(card, lambda view: view.settled)
    assert told in seen.jobs[0].headline
    assert "not charged" in seen.jobs[0].headline
    assert (used, 0) == await house.money()
    assert 1 == len(house.provider.creates)
