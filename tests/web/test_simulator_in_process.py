"""The built-in simulator works, and nothing of it can be reached from outside of the process."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.domain.cards.card import JobPhase
from tests.patience import until
from tests.web.running_app import RunningApp, unwritable, writable

KEY = {"authorization": "Bearer simulator"}
API = "/dream-machine/v1"
PATHS = [
    "/",
    f"{API}/generations",
    f"{API}/generations/image",
    f"{API}/credits",
    "/control/faults",
    "/control/generations",
    "/control/stats",
    "/assets/00000000-0000-4000-8000-000000000000/image.jpg",
]


@pytest.mark.parametrize("prefix", ["/simulator", ""])
async def test_nothing_of_it_is_reachable_through_the_web_server(tmp_path: Path, prefix: str) -> None:
    async with RunningApp(tmp_path).running() as http:
        for path in PATHS:
            for method in ("GET", "POST", "DELETE"):
                answer = await http.request(method, prefix + path, headers=KEY, json={"prompt": "a fox"})
                assert answer.status_code == 404, path


async def test_jobs_are_made_called_back_and_built_upon_without_a_socket(tmp_path: Path) -> None:
    """Only the callback can tell of the end here: the next look would come in ten minutes.

    The second picture builds on the first: the simulator reads it where our own media are.
    """
    app = RunningApp(tmp_path, times={"watch_interval": 600_000, "poll": 60_000}, simulator_speed=200)
    async with app.running():
        first = await app.ended(await app.say("/imagine a red fox"))
        assert [JobPhase.DONE] == [job.phase for job in first.jobs]
        second = await app.ended(await app.say(f"/imagine a blue fox --image {first.jobs[0].id}"))
        assert [JobPhase.DONE] == [job.phase for job in second.jobs]


async def test_a_public_url_changes_nothing_about_it(tmp_path: Path) -> None:
    """Callbacks and media are told by their public addresses, and still never leave the process."""
    app = RunningApp(
        tmp_path,
        times={"watch_interval": 600_000, "poll": 60_000},
        simulator_speed=200,
        public_url="https://bot.invalid",
    )
    async with app.running() as http:
        first = await app.ended(await app.say("/imagine a red fox"))
        second = await app.ended(await app.say(f"/imagine a blue fox --image {first.jobs[0].id}"))
        assert [JobPhase.DONE] == [job.phase for job in second.jobs]
        assert (await http.get(f"/simulator{API}/generations", headers=KEY)).status_code == 404


def events(logged: list[EventDict]) -> set[str]:
    return {entry["event"] for entry in logged}


async def test_a_full_disk_of_the_simulator_ends_no_process_and_loses_no_job(tmp_path: Path) -> None:
    """What it keeps of references and draws cannot be written for a while; then it can."""
    app = RunningApp(tmp_path, times={"watch_interval": 10, "asset_deadline": 600_000})
    media = tmp_path / "simulator.db.media"
    async with app.running() as http:
        first = await app.ended(await app.say("/imagine a red fox"))
        unwritable(media)
        card = await app.say(f"/imagine a blue fox --image {first.jobs[0].id}")
        other = await app.say("/imagine a green fox")
        with capture_logs() as logged:
            await until(lambda: {"reference_not_recorded", "result_not_stored"} <= events(logged))
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).json()["ready"]
        writable(media)
        for shown in (await app.ended(card), await app.ended(other)):
            assert [JobPhase.DONE] == [job.phase for job in shown.jobs]
