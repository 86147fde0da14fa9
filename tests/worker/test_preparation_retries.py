"""Preparation with failures of a remote server or of our own."""

import asyncio
from collections import deque

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.domain.failures import FailureCategory
from bot.domain.jobs import State
from tests.engine.conftest import Open
from tests.worker.inputs import PHOTO, fails, rests


async def test_what_is_out_of_reach_is_tried_again(any_house: Open) -> None:
    async with any_house() as home:
        home.library.errors[PHOTO] = MediaUnavailable("The server of this URL cannot be reached.")
        card = await home.ask(f"/animate it runs --start {PHOTO}")
        await home.until(lambda: home.library.fetched)
        await home.until(lambda: rests(home, card))
        assert State.PREPARING is (await home.job(card)).state
        assert 0 < (await home.money())[1]

        del home.library.errors[PHOTO]
        home.advance(home.services.times.prepare_retry)
        assert State.COMPLETED is (await home.ends(card)).state
        assert 2 == home.library.fetched.count(PHOTO)


async def test_what_stays_out_of_reach_is_given_up_unpaid(any_house: Open) -> None:
    """Within a minute or so, and with the cause."""
    async with any_house() as home:
        home.library.errors[PHOTO] = MediaUnavailable("The server of this URL cannot be reached.")
        card = await home.ask(f"/animate it runs --start {PHOTO}")
        await home.until(lambda: rests(home, card))
        home.advance(60_000)
        told = "could not be read: The server of this URL cannot be reached. Send it as an attachment"
        await fails(home, card, FailureCategory.INPUT_UNREACHABLE, told)


async def test_the_time_in_which_nobody_tried_does_not_count(house: Open) -> None:
    """A job that had to wait for its first try has its later ones like any other."""
    async with house(start=None) as home:
        home.library.errors[PHOTO] = MediaUnavailable("The server of this URL cannot be reached.")
        card = await home.ask(f"/animate it runs --start {PHOTO}")
        home.advance(10 * home.services.times.prepare_deadline)
        home.start()
        await home.until(lambda: rests(home, card))
        del home.library.errors[PHOTO]
        home.advance(home.services.times.prepare_retry)
        assert State.COMPLETED is (await home.ends(card)).state


async def test_what_cannot_be_fetched_fails_at_once_with_its_cause(any_house: Open) -> None:
    async with any_house() as home:
        told = "The host of this URL does not exist: check the spelling of the address."
        home.library.errors[PHOTO] = MediaRefused(told)
        card = await home.ask(f"/animate it runs --start {PHOTO}")
        await fails(home, card, FailureCategory.INPUT_REFUSED, told)
        assert [PHOTO] == home.library.fetched


async def test_our_own_failure_is_no_verdict_on_a_file(any_house: Open) -> None:
    async with any_house() as home:
        home.library.setbacks[PHOTO] = deque([ProcessingFailed(), ProcessingFailed()])
        card = await home.ask(f"/animate it runs --start {PHOTO}")
        for tries in (1, 2):
            await home.until(lambda: rests(home, card))
            assert tries == len(home.library.fetched)
            home.advance(home.services.times.prepare_retry)
        assert State.COMPLETED is (await home.ends(card)).state


async def test_what_we_fail_on_three_times_is_given_up_unpaid(any_house: Open) -> None:
    """Also where it could not be reached in between, which is another matter."""
    async with any_house() as home:
        away = MediaUnavailable("The server of this URL cannot be reached.")
        ours = ProcessingFailed("The worker has crashed.")
        home.library.setbacks[PHOTO] = deque([away, ours, away, ours])
        home.library.errors[PHOTO] = ours
        card = await home.ask(f"/animate it runs --start {PHOTO}")
        for _ in range(4):
            await home.until(lambda: rests(home, card))
            home.advance(home.services.times.prepare_retry)
        await fails(home, card, FailureCategory.INPUT_UNPROCESSED, "the file may be fine. Try again")
        assert 5 == len(home.library.fetched)


async def test_an_input_that_takes_longer_than_the_lease_is_given_up_as_our_own_fault(house: Open) -> None:
    """Nobody else can have begun with it meanwhile; the fetch itself would have ended long before."""
    async with house(times={"prepare_lease": 100}) as home:
        home.library.gate = asyncio.Event()
        card = await home.ask(f"/animate it runs --start {PHOTO}")

        async def ends_in_time() -> bool:
            if await rests(home, card):
                home.advance(home.services.times.prepare_retry)
            return (await home.job(card)).is_final

        await home.until(ends_in_time)
        await fails(home, card, FailureCategory.INPUT_UNPROCESSED, "could not process")


async def test_an_error_that_nobody_foresaw_leaves_the_job_to_the_next_lease(house: Open) -> None:
    async with house() as home:
        home.library.errors[PHOTO] = ValueError("a defect")
        card = await home.ask(f"/animate it runs --start {PHOTO}")
        await home.until(lambda: home.library.fetched)
        await home.made("/animate others are not held up")
        del home.library.errors[PHOTO]
        home.advance(home.services.times.prepare_lease + 1)
        assert State.COMPLETED is (await home.ends(card)).state
