"""The official SDK, unchanged, against the simulator: all its calls, in both its shapes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx
import lumaai
import pytest
from lumaai import AsyncLumaAI, LumaAI
from lumaai.types import Generation

from bot.tls import tls_context
from simulator.ports import Fetch
from tests.patience import PATIENCE_S
from tests.simulator.client import simulator_at
from tests.simulator.videos import store_video, write_source

Result = TypeVar("Result")


async def test_the_asynchronous_sdk_makes_finds_and_deletes_pictures(tmp_path: Path) -> None:
    async with (
        simulator_at(tmp_path) as caller,
        httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
        AsyncLumaAI(auth_token="luma-sdk", base_url=caller.base_url, http_client=http) as sdk,
    ):
        assert (await sdk.ping.check()).message == "pong"
        created = await sdk.generations.image.create(
            model="photon-1", prompt="a teddy bear in sunglasses", aspect_ratio="3:4"
        )
        assert (created.generation_type, created.failure_reason) == ("image", None)
        first = await _ended(sdk, created)
        assert first.assets is not None
        assert first.assets.image is not None
        assert (await http.get(first.assets.image)).content.startswith(b"\xff\xd8")
        reframed = await sdk.generations.image.reframe(
            generation_type="reframe_image",
            model="photon-flash-1",
            aspect_ratio="21:9",
            media={"url": first.assets.image},
            format="png",
        )
        second = await _ended(sdk, reframed)
        assert second.assets is not None
        assert second.assets.image is not None
        assert (await http.get(second.assets.image)).content.startswith(b"\x89PNG")
        listed = await sdk.generations.list(limit=10)
        assert [one.id for one in listed.generations] == [second.id, first.id]
        assert listed.has_more is False
        assert first.id is not None
        await sdk.generations.delete(first.id)
        with pytest.raises(lumaai.NotFoundError):
            await sdk.generations.get(first.id)
        assert (await sdk.credits.get()).credit_balance < 100_000


async def test_the_synchronous_sdk_makes_finds_and_deletes_pictures(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        await asyncio.to_thread(_use_synchronously, caller.base_url)


def _use_synchronously(base_url: str) -> None:
    with (
        httpx.Client(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
        LumaAI(auth_token="luma-sdk", base_url=base_url, http_client=http) as sdk,
    ):
        assert sdk.ping.check().message == "pong"
        done = sdk.generations.image.create(model="photon-1", prompt="a guitar in the desert", sync=True)
        assert (done.state, done.model) == ("completed", "photon-v1.0")
        assert done.assets is not None
        assert done.assets.image is not None
        assert http.get(done.assets.image).content.startswith(b"\xff\xd8")
        varied = sdk.generations.image.create(
            model="photon-1",
            prompt="sunglasses",
            image_ref=[{"url": done.assets.image, "weight": 0.85}],
            callback_url="http://127.0.0.1:9/",
            sync=True,
        )
        assert varied.state == "completed"
        reframed = sdk.generations.image.reframe(
            generation_type="reframe_image",
            model="photon-1",
            aspect_ratio="1:1",
            media={"url": done.assets.image},
        )
        assert reframed.id is not None
        assert sdk.generations.get(reframed.id).id == reframed.id
        assert [one.id for one in sdk.generations.list().generations] == [reframed.id, varied.id, done.id]
        sdk.generations.delete(reframed.id)
        with pytest.raises(lumaai.NotFoundError):
            sdk.generations.get(reframed.id)
        assert sdk.credits.get().credit_balance < 100_000


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda sdk: sdk.generations.image.create(model="photon-1", prompt="ab"), lumaai.BadRequestError),
        (
            lambda sdk: sdk.generations.image.create(model="photon-9", prompt="abc"),
            lumaai.UnprocessableEntityError,
        ),
        (lambda sdk: sdk.generations.video.create(model="ray-2"), lumaai.BadRequestError),
        (lambda sdk: sdk.generations.upscale(str(uuid4())), lumaai.NotFoundError),
        (lambda sdk: sdk.with_options(auth_token="invalid").credits.get(), lumaai.AuthenticationError),
    ],
)
async def test_the_sdk_understands_refusals(
    tmp_path: Path, call: Callable[[LumaAI], object], error: type[Exception]
) -> None:
    def use(base_url: str) -> None:
        with (
            httpx.Client(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
            LumaAI(auth_token="luma-sdk", base_url=base_url, http_client=http) as sdk,
            pytest.raises(error),
        ):
            call(sdk)

    async with simulator_at(tmp_path) as caller:
        await asyncio.to_thread(use, caller.base_url)


async def test_the_asynchronous_sdk_makes_and_edits_videos(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source.mp4", frames=4)
    async with (
        simulator_at(tmp_path, fetch=_reading(source), speed=10_000) as caller,
        httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
        AsyncLumaAI(auth_token="luma-sdk", base_url=caller.base_url, http_client=http) as sdk,
    ):
        assert "dolly_zoom" in await sdk.generations.concepts.list()
        video = await _ended(
            sdk,
            await sdk.generations.create(
                model="ray-flash-2",
                prompt="a teddy bear in sunglasses",
                resolution="540p",
                duration="5s",
                aspect_ratio="1:1",
                loop=True,
                concepts=[{"key": "handheld"}],
            ),
        )
        store_video(tmp_path, {"id": video.id}, source)
        identifier = str(video.id)
        made = [
            await sdk.generations.video.create(
                model="ray-2", prompt="and on", keyframes={"frame0": {"type": "generation", "id": identifier}}
            ),
            await sdk.generations.video.reframe(
                generation_type="reframe_video",
                model="ray-2",
                aspect_ratio="9:16",
                media={"url": "https://a.example/video.mp4"},
            ),
            await sdk.generations.video.modify(
                generation_type="modify_video",
                model="ray-flash-2",
                mode="flex_1",
                media={"url": "https://a.example/video.mp4"},
            ),
            await sdk.generations.upscale(identifier, resolution="4k"),
            await sdk.generations.audio(identifier, prompt="waves"),
        ]
        for one in made:
            done = await _ended(sdk, one)
            assert done.generation_type == "video"
            assert done.assets is not None
            assert done.assets.video is not None
            assert done.assets.image is not None
        assert len((await sdk.generations.list(limit=10)).generations) == 6
        await sdk.generations.delete(identifier)
        with pytest.raises(lumaai.NotFoundError):
            await sdk.generations.get(identifier)


async def test_the_synchronous_sdk_makes_and_edits_videos(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source.mp4", frames=4)
    async with simulator_at(tmp_path, fetch=_reading(source), speed=10_000) as caller:
        await asyncio.to_thread(_create_synchronously, caller.base_url, tmp_path, source)


def _create_synchronously(base_url: str, folder: Path, source: Path) -> None:
    with (
        httpx.Client(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
        LumaAI(auth_token="luma-sdk", base_url=base_url, http_client=http) as sdk,
    ):
        assert "orbit_left" in sdk.generations.concepts.list()
        created = sdk.generations.video.create(model="ray-2", prompt="a fox in autumn")
        identifier = str(created.id)
        store_video(folder, {"id": identifier}, source)
        while (video := sdk.generations.get(identifier)).state != "completed":
            assert video.state != "failed"
        made = [
            sdk.generations.create(
                model="ray-2", prompt="before", keyframes={"frame1": {"type": "generation", "id": identifier}}
            ),
            sdk.generations.video.reframe(
                generation_type="reframe_video",
                model="ray-flash-2",
                aspect_ratio="1:1",
                media={"url": "https://a.example/video.mp4"},
            ),
            sdk.generations.video.modify(
                generation_type="modify_video",
                model="ray-2",
                mode="reimagine_3",
                prompt="a neon city",
                media={"url": "https://a.example/video.mp4"},
            ),
            sdk.generations.upscale(identifier),
            sdk.generations.audio(identifier, negative_prompt="voices"),
        ]
        listed = sdk.generations.list().generations
        assert [one.id for one in listed] == [*(one.id for one in reversed(made)), identifier]
        assert {one.generation_type for one in listed} == {"video"}
        sdk.generations.delete(identifier)
        with pytest.raises(lumaai.NotFoundError):
            sdk.generations.get(identifier)


def _reading(path: Path) -> Fetch:
    content = path.read_bytes()

    async def fetch(_: str) -> bytes:
        return content

    return fetch


async def test_a_lost_answer_makes_the_sdk_pay_twice(tmp_path: Path) -> None:
    """It repeats a create on its own: the very thing that our own client must never do."""
    async with (
        simulator_at(tmp_path) as caller,
        httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
        AsyncLumaAI(auth_token="luma-sdk", base_url=caller.base_url, http_client=http) as sdk,
    ):
        await caller.fault("lost_answer")
        await sdk.generations.image.create(model="photon-1", prompt="once, please")
        assert len((await sdk.generations.list()).generations) == 2


async def _ended(sdk: AsyncLumaAI, generation: Generation) -> Generation:
    assert generation.id is not None
    async with asyncio.timeout(PATIENCE_S):
        while generation.state not in ("completed", "failed"):
            await asyncio.sleep(0.01)
            generation = await sdk.generations.get(str(generation.id))
    assert generation.state == "completed", generation.failure_reason
    return generation
