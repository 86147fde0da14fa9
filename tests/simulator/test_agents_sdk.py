"""The official SDK of the Luma Agents API, unchanged, against the simulator."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args

import httpx
import luma_agents
import pytest
from luma_agents import AsyncLuma, Luma
from luma_agents.types import Generation, GenerationFailureCode
from PIL import Image

from bot.tls import tls_context
from tests.patience import PATIENCE_S
from tests.simulator.client import ApiClient, simulator_at
from tests.simulator.videos import write_source


class Session(NamedTuple):
    sdk: AsyncLuma
    http: httpx.AsyncClient
    simulator: ApiClient


@asynccontextmanager
async def session(folder: Path, key: str = "sdk", **settings: Any) -> AsyncIterator[Session]:
    settings = {"drawn_fps": 1, "speed": 1000} | settings
    async with (
        simulator_at(folder, **settings) as caller,
        httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
        AsyncLuma(
            auth_token=key, base_url=f"{caller.root}/agents/v1", http_client=http, max_retries=0
        ) as sdk,
    ):
        yield Session(sdk, http, caller)


async def ended(sdk: AsyncLuma, created: Generation) -> Generation:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            generation = await sdk.generations.get(created.id)
            if generation.state in ("completed", "failed"):
                return generation
            await asyncio.sleep(0.01)


def drawn() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 180), "teal").save(file, "PNG")
    return file.getvalue()


async def uploaded(at: Session, content: bytes, mime_type: str) -> str:
    created = await at.sdk.files.create(mime_type=mime_type, size_bytes=len(content), purpose="input")
    assert created.state == "pending"
    assert created.upload is not None
    sent = await at.http.put(created.upload.url, content=content, headers=created.upload.headers)
    assert sent.status_code == 200
    await at.sdk.files.complete(created.id)
    async with asyncio.timeout(PATIENCE_S):
        while (await at.sdk.files.get(created.id)).state == "pending":  # noqa: ASYNC110 - polled by the API's design
            await asyncio.sleep(0.01)
    return created.id


async def result(at: Session, created: Generation) -> httpx.Response:
    generation = await ended(at.sdk, created)
    assert generation.state == "completed", generation.failure_reason
    assert generation.output
    return await at.http.get(generation.output[0].url)


async def test_pictures_are_made_from_words_references_and_other_pictures(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        plain = await at.sdk.generations.create(prompt="a fox", model="uni-1", aspect_ratio="3:2")
        assert (plain.type, plain.model) == ("image", "uni-1")
        assert (await result(at, plain)).content.startswith(b"\x89PNG")
        inline = base64.b64encode(drawn()).decode()
        edited = await at.sdk.generations.create(
            prompt="make it snow",
            type="image_edit",
            model="uni-1-max",
            output_format="jpeg",
            source={"generation_id": plain.id},
            image_ref=[{"data": inline, "media_type": "image/png"}],
        )
        assert (await result(at, edited)).content.startswith(b"\xff\xd8")


async def test_videos_are_made_extended_edited_and_reframed(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source.mp4", frames=4).read_bytes()
    async with session(tmp_path) as at:
        picture, video = await uploaded(at, drawn(), "image/png"), await uploaded(at, source, "video/mp4")
        first = await at.sdk.generations.create(
            prompt="it runs",
            type="video",
            model="ray-3.2",
            video={"resolution": "360p", "duration": "5s", "start_frame": {"file_id": picture}},
        )
        assert (await result(at, first)).headers["content-type"] == "video/mp4"
        extended = await at.sdk.generations.create(
            prompt="it sleeps",
            type="video",
            video={"resolution": "360p", "start_frame": {"generation_id": first.id}},
        )
        reframed = await at.sdk.generations.create(
            prompt="more sky",
            type="video_reframe",
            aspect_ratio="9:16",
            source={"file_id": video},
            video={
                "resolution": "360p",
                "source_position": {"x_norm": 0, "y_norm": 0.25, "w_norm": 1, "h_norm": 0.5},
            },
        )
        edited = await at.sdk.generations.create(
            prompt="in winter",
            type="video_edit",
            source={"file_id": video},
            video={"resolution": "360p", "edit": {"strength": "adhere_1"}},
        )
        anchored = await at.sdk.generations.create(
            prompt="in winter",
            type="video_edit",
            source={"generation_id": first.id},
            video={
                "resolution": "360p",
                "edit": {"keyframes": [{"file_id": picture}], "keyframe_indexes": [0]},
            },
        )
        for one in (extended, reframed, edited, anchored):
            assert (await result(at, one)).headers["content-type"] == "video/mp4"


async def test_files_are_listed_in_pages_and_deleted(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        made = [
            (await at.sdk.files.create(mime_type="image/png", size_bytes=9, filename=f"{number}.png")).id
            for number in range(3)
        ]
        page = await at.sdk.files.list(limit=2)
        assert ([made[2], made[1]], True) == ([file.id for file in page.data], page.has_more)
        assert page.next_cursor is not None
        rest = await at.sdk.files.list(limit=2, cursor=page.next_cursor)
        assert ([made[0]], False) == ([file.id for file in rest.data], rest.has_more)
        await at.sdk.files.delete(made[0])
        assert (await at.sdk.files.get(made[0])).state == "deleted"
        with pytest.raises(luma_agents.NotFoundError):
            await at.sdk.files.delete(made[0])


async def test_files_are_chosen_by_purpose_and_state(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        ready = await uploaded(at, drawn(), "image/png")
        pending, gone = [
            (await at.sdk.files.create(mime_type="image/png", size_bytes=9, purpose="reference")).id
            for _ in range(2)
        ]
        await at.sdk.files.delete(gone)
        chosen: list[tuple[dict[str, Any], list[str]]] = [
            ({}, [pending, ready]),
            ({"purpose": "input"}, [ready]),
            ({"purpose": "reference"}, [pending]),
            ({"state": "pending"}, [pending]),
            ({"state": "ready", "purpose": "input"}, [ready]),
            ({"state": "failed"}, []),
            ({"state": "deleted"}, [gone]),
        ]
        for query, ids in chosen:
            assert ids == [file.id for file in (await at.sdk.files.list(**query)).data], query
        with pytest.raises(luma_agents.UnprocessableEntityError):
            await at.sdk.files.list(extra_query={"state": "lost"})


async def test_the_synchronous_client_makes_every_call_too(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        await asyncio.to_thread(_every_call, str(at.sdk.base_url))


def _every_call(base_url: str) -> None:
    with (
        httpx.Client(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http,
        Luma(auth_token="sdk", base_url=base_url, http_client=http, max_retries=0) as sdk,
    ):
        file = sdk.files.create(mime_type="image/png", size_bytes=len(drawn()))
        assert file.upload is not None
        http.put(file.upload.url, content=drawn(), headers=file.upload.headers).raise_for_status()
        assert sdk.files.complete(file.id).state in ("pending", "ready")
        assert [file.id] == [one.id for one in sdk.files.list().data]
        made = sdk.generations.create(prompt="a fox")
        assert made.id == sdk.generations.get(made.id).id
        sdk.files.delete(file.id)
        assert sdk.files.get(file.id).state == "deleted"


async def test_a_generation_fails_with_each_documented_code(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        for code in get_args(GenerationFailureCode):
            await at.simulator.fault("job_failed", reason=code)
            failed = await ended(at.sdk, await at.sdk.generations.create(prompt="a fox"))
            assert ("failed", code) == (failed.state, failed.failure_code)


async def test_a_file_that_cannot_be_decoded_fails_with_its_reason(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        file = await at.sdk.files.get(await uploaded(at, b"no picture", "image/png"))
        assert ("failed", "The file could not be decoded") == (file.state, file.failure_reason)
        with pytest.raises(luma_agents.BadRequestError):
            await at.sdk.generations.create(prompt="a fox", type="image_edit", source={"file_id": file.id})


async def test_a_small_file_is_sent_in_one_call(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        url, key = f"{at.sdk.base_url}files", {"Authorization": "Bearer sdk"}
        picture = drawn()
        sent = await at.http.post(
            url, headers=key, data={"purpose": "reference"}, files={"file": ("fox.png", picture, "image/png")}
        )
        created = sent.json()
        assert (201, "pending", None) == (sent.status_code, created["state"], created["upload"])
        about = {name: created["file"][name] for name in ("mime_type", "size_bytes", "purpose", "filename")}
        assert about == {
            "mime_type": "image/png",
            "size_bytes": len(picture),
            "purpose": "reference",
            "filename": "fox.png",
        }
        async with asyncio.timeout(PATIENCE_S):
            while (await at.sdk.files.get(created["id"])).state == "pending":  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        edited = await at.sdk.generations.create(
            prompt="snow", type="image_edit", source={"file_id": created["id"]}
        )
        assert (await result(at, edited)).content.startswith(b"\x89PNG")
        for wrong in (
            {"files": {"picture": ("fox.png", picture, "image/png")}},
            {"content": b"no form", "headers": key | {"Content-Type": "multipart/form-data; boundary=x"}},
            {"content": b"no form", "headers": key | {"Content-Type": "multipart/form-data"}},
        ):
            assert 400 == (await at.http.post(url, **({"headers": key} | wrong))).status_code
        assert (
            422
            == (await at.http.post(url, headers=key, files={"file": ("a", b"a", "text/plain")})).status_code
        )


REFUSED: list[Any] = [
    {"type": "video", "model": "uni-1"},
    {"type": "image_edit"},
    {"type": "video", "video": {"duration": "10s", "loop": True}},
    {"type": "video", "video": {"duration": "10s", "start_frame": {"url": "https://a.example/a.png"}}},
    {
        "type": "video",
        "video": {"keyframes": [{"url": "https://a.example/a.png"}], "keyframe_indexes": [121]},
    },
    {"type": "video_reframe", "source": {"url": "https://a.example/a.mp4"}},
    {"image_ref": [{"url": "https://a.example/a.png"}] * 10},
    {"image_ref": [{"url": "https://a.example/a.png", "file_id": "1"}]},
    {"image_ref": [{"data": "AAAA"}]},
]


async def test_what_the_api_does_not_accept_is_refused(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        for body in REFUSED:
            with pytest.raises((luma_agents.BadRequestError, luma_agents.UnprocessableEntityError)):
                await at.sdk.generations.create(prompt="a fox", **body)


async def test_moderation_and_a_wrong_key_are_told_as_such(tmp_path: Path) -> None:
    async with session(tmp_path) as at:
        failed = await ended(at.sdk, await at.sdk.generations.create(prompt="a fox #moderation"))
        assert ("failed", "content_moderated") == (failed.state, failed.failure_code)
        with pytest.raises(luma_agents.NotFoundError):
            await at.sdk.generations.get("f25c04db-19f7-4b51-871c-af6ed0b32f55")
    async with session(tmp_path, key="invalid") as at:
        with pytest.raises(luma_agents.AuthenticationError):
            await at.sdk.generations.create(prompt="a fox")
