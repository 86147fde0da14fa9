"""A whole bot with accounts at several APIs, all of them the simulator's, and without a public URL."""

import asyncio
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.domain.cards.card import CardView, JobPhase
from bot.domain.errors import InvalidRequest
from bot.tls import tls_context
from simulator.settings import SimulatorSettings
from tests.patience import PATIENCE_S
from tests.providers.served_simulator import serving
from tests.web.running_app import RunningApp


@pytest.fixture(autouse=True)
def _fast_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for generations at once: the simulator is much faster than the APIs that it stands in for."""
    monkeypatch.setattr("bot.worker.watching._EARLIEST", 0)


def on_luma_agents(folder: Path, origin: str) -> RunningApp:
    """A bot with one account, at Luma Agents alone."""
    return RunningApp(
        folder,
        provider=("luma-agents",),
        luma_agents_keys=(SecretStr("one"),),
        luma_agents_base_url=f"{origin}/agents/v1",
        default_ceiling=100,
        default_allowance=50,
    )


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


async def test_luma_agents_edits_pictures_and_videos_that_it_has_made(tmp_path: Path) -> None:
    simulated = SimulatorSettings(database=tmp_path / "served.db", speed=500, drawn_fps=1)
    async with serving(simulated) as origin:
        app = on_luma_agents(tmp_path / "bot", origin)
        async with app.running():
            await app.confirm_nothing()
            picture = await app.ended(await app.say("/imagine a red fox"))
            edited = await app.ended(await app.say(f"/imagine in snow --modify {picture.jobs[0].id}"))
            assert "uni-1" == model_of(edited)
            command = f"/animate it runs --start {edited.jobs[0].id} --resolution 360p"
            video = await app.ended(await app.say(command))
            command = f"/modify {video.jobs[0].id} in winter --mode flex_1 --first-frame {picture.jobs[0].id}"
            assert "ray-3.2" == model_of(await app.ended(await app.say(command)))


async def test_a_budget_that_is_exhausted_stops_the_account_and_refunds(tmp_path: Path) -> None:
    simulated = SimulatorSettings(database=tmp_path / "served.db", speed=500)
    async with serving(simulated) as origin:
        app = on_luma_agents(tmp_path / "bot", origin)
        async with app.running() as http, httpx.AsyncClient(trust_env=False, verify=tls_context()) as web:
            # The first failure is asked for once more, by the trial of the stopped account.
            fault = {"kind": "job_failed", "reason": "budget_exhausted", "times": 2}
            ordered = await web.post(f"{origin}/control/faults", json=fault)
            assert 201 == ordered.status_code, ordered.text
            failed = await app.ended(await app.say("/imagine a red fox"))
            assert JobPhase.FAILED is failed.jobs[0].phase
            assert "refunded" in failed.jobs[0].headline or "not charged" in failed.jobs[0].headline
            async with asyncio.timeout(PATIENCE_S):
                while not (await http.get("/readyz")).json()["degraded"]:  # noqa: ASYNC110 - polled by monitors
                    await asyncio.sleep(0.02)
            assert "budget" in str((await http.get("/readyz")).json()["reasons"])


async def test_the_gateway_animates_a_picture_of_another_provider(tmp_path: Path) -> None:
    simulated = SimulatorSettings(database=tmp_path / "served.db", speed=500, drawn_fps=1)
    async with serving(simulated) as origin:
        app = RunningApp(
            tmp_path / "bot",
            provider=("luma", "appypie"),
            luma_keys=(SecretStr("luma"),),
            luma_base_url=f"{origin}/dream-machine/v1",
            appypie_keys=(SecretStr("subscription"),),
            appypie_base_url=origin,
            default_ceiling=100,
            default_allowance=50,
        )
        async with app.running():
            await app.confirm_nothing()
            picture = await app.ended(await app.say("/imagine a red fox"))
            with pytest.raises(
                InvalidRequest, match=r"ray-1-6 takes no videos without a start picture.*choose"
            ):
                await app.say("/animate a fox --model ray-1-6")
            command = f"/animate it runs --start {picture.jobs[0].id} --model ray-1-6"
            assert "ray-1-6" == model_of(await app.ended(await app.say(command)))
