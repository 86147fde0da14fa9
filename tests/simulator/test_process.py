"""Who may do what with `reverie simulate`, and what it may be made to reach."""

import ipaddress
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.simulation.standalone import may_reach_private, standalone_app
from simulator.settings import SimulatorSettings
from tests.patience import until
from tests.simulator.client import KEY, served

CONTROL = ["/", "/control/faults", "/control/generations", "/control/stats"]
BEARER = {"Authorization": f"Bearer {KEY}"}
FAULT = {"kind": "stuck"}


@asynccontextmanager
async def seen_from(folder: Path, peer: str, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    settings = SimulatorSettings(database=folder / "own.db")
    async with standalone_app(settings, **options) as app:
        transport = httpx.ASGITransport(app=app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8787") as http:
            yield http


def _rights(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob("own.db*")}


async def test_other_users_of_the_machine_cannot_read_the_prompts(tmp_path: Path) -> None:
    async with seen_from(tmp_path, "127.0.0.1") as http:
        body = {"prompt": "a secret garden"}
        assert (await http.post("/dream-machine/v1/generations/image", json=body, headers=BEARER)).is_success
        assert {"own.db": 0o600, "own.db-shm": 0o600, "own.db-wal": 0o600} == _rights(tmp_path)


async def test_a_site_whose_name_is_pointed_at_us_reaches_nothing(tmp_path: Path) -> None:
    """Neither the control routes nor the API, which would post and read wherever it is told to."""
    rebound = {"Host": "rebound.example:8787"}
    async with seen_from(tmp_path, "127.0.0.1") as http:
        for path in (*CONTROL, "/dream-machine/v1/generations", "/assets/a/b"):
            assert (await http.get(path, headers=BEARER | rebound)).status_code == 403
        body = {"prompt": "a fox", "callback_url": "http://127.0.0.1:1/"}
        answer = await http.post("/dream-machine/v1/generations/image", json=body, headers=BEARER | rebound)
        assert answer.status_code == 403
        for host in ("127.0.0.1:8787", "localhost:8787", "[::1]:8787"):
            assert (await http.get("/control/stats", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8787"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Via": "1.1 proxy"},
    ],
)
async def test_another_sites_page_and_a_proxy_order_no_faults(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with seen_from(tmp_path, "127.0.0.1") as http:
        assert (await http.post("/control/faults", json=FAULT, headers=headers)).status_code == 403
        assert (await http.delete("/control/faults", headers=headers)).status_code == 403
        assert (await http.get("/control/faults")).json() == {"faults": []}
        own = {"Origin": "http://127.0.0.1:8787"}
        assert (await http.post("/control/faults", json=FAULT, headers=own)).status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_form_of_another_site_orders_no_faults(tmp_path: Path, kind: str) -> None:
    async with seen_from(tmp_path, "127.0.0.1") as http:
        answer = await http.post(
            "/control/faults", content=b'{"kind": "stuck"}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 403


async def test_beyond_loopback_the_api_is_open_and_the_control_routes_are_not(tmp_path: Path) -> None:
    async with seen_from(tmp_path, "192.168.1.5", beyond_loopback=True) as http:
        named = {"Host": "simulator:8787"}
        assert (await http.get("/dream-machine/v1/ping", headers=BEARER | named)).status_code == 200
        for path in CONTROL:
            assert (await http.get(path)).status_code == 403
    async with seen_from(tmp_path, "127.0.0.1", beyond_loopback=True) as http:
        assert (await http.get("/control/stats")).status_code == 200
        assert (await http.get("/control/stats", headers=named)).status_code == 403


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("192.168.1.5", True),
        ("172.18.0.3", True),
        ("fd00::5", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - compared
        ("::", False),
        ("169.254.169.254", False),
        ("fe80::1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("168.63.129.16", False),
        ("100.100.100.200", False),
        ("fd00:ec2::254", False),
        ("0.0.0.5", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_what_others_may_have_it_reach(address: str, reached: bool) -> None:
    assert may_reach_private(ipaddress.ip_address(address)) == reached


async def test_beyond_loopback_callbacks_and_references_never_reach_this_machine(tmp_path: Path) -> None:
    asked: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    settings = SimulatorSettings(database=tmp_path / "own.db", speed=1_000, callback_retries=0)
    async with (
        served(inner) as inside,
        standalone_app(settings, beyond_loopback=True) as app,
        served(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, headers=BEARER) as http,
    ):
        body = {
            "prompt": "a fox",
            "callback_url": f"{inside}/callback",
            "image_ref": [{"url": f"{inside}/picture.png"}],
        }
        with capture_logs() as logged:
            made = (await http.post("/dream-machine/v1/generations/image", json=body)).json()
            await until(partial(_has_told_the_end, logged))
        found = (await http.get(f"/dream-machine/v1/generations/{made['id']}")).json()
    assert "Failed to read user input frames" == found["failure_reason"]
    assert [] == asked


async def _has_told_the_end(logged: list[EventDict]) -> bool:
    return any(entry["event"] == "callback_sent" and entry["state"] == "failed" for entry in logged)
