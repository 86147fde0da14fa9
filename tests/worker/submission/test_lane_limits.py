"""The limits of the API, counted by the simulator: concurrent generations, and creates in a window."""

from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import SecretStr

from bot.domain.generations.models import Lane
from bot.domain.jobs.job import State
from bot.providers.base import LaneLimits
from bot.providers.luma import LumaProvider
from bot.providers.luma.client import BUILD_TIER
from simulator.formats import Lane as SimulatedLane
from simulator.settings import SimulatorSettings
from tests.engine.fakes import Clock
from tests.engine.harness import open_engine
from tests.engine.settings import given_settings, person
from tests.simulator.client import simulator_at

#: the window of a minute in five seconds, and everything that belongs to it as much shorter
SCALE = 12
TIMES = {"lane_window": 75_000 // SCALE, "claim_age": 10_000 // SCALE, "cool_down": 5_000 // SCALE}
#: an eighth of the documented limits, and jobs for a window and a half
LIMITS = LaneLimits(concurrent=5, per_minute=10)
JOBS = 15


def test_the_documented_limits_are_those_of_client_and_simulator(tmp_path: Path) -> None:
    simulator = SimulatorSettings(database=tmp_path / "simulator.db")
    documented = {Lane.IMAGE: (40, 80), Lane.VIDEO: (10, 20)}
    for lane, limits in documented.items():
        for stated in (BUILD_TIER[lane], simulator.limits(SimulatedLane(lane))):
            assert limits == (stated.concurrent, stated.per_minute)
        assert limits == given_settings(tmp_path).lane_limits(lane)


async def test_more_jobs_than_the_api_takes_at_once_never_exceed_its_limits(tmp_path: Path) -> None:
    clock = Clock()
    async with AsyncExitStack() as exits:
        simulator = await exits.enter_async_context(
            simulator_at(
                tmp_path / "simulator",
                clock_ms=clock.wall,
                speed=10,
                window_s=60 / SCALE,
                image_concurrent=LIMITS.concurrent,
                image_per_minute=LIMITS.per_minute,
            )
        )
        provider = LumaProvider(
            api_key=SecretStr("luma-test-key"),
            account="one",
            base_url=simulator.base_url,
            name="simulator",
            limits={Lane.IMAGE: LIMITS},
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
        assert 0 < stats["highest_concurrent"] <= LIMITS.concurrent
        assert 0 < stats["highest_per_window"] <= LIMITS.per_minute
        assert JOBS == len({job.remote_id for job in jobs})
        # Nor did the simulator have to refuse one.
        assert [] == await bot.rows("SELECT job FROM job_event WHERE cause = 'rate_limited'")
