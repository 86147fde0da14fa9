"""Each row of the crash table: the bot is killed at that very point, started again, and the promise holds."""

import pytest

from tests.crash.conftest import Open
from tests.crash.promises import broken_promises
from tests.crash.steps import causes, finish_one, imagine, kill_at, start_again, the_job, the_message


async def test_before_t1_nothing_is_there_and_the_repeated_event_makes_the_job(world: Open) -> None:
    async with world() as here:
        event = imagine(here)
        await kill_at(here, "accepting")
        assert [] == await here.rows("SELECT id FROM job UNION SELECT id FROM card")
        assert [] == await here.rows("SELECT id FROM meter WHERE reserved <> 0")
        await start_again(here)
        assert event.given > 1
        assert ["accepted", "claimed", "submitted", "completed"] == await causes(here)
        assert [] == await broken_promises(here)


async def test_after_t1_the_job_runs_and_the_repeated_event_finds_it(world: Open) -> None:
    async with world() as here:
        event = imagine(here)
        await kill_at(here, "accepted")
        assert [] == list(here.chat.messages)
        await start_again(here)
        assert event.given > 1
        assert (await the_job(here))["card"] == event.answers[0]["card"]
        assert [] == await broken_promises(here)


async def test_an_answer_that_was_given_and_not_noted_stays_the_only_message(world: Open) -> None:
    async with world() as here:
        imagine(here)
        await kill_at(here, "answered")
        await start_again(here)
        assert the_message(here).merged == 1
        assert [] == await broken_promises(here)


async def test_while_preparing_it_is_prepared_again(world: Open) -> None:
    async with world() as here:
        here.chat.press("variation", await finish_one(here))
        await kill_at(here, "preparing")
        await start_again(here)
        assert ["accepted", "prepared", "claimed", "submitted", "completed"] == await causes(here)
        assert [] == await broken_promises(here)


async def test_a_claim_that_never_left_goes_back_at_once(world: Open) -> None:
    async with world() as here:
        imagine(here)
        await kill_at(here, "claimed")
        await start_again(here)
        assert ["claimed", "never_left", "claimed", "submitted"] == (await causes(here))[1:5]
        assert 1 == len(await here.provider.generations())
        assert [] == await broken_promises(here)


async def test_a_create_proven_absent_is_sent_again(world: Open) -> None:
    async with world() as here:
        await finish_one(here)
        imagine(here)
        await kill_at(here, "sending")
        await start_again(here)
        assert ["lease_ended", "proven_absent", "claimed", "submitted"] == (await causes(here))[2:6]
        assert (await the_job(here))["state"] == "completed"
        assert 2 == len(await here.provider.generations())
        assert [] == await broken_promises(here)


@pytest.mark.parametrize("marked", [True, False])
async def test_a_create_whose_absence_nothing_proves_is_refunded(world: Open, *, marked: bool) -> None:
    """An account that has never echoed a marker, and one that is asked for none."""
    async with world(marked=marked) as here:
        imagine(here)
        await kill_at(here, "sending")
        await start_again(here)
        job = await the_job(here)
        assert ["accepted", "claimed", "lease_ended", "lost_answer"] == await causes(here)
        assert "failed" == job["state"]
        assert "not charged" in the_message(here).shown[-1]["jobs"][0]["headline"]
        assert [] == await here.provider.generations()
        assert [{"used": 0, "reserved": 0}] * 2 == await here.rows("SELECT used, reserved FROM meter")


@pytest.mark.parametrize("marked", [True, False])
async def test_a_create_whose_answer_was_lost_is_adopted(world: Open, *, marked: bool) -> None:
    """By its marker, or without a public URL as the one that equals it."""
    async with world(marked=marked) as here:
        imagine(here)
        await kill_at(here, "created")
        await start_again(here)
        assert ["claimed", "lease_ended", "adopted", "completed"] == (await causes(here))[1:]
        (generation,) = await here.provider.generations()
        assert generation.id == (await the_job(here))["remote_id"]
        assert [] == await broken_promises(here)


async def test_a_known_generation_that_is_gone_is_refunded(world: Open) -> None:
    async with world() as here:
        await here.provider.fault("vanish")
        imagine(here)
        await kill_at(here, "submitted")
        await start_again(here)
        assert ["submitted", "vanished"] == (await causes(here))[2:]
        assert [{"used": 0, "reserved": 0}] * 2 == await here.rows("SELECT used, reserved FROM meter")
        assert "failed" == the_message(here).shown[-1]["jobs"][0]["tone"]


@pytest.mark.parametrize("point", ["submitted", "fetched", "settling", "editing", "edited"])
async def test_from_submitted_to_shown_a_kill_only_delays(world: Open, point: str) -> None:
    async with world() as here:
        imagine(here)
        await kill_at(here, point)
        await start_again(here)
        assert ["accepted", "claimed", "submitted", "completed"] == await causes(here)
        message = the_message(here)
        results = [content for content in message.shown if content["settled"]]
        assert (2 if point == "edited" else 1) == len(results)
        assert [] == await broken_promises(here)


@pytest.mark.parametrize("dedupe_ms", [60_000, 0])
async def test_a_message_posted_and_not_noted_stays_the_only_one(world: Open, dedupe_ms: int) -> None:
    """The platform merges what has the same nonce; where it does not, the message is looked for."""
    async with world(dedupe_ms=dedupe_ms, chat={"dedupe_ms": dedupe_ms}) as here:
        imagine(here)
        await kill_at(here, "posted", CHAT_ANSWERS="0")
        await start_again(here, CHAT_ANSWERS="0")
        assert (1 if dedupe_ms else 0) == the_message(here).merged
        assert [] == await broken_promises(here)


async def test_a_first_message_that_never_left_is_posted(world: Open) -> None:
    async with world(dedupe_ms=0, chat={"dedupe_ms": 0}) as here:
        imagine(here)
        await kill_at(here, "posting", CHAT_ANSWERS="0")
        assert [] == list(here.chat.messages)
        await start_again(here, CHAT_ANSWERS="0")
        assert [] == await broken_promises(here)


async def test_a_job_completes_although_the_bot_is_killed_twice(world: Open) -> None:
    """Recovery itself may be killed, too."""
    async with world() as here:
        imagine(here)
        await kill_at(here, "created")
        here.mark.unlink()
        await kill_at(here, "fetched")
        here.mark.unlink()
        await kill_at(here, "edited")
        await start_again(here)
        assert 1 == len(await here.provider.generations())
        assert [] == await broken_promises(here)
