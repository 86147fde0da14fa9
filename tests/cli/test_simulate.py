"""`reverie simulate` with its options, as a process of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.running import complaint, reverie, running
from tests.patience import PATIENCE_S

HEADERS = {"authorization": "Bearer luma-1"}


@contextmanager
def _simulated(folder: Path, *options: str) -> Iterator[httpx.Client]:
    folder.mkdir(exist_ok=True)
    with running(folder, "simulate", "--port", "0", *options) as found:
        base_url = f"http://127.0.0.1:{found.port}/dream-machine/v1"
        with httpx.Client(base_url=base_url, headers=HEADERS, trust_env=False, timeout=60) as http:
            yield http


def _created(http: httpx.Client, **body: Any) -> httpx.Response:
    return http.post("/generations/image", json={"prompt": "a quiet lake", "model": "photon-1", **body})


def test_its_options_set_credit_limits_lag_and_faults(tmp_path: Path) -> None:
    with _simulated(
        tmp_path / "one",
        *("--credits", "250.5", "--image-limit", "2", "--video-limit", "9/1", "--list-lag", "600"),
        *("--fault", "server_error", "--fault", "moderation:2"),
    ) as http:
        assert http.get("/credits").json() == {"credit_balance": 250.5}
        assert [_created(http).status_code for _ in range(4)] == [500, 201, 201, 429]
        video = {"prompt": "a quiet lake", "model": "ray-2"}
        statuses = [http.post("/generations", json=video).status_code for _ in range(2)]
        assert statuses == [201, 429]
        assert http.get("/generations").json()["generations"] == []
        control = http.get(f"{str(http.base_url).partition('/dream')[0]}/control/generations").json()
        assert [one["fault"] for one in control["generations"]] == ["moderation", "moderation", None]


def test_a_seed_makes_ids_and_pictures_follow_from_the_requests(tmp_path: Path) -> None:
    seen: list[tuple[list[str], bytes]] = []
    for folder, seed in (("one", "7"), ("two", "7"), ("three", "8")):
        with _simulated(tmp_path / folder, "--seed", seed, "--speed", "1000") as http:
            done = [_created(http, sync=True).json() for _ in range(2)]
            picture = http.get(done[1]["assets"]["image"]).content
            seen.append(([one["id"] for one in done], picture))
    assert seen[0] == seen[1]
    assert len(set(seen[0][0])) == 2
    assert seen[0][0] != seen[2][0]
    assert seen[0][1] != seen[2][1]


def test_offline_it_draws_what_it_cannot_fetch(tmp_path: Path) -> None:
    fields = {"image_ref": [{"url": "http://tiger.invalid/snow.jpg"}], "sync": True}
    with _simulated(tmp_path / "plain", "--speed", "1000") as http:
        assert _created(http, **fields).json()["failure_reason"] == "Failed to read user input frames"
    with _simulated(tmp_path / "offline", "--speed", "1000", "--offline-media") as http:
        assert _created(http, **fields).json()["state"] == "completed"


@pytest.mark.parametrize("keeps_id", [True, False])
def test_edits_keep_the_generation_of_their_video_where_it_is_asked_for(
    tmp_path: Path, *, keeps_id: bool
) -> None:
    options = ("--speed", "1000", *(("--edits-keep-id",) if keeps_id else ()))
    with _simulated(tmp_path / "one", *options) as http:
        video = {"prompt": "a quiet lake", "model": "ray-flash-2", "resolution": "540p"}
        source = http.post("/generations", json=video).json()["id"]
        deadline = time.monotonic() + PATIENCE_S
        while http.get(f"/generations/{source}").json()["state"] != "completed":
            assert time.monotonic() < deadline
        larger = http.post(f"/generations/{source}/upscale", json={"resolution": "720p"}).json()
        assert keeps_id is (larger["id"] == source)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--credits -1", "'--credits'"),
        ("--credits nan", "'--credits'"),
        ("--speed inf", "'--speed'"),
        ("--list-lag soon", "'--list-lag'"),
        ("--image-limit many", "write it like 10, or 10/20"),
        ("--video-limit 3/", "write it like 10, or 10/20"),
        ("--fault flood", "write one of slow, unauthorized"),
        ("--fault stuck:none", "write it like stuck or stuck:3"),
        ("--fault stuck:0", "write it like stuck or stuck:3"),
        ("--seed luck", "'--seed'"),
        ("--offline", "No such option: --offline"),
    ],
)
def test_a_wrong_value_names_the_right_call(arguments: str, words: str, tmp_path: Path) -> None:
    line = complaint(reverie(tmp_path, "simulate", *arguments.split()), 2)
    assert words in line
    assert line.endswith("(reverie simulate --help shows how)")
