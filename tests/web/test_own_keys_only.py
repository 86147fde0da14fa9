"""A whole bot without an account of the operator: only workspaces with a key of their own generate."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.domain.cards.card import JobPhase
from bot.domain.errors import NotAllowed
from simulator.settings import SimulatorSettings
from tests.engine.settings import BOSS
from tests.providers.served_simulator import serving
from tests.web.running_app import RunningApp

REASON = "No shared account: only workspaces with a key of their own (/studio key) can generate."


async def test_it_starts_and_takes_a_key_that_is_entered_later_also_over_a_restart(tmp_path: Path) -> None:
    simulated = SimulatorSettings(database=tmp_path / "served.db", speed=500)
    async with serving(simulated) as origin:
        base_url = f"{origin}/dream-machine/v1"
        app = RunningApp(tmp_path / "bot", provider=("luma",), luma_base_url=base_url)
        async with app.running() as http:
            answer = await http.get("/readyz")
            assert (200, True, [REASON]) == (
                answer.status_code,
                answer.json()["degraded"],
                answer.json()["reasons"],
            )
            with pytest.raises(NotAllowed, match=r"only servers .*their own API key.*/studio key set"):
                await app.say("/imagine a red fox")
            assert app.service is not None
            await app.service.set_workspace_key(SecretStr("luma-of-the-club"), BOSS, event_key="key")
            await app.set_up("--budget 10")
            first = await app.ended(await app.say("/imagine a red fox", "again"))
            assert JobPhase.DONE is first.jobs[0].phase

        later = RunningApp(tmp_path / "bot", provider=("luma",), luma_base_url=base_url)
        async with later.running() as http:
            assert 200 == (await http.get("/readyz")).status_code
            second = await later.ended(await later.say(f"/imagine a blue fox --image {first.jobs[0].id}"))
            assert JobPhase.DONE is second.jobs[0].phase
