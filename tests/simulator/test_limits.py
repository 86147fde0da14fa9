"""Limits and money of the simulator: exact, also when everybody comes at once."""

import asyncio
from pathlib import Path

import pytest

from simulator.generations.usage_stats import LaneUsage, SlotSpan, usage_by_lane
from tests.simulator.client import STILL, ApiClient, simulator_at

#: of photon-1 at 16:9, in micro-dollars: 7,300 per megapixel, 2048 by 1152, rounded up
PRICE = 17_223


async def _statuses(caller: ApiClient, count: int) -> list[int]:
    answers = await asyncio.gather(*(caller.post_image(f"picture {number}") for number in range(count)))
    return sorted(answer.status_code for answer in answers)


async def test_no_more_run_at_once_than_allowed(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL, image_concurrent=7) as caller:
        assert await _statuses(caller, 20) == [201] * 7 + [429] * 13
        assert (await caller.post_image("of another key", key="another")).status_code == 201


async def test_no_more_are_created_in_a_window_than_allowed(tmp_path: Path) -> None:
    at = [1_000_000]
    async with simulator_at(
        tmp_path, clock_ms=lambda: at[0], speed=1000, image_per_minute=5, window_s=60
    ) as caller:
        assert await _statuses(caller, 12) == [201] * 5 + [429] * 7
        at[0] += 59_999
        refused = await caller.post_image("a moment too early")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        at[0] += 1
        assert await _statuses(caller, 6) == [201] * 5 + [429]


async def test_a_slot_is_free_when_a_generation_has_ended_or_is_deleted(tmp_path: Path) -> None:
    at = [1_000_000]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1, image_concurrent=1) as caller:
        first = await caller.create("the only one")
        refused = await caller.post_image("one too many")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 15
        await caller.call("DELETE", f"/generations/{first['id']}")
        await caller.create("the next one")
        at[0] += 15_000
        assert (await caller.post_image("the one after that")).status_code == 201


async def test_the_documented_limits_are_the_default(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        assert await _statuses(caller, 41) == [201] * 40 + [429]


async def test_the_stats_name_the_highest_use(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL, image_concurrent=9, image_per_minute=9) as caller:
        await _statuses(caller, 12)
        await caller.create("of another key", key="another")
        stats = (await caller.control("GET", "/stats")).json()
        assert (stats["created"], stats["highest_concurrent"], stats["highest_per_window"]) == (10, 9, 9)
        assert sorted(lane["highest_concurrent"] for lane in stats["lanes"]) == [1, 9]


@pytest.mark.parametrize(
    ("spans", "concurrent", "per_window"),
    [
        ([(0, 10), (10, 20), (20, 30)], 1, 1),
        ([(0, 10), (5, 15), (9, 12)], 3, 2),
        ([(0, None), (100, None)], 2, 1),
        ([(0, 1), (1, 2), (6, 7), (7, 8), (8, 9)], 1, 4),
    ],
)
def test_peaks_follow_from_when_slots_were_held(
    spans: list[tuple[int, int | None]], concurrent: int, per_window: int
) -> None:
    """Windows of 8 ms are half open: a create exactly one window later counts in the next."""
    held = [SlotSpan(account="a", lane="image", start=start, end=end) for start, end in spans]
    assert usage_by_lane(held, 8) == [
        LaneUsage(account="a", lane="image", created=len(spans), concurrent=concurrent, per_window=per_window)
    ]


async def test_creates_are_charged_exactly(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL, credit_cents=10.0) as caller:
        assert await _statuses(caller, 8) == [201] * 5 + [402] * 3
        assert await caller.credit() == (100_000 - 5 * PRICE) / 10_000
        refused = await caller.post_image("one too dear")
        assert "credits" in refused.json()["detail"]


async def test_a_failed_generation_is_paid_back_once(tmp_path: Path) -> None:
    at = [1_000_000]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1, credit_cents=10.0) as caller:
        await caller.create("something good")
        await caller.create("something bad #fail")
        assert await caller.credit() == (100_000 - 2 * PRICE) / 10_000
        at[0] += 20_000
        assert [await caller.credit() for _ in range(3)] == [(100_000 - PRICE) / 10_000] * 3


async def test_money_paid_back_can_be_spent_without_asking_for_the_balance(tmp_path: Path) -> None:
    at = [1_000_000]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1, credit_cents=2.0) as caller:
        await caller.create("this will fail #fail")
        assert (await caller.post_image("not yet")).status_code == 402
        at[0] += 20_000
        assert (await caller.post_image("and now")).status_code == 201
