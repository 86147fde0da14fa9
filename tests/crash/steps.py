"""What happens to bots in a world, step by step."""

from typing import Any

from tests.crash.chat import Event, Message
from tests.crash.world import World


def imagine(world: World, prompt: str = "a lighthouse in the fog") -> Event:
    return world.chat.say("imagine", prompt=prompt, model="photon-flash-1")


async def kill_at(world: World, point: str, **more: str) -> None:
    """Let a bot run until it meets its crash_point."""
    bot = await world.start("bot", {"CRASH_AT": point, **more})
    assert await bot.ended(within_s=30), f"the bot has never come to {point}"
    assert world.mark.exists()


async def start_again(world: World, **more: str) -> None:
    await world.start("bot", more)
    await world.come_to_rest()


async def finish_one(world: World) -> str:
    """Have one job done by a bot that stops again; answers the job."""
    event = imagine(world, "the first of all pictures")
    bot = await world.start()
    await world.come_to_rest()
    assert 0 == await bot.stop()
    return str(event.answers[0]["jobs"][0])


async def the_job(world: World) -> dict[str, Any]:
    """The job that was asked for last."""
    return (await world.rows("SELECT * FROM job ORDER BY id DESC"))[0]


async def causes(world: World) -> list[str]:
    """Why that job moved, in order."""
    job = (await the_job(world))["id"]
    rows = await world.rows("SELECT cause FROM job_event WHERE job = :job ORDER BY id", job=job)
    return [row["cause"] for row in rows]


def the_message(world: World) -> Message:
    (message,) = world.chat.messages.values()
    return message
