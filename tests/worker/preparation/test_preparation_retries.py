"""Preparation with failures of a remote server or of our own."""

import asyncio
from collections import deque

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from tests.engine.conftest import Open
from tests.worker.preparation.inputs import PHOTO, fails, rests


async def test_what_is_out_of_reach_is_tried_again(engine: Open) -> None:
    async with engine() as bot:
        bot.library.errors[PHOTO] = MediaUnavailable("The server of this URL cannot be reached.")
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await bot.until(lambda: bot.library.fetched)
        await bot.until(lambda: rests(bot, card))
        assert State.PREPARING is (await bot.job(card)).state
        assert 0 < (await bot.money())[1]

        del bot.library.errors[PHOTO]
        bot.advance(bot.services.times.prepare_retry)
        assert State.COMPLETED is (await bot.ends(card)).state
        assert 2 == bot.library.fetched.count(PHOTO)


async def test_what_stays_out_of_reach_is_given_up_unpaid(engine: Open) -> None:
    """Within a minute or so, and with the cause."""
    async with engine() as bot:
        bot.library.errors[PHOTO] = MediaUnavailable("The server of this URL cannot be reached.")
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await bot.until(lambda: rests(bot, card))
        bot.advance(60_000)
        told = "could not be read: The server of this URL cannot be reached. Send it as an attachment"
        await fails(bot, card, FailureCategory.INPUT_UNREACHABLE, told)


async def test_the_time_in_which_nobody_tried_does_not_count(engine: Open) -> None:
    """A job that had to wait for its first try has its later ones like any other."""
    async with engine(start=None) as bot:
        bot.library.errors[PHOTO] = MediaUnavailable("The server of this URL cannot be reached.")
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        bot.advance(10 * bot.services.times.prepare_deadline)
        bot.start()
        await bot.until(lambda: rests(bot, card))
        del bot.library.errors[PHOTO]
        bot.advance(bot.services.times.prepare_retry)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_what_cannot_be_fetched_fails_at_once_with_its_cause(any_engine: Open) -> None:
    async with any_engine() as bot:
        told = "The host of this URL does not exist: check the spelling of the address."
        bot.library.errors[PHOTO] = MediaRefused(told)
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await fails(bot, card, FailureCategory.INPUT_REFUSED, told)
        assert [PHOTO] == bot.library.fetched


async def test_our_own_failure_is_no_verdict_on_a_file(engine: Open) -> None:
    async with engine() as bot:
        bot.library.setbacks[PHOTO] = deque([ProcessingFailed(), ProcessingFailed()])
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        for tries in (1, 2):
            await bot.until(lambda: rests(bot, card))
            assert tries == len(bot.library.fetched)
            bot.advance(bot.services.times.prepare_retry)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_what_we_fail_on_three_times_is_given_up_unpaid(any_engine: Open) -> None:
    """Also where it could not be reached in between, which is another matter."""
    async with any_engine() as bot:
        away = MediaUnavailable("The server of this URL cannot be reached.")
        ours = ProcessingFailed("The worker has crashed.")
        bot.library.setbacks[PHOTO] = deque([away, ours, away, ours])
        bot.library.errors[PHOTO] = ours
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        for _ in range(4):
            await bot.until(lambda: rests(bot, card))
            bot.advance(bot.services.times.prepare_retry)
        await fails(bot, card, FailureCategory.INPUT_UNPROCESSED, "the file may be fine. Try again")
        assert 5 == len(bot.library.fetched)


async def test_an_input_that_takes_longer_than_the_lease_is_given_up_as_our_own_fault(engine: Open) -> None:
    """Nobody else can have begun with it meanwhile; the fetch itself would have ended long before."""
    async with engine(times={"prepare_lease": 100}) as bot:
        bot.library.gate = asyncio.Event()
        card = await bot.ask(f"/animate it runs --start {PHOTO}")

        async def ends_in_time() -> bool:
            if await rests(bot, card):
                bot.advance(bot.services.times.prepare_retry)
            return (await bot.job(card)).is_final

        await bot.until(ends_in_time)
        await fails(bot, card, FailureCategory.INPUT_UNPROCESSED, "could not process")


async def test_an_error_that_nobody_foresaw_leaves_the_job_to_the_next_lease(engine: Open) -> None:
    async with engine() as bot:
        bot.library.errors[PHOTO] = ValueError("a defect")
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await bot.until(lambda: bot.library.fetched)
        await bot.made("/animate others are not held up")
        del bot.library.errors[PHOTO]
        bot.advance(bot.services.times.prepare_lease + 1)
        assert State.COMPLETED is (await bot.ends(card)).state
