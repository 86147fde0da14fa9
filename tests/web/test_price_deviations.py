"""What the simulator takes is compared with the rates of a whole bot."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.patience import PATIENCE_S
from tests.web.running_app import RunningApp

_TIMES = {"account_check": 20, "credit_check": 50, "credit_idle": 50}


async def remarks(http: httpx.AsyncClient) -> list[str]:
    found: list[str] = (await http.get("/readyz")).json()["remarks"]
    return found


async def metric(http: httpx.AsyncClient, name: str) -> float:
    """The value of a metric whose line begins so; waits until there is one."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for line in (await http.get("/metrics")).text.splitlines():
                if line.startswith(name):
                    return float(line.rpartition(" ")[2])
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("rate", "told"), [(7_300, False), (730, True)])
async def test_a_rate_that_is_not_the_apis_is_told_to_the_operator(
    tmp_path: Path, rate: int, *, told: bool
) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text(f"dated = 2026-01-01\n[image]\nphoton-1 = {rate}\n[video]\n", encoding="utf-8")
    running = RunningApp(tmp_path, times=_TIMES, rates_file=rates)
    async with running.running() as http:
        # What is taken from here on is compared.
        await metric(http, "reverie_account_credit_dollars")
        await running.ended(await running.say("/imagine a red fox"))
        # What the API took, divided by what was charged.
        ratio = await metric(http, 'reverie_price_ratio{kind="image/photon-1')
        assert (10 if told else 1) == pytest.approx(ratio, rel=0.01)
        found = [one for one in await remarks(http) if "REVERIE_RATES_FILE" in one]
        assert told is bool(found)
        if told:
            assert "1 jobs of image/photon-1" in found[0]
