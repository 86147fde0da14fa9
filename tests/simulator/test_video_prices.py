"""What videos cost: the documented prices, charged exactly, and less once a source turns out shorter."""

import math
from pathlib import Path
from typing import Any

import pytest

from simulator.formats import (
    AspectRatio,
    Duration,
    Resolution,
    VideoModel,
    VideoShape,
    modified_shape,
    requested_shape,
)
from simulator.generations.pricing import modify_price, video_price
from tests.simulator.client import simulator_at
from tests.simulator.videos import create_video, post_video, store_video, write_source

#: in US cents at 16:9, for 5 and for 9 seconds
TABLE = {
    (VideoModel.RAY_2, "540p"): (39.8, 71.7),
    (VideoModel.RAY_2, "720p"): (70.8, 127.4),
    (VideoModel.RAY_2, "1080p"): (159.3, 286.7),
    (VideoModel.RAY_2, "4k"): (637.0, 1146.6),
    (VideoModel.RAY_FLASH_2, "540p"): (13.7, 24.6),
    (VideoModel.RAY_FLASH_2, "720p"): (24.3, 43.8),
    (VideoModel.RAY_FLASH_2, "1080p"): (54.7, 98.5),
    (VideoModel.RAY_FLASH_2, "4k"): (219.0, 394.2),
}


@pytest.mark.parametrize(("video", "cents"), TABLE.items())
def test_videos_cost_what_is_published(video: tuple[VideoModel, str], cents: tuple[float, float]) -> None:
    model, resolution = video
    costs = [
        video_price(model, requested_shape(AspectRatio.LANDSCAPE, Resolution(resolution), length)) / 10_000
        for length in Duration
    ]
    assert costs == pytest.approx(cents, abs=0.06)


@pytest.mark.parametrize(("model", "dollars"), [(VideoModel.RAY_2, 1.75), (VideoModel.RAY_FLASH_2, 0.60)])
def test_modifying_costs_what_is_published(model: VideoModel, dollars: float) -> None:
    shape = VideoShape(width=1280, height=720, duration_ms=5000)
    assert dollars == round(modify_price(model, shape) / 1_000_000, 2)


@pytest.mark.parametrize("resolution", list(Resolution))
@pytest.mark.parametrize("ratio", list(AspectRatio))
def test_the_short_side_has_as_many_pixels_as_the_resolution_says(
    ratio: AspectRatio, resolution: Resolution
) -> None:
    shape = requested_shape(ratio, resolution, Duration.FIVE)
    across, down = (int(part) for part in ratio.value.split(":"))
    assert min(shape.size) == resolution.short_side
    assert shape.width % 2 == shape.height % 2 == 0
    assert math.isclose(shape.width / shape.height, across / down, rel_tol=0.004)
    assert shape.aspect_ratio is ratio


def test_what_is_restyled_is_never_larger_than_its_price_foresees() -> None:
    sizes = [(3840, 2160), (1280, 720), (321, 180), (5000, 500), (720, 4000)]
    shapes = [modified_shape(VideoShape(width=w, height=h, duration_ms=1)).size for w, h in sizes]
    assert shapes == [(1280, 720), (1280, 720), (320, 180), (1680, 168), (302, 1680)]


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        ({"model": "ray-2"}, 707_789),
        ({"model": "ray-2", "resolution": "4k", "duration": "9s"}, 11_466_179),
        ({"model": "ray-flash-2", "resolution": "540p", "aspect_ratio": "1:1"}, 76_983),
    ],
)
async def test_a_video_is_charged_exactly(tmp_path: Path, body: dict[str, Any], cost: int) -> None:
    async with simulator_at(tmp_path, speed=1) as caller:
        await create_video(caller, prompt="what does it cost?", **body)
        assert await caller.credit() == (1_000_000_000 - cost) / 10_000


async def test_sound_and_upscaling_cost_a_video_in_720p_of_the_same_length(tmp_path: Path) -> None:
    at = [0]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1, credit_cents=70.8) as caller:
        video = await create_video(caller, model="ray-2", prompt="the video itself")
        store_video(tmp_path, video, write_source(tmp_path / "source.mp4", frames=4))
        at[0] = 1_000_000
        refused = await post_video(caller, f"/{video['id']}/audio")
        assert (refused.status_code, await caller.credit()) == (402, (708_000 - 707_789) / 10_000)
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        video = await create_video(caller, model="ray-2", prompt="the video itself", key="rich")
        store_video(tmp_path, video, write_source(tmp_path / "source.mp4", frames=4))
        at[0] += 1_000_000
        await create_video(caller, f"/{video['id']}/audio", key="rich")
        left = 1_000_000_000 - 2 * 707_789
        assert await caller.credit(key="rich") == left / 10_000
        await create_video(caller, f"/{video['id']}/upscale", resolution="4k", key="rich")
        assert await caller.credit(key="rich") == (left - 707_789) / 10_000


@pytest.mark.parametrize(
    ("path", "body", "cost"),
    [
        # 2048 by 1152 and one second, of at most ten
        ("reframe", {"model": "ray-2", "aspect_ratio": "16:9"}, 362_388),
        # 320 by 180 and one second, of at most ten
        ("modify", {"model": "ray-2", "mode": "flex_1"}, 21_870),
    ],
)
async def test_a_source_is_paid_for_as_long_as_it_is(
    tmp_path: Path, path: str, body: dict[str, Any], cost: int
) -> None:
    source = write_source(tmp_path / "source.mp4").read_bytes()

    async def fetch(_: str) -> bytes:
        return source

    async with simulator_at(tmp_path, fetch=fetch, speed=10_000) as caller:
        created = await create_video(
            caller, f"/video/{path}", media={"url": "https://a.example/video.mp4"}, **body
        )
        assert (await caller.ended(created["id"]))["state"] == "completed"
        assert await caller.credit() == (1_000_000_000 - cost) / 10_000


@pytest.mark.parametrize("seconds", [None, 11])
async def test_a_source_that_cannot_be_read_or_is_too_long_is_paid_back(
    tmp_path: Path, seconds: int | None
) -> None:
    size = (64, 36)
    path = tmp_path / "source.mp4"
    source = (
        b"not a video" if seconds is None else write_source(path, frames=24 * seconds, size=size).read_bytes()
    )

    async def fetch(_: str) -> bytes:
        return source

    async with simulator_at(tmp_path, fetch=fetch, speed=10_000) as caller:
        body: dict[str, Any] = {
            "media": {"url": "https://a.example/video.mp4"},
            "model": "ray-2",
            "mode": "adhere_1",
        }
        ended = await caller.ended((await create_video(caller, "/video/modify", **body))["id"])
        assert ended["failure_reason"] == "Failed to read user input frames"
        assert await caller.credit() == 100_000.0
        flash = await create_video(caller, "/video/modify", **(body | {"model": "ray-flash-2"}))
        expected = "failed" if seconds is None else "completed"
        assert (await caller.ended(flash["id"]))["state"] == expected
