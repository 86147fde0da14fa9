"""Requests with pictures of other origin, over the wire: fetched, checked and paid back."""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.errors import FileUnavailable, FileUnreadable
from tests.media_workers import SharedPool
from tests.simulator.client import ApiClient, served, simulator_at
from tests.simulator.pictures import difference


def _png(colour: str = "orange") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(buffer, "PNG")
    return buffer.getvalue()


@asynccontextmanager
async def _gallery(answers: Sequence[Response | None]) -> AsyncIterator[str]:
    """A place on the web that gives these answers one after the other, the last one for ever."""
    left = list(answers)

    async def show(_: Request) -> Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer or Response(status_code=503)

    async with served(Starlette(routes=[Route("/{name:path}", show)])) as url:
        yield f"{url}/picture.png"


async def _picture_of(caller: ApiClient, generation: dict[str, Any]) -> Image.Image:
    answer = await caller.http.get(generation["assets"]["image"])
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


async def test_a_variation_of_an_own_picture_resembles_it(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, open_pool=SharedPool) as caller:
        first = await caller.ended((await caller.create("a mushroom at sunset", format="png"))["id"])
        url = first["assets"]["image"]
        refs = [{"url": url, "weight": 0.85}]
        second = await caller.ended((await caller.create("sunglasses", image_ref=refs))["id"])
        assert second["request"]["image_ref"] == refs
        reference, variation = await _picture_of(caller, first), await _picture_of(caller, second)
        assert (reference.format, variation.format) == ("PNG", "JPEG")
        assert difference(reference, variation) < 20


async def test_a_reframe_over_the_wire_contains_its_source(tmp_path: Path) -> None:
    async with _gallery([Response(_png())]) as url, simulator_at(tmp_path, open_pool=SharedPool) as caller:
        body = {
            "generation_type": "reframe_image",
            "model": "photon-flash-1",
            "aspect_ratio": "9:16",
            "media": {"url": url},
            "format": "png",
        }
        answer = await caller.call("POST", "/generations/image/reframe", json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["request"] | body == answer.json()["request"]
        picture = await _picture_of(caller, await caller.ended(answer.json()["id"]))
        assert picture.size == (1152, 2048)
        assert picture.getpixel((576, 1024)) == (255, 165, 0)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"media": None}, 422),
        ({"generation_type": "image"}, 422),
        ({"aspect_ratio": None}, 422),
        ({"x_start": 100, "x_end": 100}, 400),
        ({"prompt": "ab"}, 400),
        ({"resized_width": 0}, 422),
    ],
)
async def test_a_reframe_is_checked(tmp_path: Path, change: dict[str, Any], status: int) -> None:
    async with simulator_at(tmp_path) as caller:
        body = {
            "generation_type": "reframe_image",
            "model": "photon-1",
            "aspect_ratio": "1:1",
            "media": {"url": "http://127.0.0.1:9/"},
        }
        answer = await caller.call("POST", "/generations/image/reframe", json={**body, **change})
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "answer", [Response(status_code=404), Response(b"no picture"), Response(b"\0" * 10_000_001), None]
)
async def test_an_unreadable_reference_fails_the_generation_and_is_paid_back(
    tmp_path: Path, answer: Response | None
) -> None:
    async with _gallery([answer]) as url, simulator_at(tmp_path) as caller:
        created = await caller.create("in vain", image_ref=[{"url": url}])
        ended = await caller.ended(created["id"])
        assert (created["failure_reason"], ended["state"]) == (None, "failed")
        assert ended["failure_reason"] == "Failed to read user input frames"
        assert await caller.credit() == 100_000.0


async def test_a_reference_that_comes_at_the_second_try_is_used(tmp_path: Path) -> None:
    async with _gallery([None, Response(_png())]) as url, simulator_at(tmp_path) as caller:
        ended = await caller.ended((await caller.create("patience", style_ref=[{"url": url}]))["id"])
        assert ended["state"] == "completed"


async def test_a_picture_is_drawn_although_its_reference_is_gone(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, open_pool=SharedPool) as caller:
        async with _gallery([Response(_png("blue"))]) as url:
            created = await caller.create("gone by now", modify_image_ref={"url": url, "weight": 1})
            ended = await caller.ended(created["id"])
        red, _, blue = ImageStat.Stat(await _picture_of(caller, ended)).mean
        assert blue > 2 * red


async def test_references_are_read_by_the_fetcher_that_was_given(tmp_path: Path) -> None:
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        if len(asked) == 1:
            raise FileUnavailable
        if "forbidden" in url:
            raise FileUnreadable
        return _png()

    async with simulator_at(tmp_path, fetch=fetch) as caller:
        good = await caller.create("allowed", image_ref=[{"url": "https://a.example/x.png"}])
        assert (await caller.ended(good["id"]))["state"] == "completed"
        bad = await caller.create("not allowed", image_ref=[{"url": "https://a.example/forbidden"}])
        assert (await caller.ended(bad["id"]))["state"] == "failed"
        assert asked == ["https://a.example/x.png"] * 2 + ["https://a.example/forbidden"]
