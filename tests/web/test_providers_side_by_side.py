"""A whole bot with accounts at two APIs, both of them the simulator's, and without a public URL."""

from pathlib import Path

from pydantic import SecretStr

from bot.domain.cards import CardView, JobPhase
from simulator.settings import SimulatorSettings
from tests.providers.test_luma_simulator import serving
from tests.web.running_app import RunningApp


def model_of(card: CardView) -> str:
    (job,) = card.jobs
    assert JobPhase.DONE is job.phase, job
    return dict(job.fields)["Model"]


async def test_each_job_is_made_by_the_provider_of_its_model(tmp_path: Path) -> None:
    simulated = SimulatorSettings(database=tmp_path / "served.db", speed=500)
    async with serving(simulated) as origin:
        app = RunningApp(
            tmp_path / "bot",
            provider=("luma-agents", "luma"),
            luma_keys=(SecretStr("luma"),),
            luma_base_url=f"{origin}/dream-machine/v1",
            luma_agents_keys=(SecretStr("one"), SecretStr("two")),
            luma_agents_base_url=f"{origin}/agents/v1",
            default_ceiling=100,
            default_allowance=50,
        )
        async with app.running():
            first = await app.ended(await app.say("/imagine a red fox"))
            assert "uni-1" == model_of(first)
            # A result of one is an input of the other: by the address that its maker tells, or as a file.
            photon = await app.ended(
                await app.say(f"/imagine a blue fox --model photon-1 --image {first.jobs[0].id}")
            )
            assert "photon-1" == model_of(photon)
            second = await app.ended(await app.say(f"/imagine a green fox --image {photon.jobs[0].id}"))
            assert "uni-1" == model_of(second)
