"""What the Appy Pie gateway documents beyond the common contract, and its simulator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.domain.generations.media import Reference
from bot.domain.generations.models import VideoModel
from bot.domain.generations.requests import ImageRequest, VideoRequest
from bot.providers.appypie import AppyPieProvider
from bot.providers.base import Generation, GenerationState, Inputs, InputUrl, LaneLimits
from bot.tls import tls_context
from simulator.settings import SimulatorSettings
from tests.patience import PATIENCE_S
from tests.providers.scripted_api import reply, scripted
from tests.providers.served_simulator import serving
from tests.simulator.client import STILL

KEY = "subscription"
ID = "f25c04db-19f7-4b51-871c-af6ed0b32f55"
PICTURE = Reference(url="https://a.example/00034_00.jpg")
REQUEST = VideoRequest(prompt="leaning girl", model=VideoModel.RAY_1_6, start=PICTURE)
MEDIA: Inputs = {PICTURE.key: InputUrl(url="https://a.example/00034_00.jpg")}


@asynccontextmanager
async def account(url: str, key: str = KEY) -> AsyncIterator[AppyPieProvider]:
    limits = LaneLimits(concurrent=10, per_minute=20)
    provider = AppyPieProvider(api_key=SecretStr(key), account="a1", base_url=url, limits=limits)
    try:
        yield provider
    finally:
        await provider.close()


async def submit(provider: AppyPieProvider, media: Inputs = MEDIA) -> Generation:
    return await provider.submit(REQUEST, media=media, callback_url=None)


def web(origin: str, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=origin, headers=headers, trust_env=False, verify=tls_context(), timeout=PATIENCE_S
    )


async def test_both_calls_are_sent_as_documented() -> None:
    queued = {"id": ID, "state": "queued"}
    async with scripted(reply(200, queued), reply(200, queued)) as api, account(api.url) as provider:
        await submit(provider)
        await provider.get(ID)
    create, poll = api.received
    assert ("POST", "/lumalabs-ai/v1/generateRequestFromImage") == (create.method, create.target)
    assert {"url": "https://a.example/00034_00.jpg", "prompt": "leaning girl"} == create.document
    assert ("POST", "/lumalabs-ai-polling/v1/getStatus") == (poll.method, poll.target)
    assert {"task_id": ID} == poll.document
    for one in (create, poll):
        assert KEY == one.headers["ocp-apim-subscription-key"]
        assert "no-cache" == one.headers["cache-control"]
        assert "application/json" == one.headers["content-type"]
        assert "authorization" not in one.headers


_ERRORS = [
    (400, "Invalid request parameters", Rejected),
    (401, "Invalid or missing authentication", AccountProblem),
    (403, "Access denied for this operation", AccountProblem),
    (404, "Endpoint not found", Rejected),
    (429, "Rate limit exceeded, please retry later", RateLimited),
    (500, "An unexpected error occurred, please try again later", OutcomeUnknown),
]


@pytest.mark.parametrize(("status", "text", "error"), _ERRORS)
@pytest.mark.parametrize("inside_a_success", [False, True])
async def test_each_documented_error_says_what_to_do_whatever_its_status(
    status: int, text: str, error: type[ProviderError], inside_a_success: bool
) -> None:
    answer = reply(200 if inside_a_success else status, {"error": text})
    async with scripted(answer) as api, account(api.url) as provider:
        with pytest.raises(error, match=text):
            await submit(provider)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"statusCode": 401, "message": "Access denied due to invalid key."}, AccountProblem),
        (403, {"statusCode": 403, "message": "Out of call volume quota."}, AccountProblem),
        (200, {"statusCode": 429, "message": "Rate limit is exceeded."}, RateLimited),
        (200, {"error": "The picture is too dark"}, Rejected),
        (200, {"task_status": "failed", "task_status_msg": "The picture is too dark"}, Rejected),
        (200, {"msg": "Image Getting Created"}, OutcomeUnknown),
    ],
)
async def test_other_answers_to_a_create_say_what_to_do(
    status: int, body: dict[str, Any], error: type[ProviderError]
) -> None:
    async with scripted(reply(status, body)) as api, account(api.url) as provider:
        with pytest.raises(error):
            await submit(provider)


@pytest.mark.parametrize("status", [200, 400, 404, 500])
async def test_an_unknown_task_is_told_by_the_body(status: int) -> None:
    answer = reply(status, {"task_status": "failed", "task_status_msg": "task not found"})
    async with scripted(answer) as api, account(api.url) as provider:
        with pytest.raises(GenerationNotFound):
            await provider.get(ID)


async def test_a_wrong_address_of_the_api_is_no_missing_generation() -> None:
    async with scripted(reply(404, {"error": "Endpoint not found"})) as api, account(api.url) as provider:
        with pytest.raises(Rejected, match="Endpoint not found"):
            await provider.get(ID)


async def test_a_task_that_failed_is_a_failed_generation() -> None:
    body = {"task_status": "failed", "task_status_msg": "Frame moderation failed"}
    async with scripted(reply(200, body)) as api, account(api.url) as provider:
        generation = await provider.get(ID)
    assert (ID, GenerationState.FAILED, "Frame moderation failed") == (
        generation.id,
        generation.state,
        generation.failure_reason,
    )


async def test_the_answer_for_another_generation_is_not_taken() -> None:
    other = {"id": ID.replace("f", "e"), "state": "completed", "assets": {"video": "https://a.example/v.mp4"}}
    async with scripted(reply(200, other)) as api, account(api.url) as provider:
        with pytest.raises(NotSent):
            await provider.get(ID)


async def test_what_is_no_video_from_a_picture_is_not_sent() -> None:
    async with scripted() as api, account(api.url) as provider:
        for request in (ImageRequest(prompt="a fox"), REQUEST.model_copy(update={"start": None})):
            with pytest.raises(Rejected):
                await provider.submit(request, media=MEDIA, callback_url=None)
        assert [] == api.received


@asynccontextmanager
async def simulated(folder: Path, **settings: Any) -> AsyncIterator[tuple[AppyPieProvider, str]]:
    """A simulator, which hurries unless it is told another speed, and an account at it."""
    file = SimulatorSettings(database=folder / "simulator.db", drawn_fps=1, **({"speed": 1000} | settings))
    async with serving(file) as origin, account(origin) as provider:
        yield provider, origin


async def picture_at(origin: str) -> str:
    """The URL of a picture that the simulator has drawn."""
    async with web(origin, Authorization="Bearer another") as http:
        created = await http.post("/dream-machine/v1/generations/image", json={"prompt": "a fox"})
        path = f"/dream-machine/v1/generations/{created.json()['id']}"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                shown = (await http.get(path)).json()
                if shown["state"] == "completed":
                    return str(shown["assets"]["image"])
                await asyncio.sleep(0.01)


async def test_the_simulator_makes_a_video_from_a_picture(tmp_path: Path) -> None:
    async with simulated(tmp_path) as (provider, origin):
        media = {PICTURE.key: InputUrl(url=await picture_at(origin))}
        created = await submit(provider, media=media)
        async with asyncio.timeout(PATIENCE_S):
            while (generation := await provider.get(created.id)).asset_url is None:
                assert generation.state is not GenerationState.FAILED, generation.failure_reason
                await asyncio.sleep(0.01)
        async with web(origin) as http:
            assert "video/mp4" == (await http.get(generation.asset_url)).headers["content-type"]


async def test_the_simulator_answers_as_documented(tmp_path: Path) -> None:
    async with simulated(tmp_path, speed=STILL) as (provider, origin):
        async with web(origin, **{"Ocp-Apim-Subscription-Key": KEY}) as http:
            created = await http.post(
                "/lumalabs-ai/v1/generateRequestFromImage",
                json={"url": PICTURE.url, "prompt": "leaning girl"},
            )
            assert 200 == created.status_code
            shown = created.json()
            assert ("ray-1-6", "queued", None) == (shown["model"], shown["state"], shown["assets"])
            assert {
                "generation_type": "video",
                "prompt": "leaning girl",
                "aspect_ratio": "16:9",
                "loop": False,
                "keyframes": {"frame0": {"type": "image", "url": PICTURE.url}, "frame1": None},
                "callback_url": None,
            } == shown["request"]
            refused = await http.post("/lumalabs-ai/v1/generateRequestFromImage", json={"url": PICTURE.url})
            assert (400, {"error": "Invalid request parameters"}) == (refused.status_code, refused.json())
        assert provider.origin == origin
        with pytest.raises(GenerationNotFound):
            await provider.get(ID)
        assert await provider.check() is None


async def test_the_simulator_words_every_error_as_documented(tmp_path: Path) -> None:
    faults = {
        "unauthorized": 401,
        "no_credits": 403,
        "rate_limit": 429,
        "server_error": 500,
        "server_error_after": 500,
    }
    texts = {status: text for status, text, _ in _ERRORS}
    async with (
        simulated(tmp_path) as (_, origin),
        web(origin, **{"Ocp-Apim-Subscription-Key": KEY}) as http,
    ):
        for kind, status in faults.items():
            await http.post("/control/faults", json={"kind": kind})
            answer = await http.post(
                "/lumalabs-ai/v1/generateRequestFromImage",
                json={"url": PICTURE.url, "prompt": "leaning girl"},
            )
            assert (status, {"error": texts[status]}) == (answer.status_code, answer.json()), kind


async def test_the_simulator_refuses_an_invalid_key_and_hides_others_generations(tmp_path: Path) -> None:
    async with simulated(tmp_path) as (provider, origin), account(origin, "invalid") as wrong:
        with pytest.raises(AccountProblem):
            await wrong.check()
        created = await submit(provider)
        async with account(origin, "other") as other:
            with pytest.raises(GenerationNotFound):
                await other.get(created.id)


async def test_the_simulator_knows_a_new_task_after_a_while_where_it_is_told_to(tmp_path: Path) -> None:
    async with simulated(tmp_path, list_lag_ms=300) as (provider, _):
        created = await submit(provider)
        with pytest.raises(GenerationNotFound):
            await provider.get(created.id)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    assert created.id == (await provider.get(created.id)).id
                except GenerationNotFound:
                    await asyncio.sleep(0.01)
                else:
                    break
