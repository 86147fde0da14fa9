"""References that cannot be fetched are drawn, where the settings say so."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from simulator.errors import FileUnavailable, FileUnreadable
from tests.media_workers import SharedPool
from tests.simulator.client import simulator_at
from tests.simulator.videos import create_video, decode, difference, download_video

OFFLINE: dict[str, Any] = {
    "offline_media": True,
    "drawn_fps": 2,
    "speed": 10_000,
    "open_pool": SharedPool,
}
URL = "https://nowhere.example/tiger.jpg"


@pytest.mark.parametrize("error", [FileUnavailable, FileUnreadable, TimeoutError])
async def test_each_address_is_asked_once_and_drawn_the_same_every_time(
    tmp_path: Path, error: type[Exception]
) -> None:
    asked: list[str] = []

    async def unreachable(url: str) -> bytes:
        asked.append(url)
        raise error

    async with simulator_at(tmp_path, fetch=unreachable, **OFFLINE) as caller:
        shown = []
        for _ in range(2):
            made = await caller.create("sunglasses", modify_image_ref={"url": URL, "weight": 1.0}, sync=True)
            assert made["state"] == "completed"
            answer = await caller.http.get(made["assets"]["image"])
            shown.append(Image.open(io.BytesIO(answer.content)))
        assert asked == [URL, URL]
        assert difference(*shown) < 25


async def test_a_video_that_cannot_be_fetched_is_drawn(tmp_path: Path) -> None:
    async def unreachable(_: str) -> bytes:
        raise FileUnavailable

    async with simulator_at(tmp_path, fetch=unreachable, **OFFLINE) as caller:
        media: dict[str, Any] = {
            "media": {"url": "https://nowhere.example/boat.mp4"},
            "first_frame": {"url": URL},
        }
        made = await create_video(caller, "/video/modify", model="ray-2", mode="flex_1", **media)
        done = await caller.ended(made["id"])
        assert done["state"] == "completed", done["failure_reason"]
        assert len(decode(await download_video(caller, done)).frames) == 72


async def test_what_was_fetched_is_checked_offline_too(tmp_path: Path) -> None:
    async def no_picture(_: str) -> bytes:
        return b"<html>"

    async with simulator_at(tmp_path, fetch=no_picture, **OFFLINE) as caller:
        made = await caller.create("sunglasses", image_ref=[{"url": URL}], sync=True)
        assert made["failure_reason"] == "Failed to read user input frames"
