"""The documented limits, counted by the simulator: 40 concurrent generations, 80 creates in a window."""

from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import SecretStr

from bot.domain.jobs.job import State
from bot.providers.luma import LumaProvider
from tests.engine.fakes import Clock
from tests.engine.harness import open_engine
from tests.engine.settings import person
from tests.simulator.client import simulator_at

#: the window of a minute in two seconds, and everything that belongs to it as much shorter
SCALE = 30
TIMES = {"lane_window": 75_000 // SCALE, "claim_age": 10_000 // SCALE, "cool_down": 5_000 // SCALE}
JOBS = 200


async def test_two_hundred_jobs_at_once_never_exceed_the_limits_of_the_api(tmp_path: Path) -> None:
    clock = Clock()
    async with AsyncExitStack() as exits:
        simulator = await exits.enter_async_context(
            simulator_at(tmp_path / "simulator", clock_ms=clock.wall, speed=10, window_s=60 / SCALE)
        )
        provider = LumaProvider(
            api_key=SecretStr("luma-test-key"),
            account="one",
            base_url=simulator.base_url,
            name="simulator",
        )
        exits.push_async_callback(provider.close)
        bot = await exits.enter_async_context(
            open_engine(
                tmp_path / "bot",
                providers=[provider],
                clock=clock,
                times=TIMES,
                reachable=False,
                simulator_speed=10,
            )
        )
        cards = [
            await bot.ask(f"/imagine fox {number} --model photon-flash-1", by=person(f"p{number % 20}"))
            for number in range(JOBS)
        ]

        async def all_done() -> bool:
            rows = await bot.rows("SELECT count(*) AS open FROM job WHERE finished_at IS NULL")
            return rows == [{"open": 0}]

        await bot.until(all_done, seconds=60)

        jobs = [await bot.job(card) for card in cards]
        assert {State.COMPLETED} == {job.state for job in jobs}
        stats = (await simulator.control("GET", "/stats")).json()
        assert JOBS == stats["created"]
        assert 0 < stats["highest_concurrent"] <= 40
        assert 0 < stats["highest_per_window"] <= 80
        assert JOBS == len({job.remote_id for job in jobs})
