"""What the Luma Agents client sends, how it uploads, and how it works with the simulator."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from bot.domain.errors import AccountProblem, NotSent, RateLimited, Rejected
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import (
    AspectRatio,
    Duration,
    ImageFormat,
    ImageModel,
    Lane,
    ModifyMode,
    VideoModel,
)
from bot.domain.generations.requests import (
    AnyRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.domain.jobs.failures import FailureCategory, classify_failure
from bot.providers.base import (
    Generation,
    GenerationState,
    Input,
    InputFile,
    InputGeneration,
    Inputs,
    InputUpload,
    LaneLimits,
)
from bot.providers.luma_agents import LumaAgentsProvider
from bot.providers.luma_agents.requests import create
from bot.providers.luma_agents.responses import read_generation
from bot.tls import tls_context
from simulator.settings import SimulatorSettings
from tests.patience import PATIENCE_S
from tests.providers.scripted_api import Act, reply, say_nothing, scripted
from tests.providers.served_simulator import serving
from tests.simulator.videos import write_source

ID = "f25c04db-19f7-4b51-871c-af6ed0b32f55"
PICTURE, OTHER = Reference(job="j1"), Reference(job="j2")
VIDEO = Reference(job="v1", kind=MediaKind.VIDEO)
_LIMITS = dict.fromkeys(Lane, LaneLimits(concurrent=10, per_minute=20))
_RUN = VideoRequest(prompt="it runs", model=VideoModel.RAY_3_2)
_MEDIA: dict[str, Input] = {
    "j1": InputUpload(id="f1"),
    "j2": InputUpload(id="f2"),
    "v1": InputGeneration(id="g1"),
}


def content_of(data: bytes, name: str = "a", mime: str = "image/png") -> InputFile:
    async def opened() -> io.BytesIO:
        return io.BytesIO(data)

    return InputFile(name=name, mime=mime, size=len(data), open=opened)


@asynccontextmanager
async def account(url: str, key: str = "agents", **options: Any) -> AsyncIterator[LumaAgentsProvider]:
    provider = LumaAgentsProvider(
        api_key=SecretStr(key), account="a1", base_url=url, limits=_LIMITS, **options
    )
    try:
        yield provider
    finally:
        await provider.close()


def video(**fields: Any) -> dict[str, Any]:
    return {
        "type": "video",
        "model": "ray-3.2",
        "prompt": "it runs",
        "aspect_ratio": "16:9",
        "user_id": "someone",
        "video": {"resolution": "720p", "duration": "5s", **fields},
    }


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (
            ImageRequest(
                prompt="a fox",
                model=ImageModel.UNI_1,
                aspect_ratio=AspectRatio.PHOTO,
                format=ImageFormat.PNG,
                image_refs=(PICTURE, OTHER),
            ),
            {
                "type": "image",
                "model": "uni-1",
                "prompt": "a fox",
                "aspect_ratio": "3:2",
                "output_format": "png",
                "image_ref": [{"file_id": "f1"}, {"file_id": "f2"}],
                "user_id": "someone",
            },
        ),
        (
            ImageRequest(prompt="in snow", model=ImageModel.UNI_1_MAX, modify_ref=PICTURE),
            {
                "type": "image_edit",
                "model": "uni-1-max",
                "prompt": "in snow",
                "aspect_ratio": "16:9",
                "output_format": "jpeg",
                "source": {"file_id": "f1"},
                "user_id": "someone",
            },
        ),
        (_RUN.model_copy(update={"loop": True}), video(loop=True)),
        (
            _RUN.model_copy(update={"start": PICTURE, "end": OTHER}),
            video(start_frame={"file_id": "f1"}, end_frame={"file_id": "f2"}),
        ),
        (_RUN.model_copy(update={"start": VIDEO}), video(start_frame={"generation_id": "g1"})),
        (
            _RUN.model_copy(update={"end": OTHER, "duration": Duration.TEN}),
            video(duration="10s", keyframes=[{"file_id": "f2"}], keyframe_indexes=[240]),
        ),
        (
            ReframeVideoRequest(
                source=PICTURE,
                model=VideoModel.RAY_3_2,
                aspect_ratio=AspectRatio.PORTRAIT,
                grid_position_x=0,
                grid_position_y=512,
                resized_width=1152,
                resized_height=1024,
            ),
            {
                "type": "video_reframe",
                "model": "ray-3.2",
                "prompt": "The same scene goes on beyond the frame",
                "aspect_ratio": "9:16",
                "source": {"file_id": "f1"},
                "user_id": "someone",
                "video": {
                    "resolution": "720p",
                    "source_position": {"x_norm": 0, "y_norm": 0.25, "w_norm": 1, "h_norm": 0.5},
                },
            },
        ),
        (
            ModifyVideoRequest(
                source=PICTURE,
                model=VideoModel.RAY_3_2,
                prompt="in winter",
                mode=ModifyMode.ADHERE_2,
                first_frame=OTHER,
            ),
            {
                "type": "video_edit",
                "model": "ray-3.2",
                "prompt": "in winter",
                "source": {"file_id": "f1"},
                "user_id": "someone",
                "video": {
                    "resolution": "720p",
                    "edit": {"strength": "adhere_2"},
                    "start_frame": {"file_id": "f2"},
                },
            },
        ),
    ],
)
def test_each_request_is_written_as_documented(request_: AnyRequest, body: Mapping[str, Any]) -> None:
    assert body == create(request_, media=_MEDIA, contents={}, end_user="someone")


def test_what_the_api_cannot_make_is_not_written() -> None:
    half = ReframeVideoRequest(
        source=PICTURE, model=VideoModel.RAY_3_2, aspect_ratio=AspectRatio.SQUARE, grid_position_x=5
    )
    picture = ReframeImageRequest(source=PICTURE, aspect_ratio=AspectRatio.SQUARE)
    missing = _RUN.model_copy(update={"start": Reference(job="gone")})
    for request in (half, picture, missing):
        with pytest.raises(Rejected):
            create(request, media=_MEDIA, contents={}, end_user="")


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("content_moderated", FailureCategory.MODERATION),
        ("generation_failed", FailureCategory.SERVICE),
        ("budget_exhausted", FailureCategory.SERVICE),
        ("output_not_found", FailureCategory.INPUT_UNREACHABLE),
        ("image_too_large", FailureCategory.INPUT_REFUSED),
        ("unsupported_format", FailureCategory.INPUT_REFUSED),
        ("corrupt_input", FailureCategory.INPUT_REFUSED),
        ("invalid_request", FailureCategory.REJECTED),
        ("rate_limited", FailureCategory.SERVICE),
        ("something_new", FailureCategory.UNKNOWN),
        (None, FailureCategory.UNKNOWN),
    ],
)
def test_each_failure_code_has_its_category(code: str | None, category: FailureCategory) -> None:
    document = {"id": ID, "state": "failed", "failure_code": code, "failure_reason": "Something is wrong"}
    generation = read_generation(document)
    assert generation is not None
    assert category is classify_failure(generation.failure_reason, generation.failure_category).category
    assert (code == "budget_exhausted") is generation.stops_account


def test_odd_fields_of_a_generation_are_skipped() -> None:
    oddities: tuple[object, ...] = (None, 5, "x", [], [None], [{}], [{"url": 5}], {"url": "x"})
    for odd in oddities:
        generation = read_generation({"id": ID, "state": "completed", "output": odd, "created_at": odd})
        assert generation is not None
        assert (None, None) == (generation.asset_url, generation.created_at)


async def test_a_small_picture_is_part_of_the_create() -> None:
    async with (
        scripted(reply(201, {"id": ID, "state": "queued"})) as api,
        account(f"{api.url}/v1") as provider,
    ):
        request = ImageRequest(prompt="a fox", model=ImageModel.UNI_1, image_refs=(PICTURE,))
        media = await provider.upload({"j1": content_of(b"abc")})
        await provider.submit(request, media=media, callback_url=None)
    (received,) = api.received
    assert [{"data": "YWJj", "media_type": "image/png"}] == received.document["image_ref"]


async def test_pictures_beyond_what_a_create_holds_are_uploaded() -> None:
    large = content_of(b"x" * 2_500_000, name="large")
    async with uploads(*uploading(reply(200, {"id": "f1", "state": "ready"}))) as (provider, _):
        sent = await provider.upload({"j1": large, "j2": content_of(b"y" * 2_500_000, name="other")})
    assert {"j1": large, "j2": InputUpload(id="f1")} == sent


def uploading(*rest: Act) -> list[Act]:
    """An upload at a server whose address is only known once it runs."""
    return [reply(200), reply(200, {"id": "f1", "state": "pending"}), *rest]


@asynccontextmanager
async def uploads(*acts: Act, **options: Any) -> AsyncIterator[tuple[LumaAgentsProvider, Any]]:
    async with scripted(*acts) as api, account(f"{api.url}/v1", **options) as provider:
        upload = {"method": "PUT", "url": f"{api.url}/put/f1", "headers": {"X-Signed": "yes"}}
        api.acts.insert(0, reply(201, {"id": "f1", "state": "pending", "upload": upload}))
        yield provider, api


CLIP = content_of(b"a film", name="clip", mime="video/mp4")


async def test_a_video_is_uploaded_once_and_its_key_stays_out_of_the_upload() -> None:
    async with uploads(*uploading(reply(200, {"id": "f1", "state": "ready"}))) as (provider, api):
        for _ in range(2):
            assert {"v": InputUpload(id="f1")} == await provider.upload({"v": CLIP}, end_user="someone")
    announced, sent, completed, looked = api.received
    assert {"mime_type": "video/mp4", "size_bytes": 6, "purpose": "input", "user_id": "someone"}.items() <= (
        announced.document.items()
    )
    assert ("PUT", "/put/f1", b"a film", "yes") == (
        sent.method,
        sent.target,
        sent.body,
        sent.headers["x-signed"],
    )
    assert "authorization" not in sent.headers
    assert ("/v1/files/f1/complete", "/v1/files/f1") == (completed.target, looked.target)


async def test_an_upload_that_takes_long_goes_on_without_its_caller() -> None:
    async with uploads(
        reply(200),
        reply(200, {"id": "f1", "state": "pending"}),
        reply(200, {"id": "f1", "state": "ready"}),
        upload_wait_s=0.01,
    ) as (provider, _):
        async with asyncio.timeout(PATIENCE_S):
            waited = 0
            while True:
                try:
                    assert {"v": InputUpload(id="f1")} == await provider.upload({"v": CLIP})
                except NotSent:
                    waited += 1
                else:
                    break
        assert waited


async def test_a_file_that_the_api_refuses_is_final_and_another_job_may_try_again() -> None:
    refused = {"id": "f1", "state": "failed", "failure_reason": "This picture was refused by moderation"}
    async with uploads(*uploading(reply(200, refused))) as (provider, api):
        with pytest.raises(Rejected, match="refused by moderation"):
            await provider.upload({"v": CLIP})
        api.acts.append(reply(503))
        with pytest.raises(NotSent):
            await provider.upload({"v": CLIP})


async def test_a_file_that_the_api_has_lost_is_uploaded_again_for_the_next_job() -> None:
    request = ModifyVideoRequest(source=VIDEO, model=VideoModel.RAY_3_2, prompt="in winter", mode="flex_1")
    ready = reply(200, {"id": "f1", "state": "ready"})
    lost = reply(400, {"error": {"code": "invalid_request", "message": "File f1 is not ready"}})
    async with uploads(reply(200), ready, lost) as (provider, api):
        first = await provider.upload({"v1": CLIP})
        with pytest.raises(Rejected, match="not ready"):
            await provider.submit(request, media=first, callback_url=None)
        upload = {"method": "PUT", "url": f"{api.url}/put/f2", "headers": {}}
        again = [reply(201, {"id": "f2", "state": "pending", "upload": upload}), reply(200)]
        api.acts.extend([*again, reply(200, {"id": "f2", "state": "ready"})])
        assert {"v1": InputUpload(id="f2")} == await provider.upload({"v1": CLIP})


@pytest.mark.parametrize(("status", "error"), [(401, AccountProblem), (429, RateLimited), (500, NotSent)])
async def test_a_refused_upload_says_what_to_do(status: int, error: type[Exception]) -> None:
    async with scripted(reply(status, {})) as api, account(f"{api.url}/v1") as provider:
        with pytest.raises(error):
            await provider.upload({"v": CLIP})


@pytest.mark.parametrize("address", ["http://elsewhere.example/put", "{api}5/put", "{api}.example/put"])
async def test_a_file_is_sent_to_a_safe_address_only(address: str) -> None:
    async with scripted() as api, account(f"{api.url}/v1") as provider:
        upload = {"method": "PUT", "url": address.format(api=api.url), "headers": {}}
        api.acts.append(reply(201, {"id": "f1", "state": "pending", "upload": upload}))
        with pytest.raises(NotSent, match="not safe"):
            await provider.upload({"v": CLIP})


async def test_an_upload_ends_with_its_account() -> None:
    async with scripted(say_nothing) as api:
        async with account(f"{api.url}/v1", upload_wait_s=0.01) as provider:
            with pytest.raises(NotSent):
                await provider.upload({"v": CLIP})
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("upload")]


async def ended(provider: LumaAgentsProvider, created: Generation) -> Generation:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            generation = await provider.get(created.id)
            if generation.state in {GenerationState.COMPLETED, GenerationState.FAILED}:
                return generation
            await asyncio.sleep(0.01)


async def test_the_simulator_makes_what_is_asked_for_without_any_url_of_ours(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (320, 180), "teal").save(file, "PNG")
    picture = content_of(file.getvalue(), name="picture")
    film = content_of(
        write_source(tmp_path / "source.mp4", frames=4).read_bytes(), name="film", mime="video/mp4"
    )
    settings = SimulatorSettings(database=tmp_path / "simulator.db", speed=1000, drawn_fps=1)
    async with serving(settings) as origin, account(f"{origin}/agents/v1") as provider:
        assert origin == provider.origin.rstrip("/")

        async def make(request: AnyRequest, media: Inputs) -> Generation:
            created = await provider.submit(request, media=await provider.upload(media), callback_url=None)
            return await ended(provider, created)

        image = ImageRequest(prompt="a fox", model=ImageModel.UNI_1, image_refs=(PICTURE,))
        clip = _RUN.model_copy(update={"start": PICTURE, "duration": Duration.TEN})
        reframe = ReframeVideoRequest(source=VIDEO, model=VideoModel.RAY_3_2, aspect_ratio=AspectRatio.SQUARE)
        results = [
            await make(image, {"j1": picture}),
            first := await make(clip, {"j1": picture}),
            await make(_RUN.model_copy(update={"start": VIDEO}), {"v1": InputGeneration(id=first.id)}),
            await make(reframe, {"v1": film}),
        ]
        async with httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=PATIENCE_S) as http:
            for one in results:
                assert one.asset_url is not None, one.failure_reason
                assert 200 == (await http.get(one.asset_url)).status_code
        moderated = await make(image.model_copy(update={"prompt": "a fox #moderation"}), {"j1": picture})
        assert FailureCategory.MODERATION is moderated.failure_category
        assert await provider.check() is None
        async with account(f"{origin}/agents/v1", key="invalid") as wrong:
            with pytest.raises(AccountProblem):
                await wrong.check()
