"""Faults on demand: each does what it says, to whom it is meant for, as often as ordered."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.simulator.client import STILL, ApiClient, simulator_at


async def _made(caller: ApiClient) -> int:
    return len((await caller.control("GET", "/generations")).json()["generations"])


async def test_a_lost_answer_leaves_a_generation_and_no_word(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault("lost_answer")
        with pytest.raises(httpx.RemoteProtocolError):
            await caller.post_image("was anybody there?")
        (found,) = (await caller.page())["generations"]
        assert found["request"]["prompt"] == "was anybody there?"
        assert (await caller.create("yes, now"))["id"] != found["id"]


@pytest.mark.parametrize(
    ("kind", "status", "made"),
    [
        ("server_error", 500, 0),
        ("server_error_after", 500, 1),
        ("rate_limit", 429, 0),
        ("no_credits", 402, 0),
        ("unauthorized", 401, 0),
    ],
)
async def test_a_refusal_strikes_before_or_after_the_work(
    tmp_path: Path, kind: str, status: int, made: int
) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        await caller.fault(kind)
        answer = await caller.post_image("a fine prompt")
        assert (answer.status_code, await _made(caller)) == (status, made)
        assert (await caller.post_image("a fine prompt")).status_code == 201


async def test_a_rate_limit_names_when_to_come_back(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault("rate_limit", ms=7000)
        assert (await caller.post_image("too eager")).headers["retry-after"] == "7"


async def test_garbage_is_a_success_that_cannot_be_read(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        await caller.fault("garbage")
        answer = await caller.post_image("what was that?")
        assert answer.status_code == 201
        with pytest.raises(ValueError, match="Unterminated"):
            answer.json()
        assert await _made(caller) == 1


async def test_a_slow_answer_comes_late(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        await caller.fault("slow", ms=60_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await caller.post_image("patience")
        await caller.fault("slow", ms=1)
        assert (await caller.post_image("no patience")).status_code == 201


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"kind": "moderation"}, "Advanced prompt moderation failed"),
        ({"kind": "moderation", "reason": "Contains blacklisted words"}, "Contains blacklisted words"),
        ({"kind": "prompt_failed"}, "Prompt processing failed"),
        ({"kind": "job_failed", "reason": "Error dispatching job"}, "Error dispatching job"),
    ],
)
async def test_a_generation_fails_for_the_documented_reason(
    tmp_path: Path, order: dict[str, Any], reason: str
) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault(**order)
        created = await caller.create("doomed from the start")
        ended = await caller.ended(created["id"])
        assert (created["failure_reason"], ended["state"]) == (None, "failed")
        assert (ended["failure_reason"], ended["assets"]) == (reason, None)


@pytest.mark.parametrize(
    ("word", "state", "reason"),
    [
        ("#moderation", "failed", "Advanced prompt moderation failed"),
        ("#FAIL", "failed", "Job failed"),
        ("#stuck", "dreaming", None),
        ("#slow", "dreaming", None),
        ("#fine", "completed", None),
    ],
)
async def test_magic_words_do_what_they_say(
    tmp_path: Path, word: str, state: str, reason: str | None
) -> None:
    at = [0]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        created = await caller.create(f"a quiet day {word}")
        at[0] = 20_000
        found = await caller.get(created["id"])
        assert (found["state"], found["failure_reason"]) == (state, reason)
        at[0] = 100_000
        assert (await caller.get(created["id"]))["state"] == ("completed" if word == "#slow" else state)


async def test_a_vanished_generation_is_nowhere(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault("vanish")
        identifier = (await caller.create("now you see me"))["id"]
        statuses = [
            (await caller.call(method, f"/generations/{identifier}")).status_code
            for method in ("GET", "DELETE")
        ]
        assert statuses == [404, 404]
        assert (await caller.page())["generations"] == []


async def test_a_state_that_nobody_knows_is_left_for_a_known_end(tmp_path: Path) -> None:
    at = [0]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        await caller.fault("unknown_state")
        created = await caller.create("a finishing touch")
        assert created["state"] == "polishing"
        at[0] = 20_000
        assert (await caller.get(created["id"]))["state"] == "completed"


@pytest.mark.parametrize(("kind", "status"), [("expired_asset", 403), ("broken_asset", 200)])
async def test_a_finished_file_may_be_of_no_use(tmp_path: Path, kind: str, status: int) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault(kind)
        done = await caller.ended((await caller.create("look, but do not touch"))["id"])
        answers = [await caller.http.get(done["assets"]["image"]) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [status] * 2
        assert not answers[0].content.startswith(b"\xff\xd8")


async def test_an_asset_error_passes(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault("asset_error", times=2)
        done = await caller.ended((await caller.create("third time lucky"))["id"])
        answers = [await caller.http.get(done["assets"]["image"]) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 503, 200]


async def test_a_list_error_leaves_other_calls_alone(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault("list_error")
        await caller.create("not affected")
        statuses = [(await caller.call("GET", "/generations")).status_code for _ in range(2)]
        assert statuses == [500, 200]


async def test_a_refusal_may_be_meant_for_any_call(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault("unauthorized", on="any", times=4)
        statuses = [
            (await caller.call("GET", path)).status_code for path in ("/ping", "/credits", "/generations")
        ]
        assert statuses == [401] * 3
        assert (await caller.post_image("still refused")).status_code == 401
        assert (await caller.call("GET", "/ping")).status_code == 200


async def test_a_fault_strikes_as_often_as_ordered_under_load(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        await caller.fault("server_error", times=5)
        answers = await asyncio.gather(*(caller.post_image(f"number {n}") for n in range(20)))
        assert sorted(answer.status_code for answer in answers) == [201] * 15 + [500] * 5
        assert (await caller.control("GET", "/faults")).json() == {"faults": []}


async def test_a_fault_strikes_only_whom_it_is_meant_for(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        await caller.fault("server_error", key="another", match="Dragon", times=9)
        statuses = [
            (await caller.post_image(prompt, key=key)).status_code
            for prompt, key in (
                ("a red dragon", "luma-test-key"),
                ("a red cat", "another"),
                ("a red dragon", "another"),
            )
        ]
        assert statuses == [201, 201, 500]


async def test_faults_are_shown_without_their_key_and_forgotten_on_demand(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        await caller.fault("stuck", key="my-secret-key", times=3)
        shown = await caller.control("GET", "/faults")
        (fault,) = shown.json()["faults"]
        assert (fault["kind"], fault["times"], fault["on"]) == ("stuck", 3, "create")
        assert "my-secret-key" not in shown.text
        assert (await caller.control("DELETE", "/faults")).status_code == 204
        assert (await caller.control("GET", "/faults")).json() == {"faults": []}


async def test_an_unknown_fault_is_refused(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        answer = await caller.control("POST", "/faults", json={"kind": "earthquake"})
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "kind"])


async def test_orders_outlive_a_restart(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await caller.fault("no_credits")
    async with simulator_at(tmp_path) as caller:
        assert (await caller.post_image("after the restart")).status_code == 402
