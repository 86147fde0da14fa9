"""A replica pauses past its leases at a named point, another takes over, and then the first one wakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.crash.chat import Chat
from tests.crash.conftest import Open
from tests.crash.processes import Running, port
from tests.crash.random_kills import verdict
from tests.crash.steps import causes, finish_one, imagine, start_again, the_job
from tests.crash.world import World, until


async def held_at(world: World, point: str) -> Running:
    """Let a bot run until it stops at a point."""
    bot = await world.start("held", {"CRASH_AT": point, "CRASH_BY": "SIGSTOP"})

    async def held() -> bool:
        assert bot.alive
        return world.mark.exists()

    await until(held, f"a bot is held at {point}")
    return bot


async def shown(chat: Chat) -> bool:
    """Every command that asks for a job has a message that shows how it ended."""
    asked = sum(event.asks_for_job for event in chat.events.values())
    return asked == sum(message.settled for message in chat.messages.values())


@asynccontextmanager
async def other_bot(world: World) -> AsyncIterator[None]:
    """Have another bot bring everything to its end, and leave it running."""
    with port() as own:
        await world.start("other", own_port=own)
        await until(lambda: shown(world.chat), "the other bot has shown the result")
        yield


async def test_a_create_that_leaves_after_the_pause_is_an_orphan(
    world: Open, migrated_postgres_url: str
) -> None:
    """No fence stops a request; it is paid by the operator, and the member pays and sees one result."""
    async with world(database_url=migrated_postgres_url) as here:
        await finish_one(here)
        imagine(here)
        first = await held_at(here, "sending")
        async with other_bot(here):
            assert ["lease_ended", "proven_absent", "claimed"] == (await causes(here))[2:5]
            first.let_go()

            async def left() -> bool:
                return len(await here.provider.generations()) == 3

            await until(left, "the held create has left")
            await here.come_to_rest()
            assert [] == await verdict(here)
            (orphan,) = await here.rows("SELECT * FROM orphan_generation")
            assert ("superseded", 2) == (orphan["cause"], (await the_job(here))["attempt"])
            assert first.alive


async def test_a_claim_that_another_took_over_does_not_leave(world: Open, migrated_postgres_url: str) -> None:
    async with world(database_url=migrated_postgres_url) as here:
        imagine(here)
        first = await held_at(here, "claimed")
        async with other_bot(here):
            first.let_go()
            await here.come_to_rest()
            assert ["claimed", "never_left", "claimed", "submitted", "completed"] == (await causes(here))[1:]
            assert [] == await verdict(here)
            assert 1 == len(await here.provider.generations())


async def test_a_claim_that_grew_old_during_a_pause_is_given_up(world: Open) -> None:
    """Nobody took it over, and still it must not be sent: the lane's window has moved on."""
    async with world() as here:
        imagine(here)
        bot = await held_at(here, "claimed")
        assert not await bot.ended(within_s=1)
        bot.let_go()
        await here.come_to_rest()
        assert ["claimed", "claim_too_old", "claimed", "submitted", "completed"] == (await causes(here))[1:]
        assert [] == await verdict(here)


@pytest.mark.parametrize("point", ["showing_progress", "editing"])
async def test_an_edit_that_leaves_after_the_pause_does_not_stay(
    world: Open, migrated_postgres_url: str, point: str
) -> None:
    async with world(database_url=migrated_postgres_url) as here:
        imagine(here)
        first = await held_at(here, point)
        async with other_bot(here):
            first.let_go()
            await here.come_to_rest()
            assert [] == await verdict(here)


@pytest.mark.parametrize(("answers", "dedupe_ms"), [("1", 60_000), ("0", 60_000), ("0", 0)])
async def test_a_first_message_that_was_held_stays_the_only_one(
    world: Open, migrated_postgres_url: str, answers: str, dedupe_ms: int
) -> None:
    """Held in the receiver or the publisher, where equal nonces are merged and where not."""
    settings = {"CHAT_ANSWERS": answers}
    async with world(
        database_url=migrated_postgres_url,
        dedupe_ms=dedupe_ms,
        chat={"dedupe_ms": dedupe_ms},
        settings=settings,
    ) as here:
        await finish_one(here)
        imagine(here)
        first = await held_at(here, "posting")
        async with other_bot(here):
            first.let_go()
            await here.come_to_rest()
            assert [] == await verdict(here)


async def test_a_held_bot_that_is_killed_is_like_any_other(world: Open) -> None:
    async with world() as here:
        imagine(here)
        bot = await held_at(here, "fetched")
        await bot.kill()
        await start_again(here)
        assert [] == await verdict(here)
