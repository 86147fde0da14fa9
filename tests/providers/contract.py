"""What the contract tests know about each API: how it is opened, and how it words its answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from bot.domain.generations.media import Reference
from bot.domain.generations.models import ImageModel, Lane, VideoModel
from bot.domain.generations.requests import AnyRequest, ImageRequest, VideoRequest
from bot.providers.accounts import CAPABILITIES, SIMULATOR
from bot.providers.appypie import AppyPieProvider
from bot.providers.base import Inputs, InputUrl, LaneLimits, Provider
from bot.providers.luma import LumaProvider
from bot.providers.luma_agents import LumaAgentsProvider
from tests.providers.scripted_api import Act, reply

KEY = "key-0123456789abcdef0123456789abcdef"
ID = "123e4567-e89b-12d3-a456-426614174000"
ASSET = "https://cdn.example/finished"
_LIMITS = LaneLimits(concurrent=2, per_minute=4)
_PICTURE = Reference(url="https://a.example/fox.png")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One generation API in the words that its documents use."""

    name: str
    #: opens an account, given a base URL and a timeout in seconds
    open: Callable[[str, float], Provider]
    request: AnyRequest
    media: Inputs = field(default_factory=dict)
    #: status of a successful create
    created: int = 200
    #: the method and the path of a create
    create: tuple[str, str]
    #: a generation, given its state and further fields
    generation: Callable[..., dict[str, Any]]
    running: str = "dreaming"
    #: fields of a completed one, and of one that failed for a reason
    result: Mapping[str, Any]
    failure: Callable[[str], Mapping[str, Any]]
    moderated: Mapping[str, Any]
    #: the body of an error with this text
    error: Callable[[str], object]
    #: the answer to a GET for an id that does not exist
    missing: Act
    #: the answer to the check of an account that works
    checked: Act
    credit: int | None = None
    #: texts of a 403 about the account, and about the request
    forbidden_account: str
    forbidden_request: str = "This picture may not be used"

    def refused(self, status: int, text: str = "Something is wrong", **headers: str) -> Act:
        return reply(status, self.error(text), **headers)


def _dream_machine(state: str = "queued", **more: Any) -> dict[str, Any]:
    request = {"generation_type": "video", "prompt": "a fox", "callback_url": None}
    return {
        "id": ID,
        "generation_type": "video",
        "state": state,
        "failure_reason": None,
        "created_at": "2024-12-06T15:00:46.232527Z",
        "assets": None,
        "model": "ray-1-6",
        "request": request,
        **more,
    }


LUMA = Api(
    name="luma",
    open=lambda url, timeout: LumaProvider(
        api_key=SecretStr(KEY),
        account="a1",
        base_url=f"{url}/dream-machine/v1",
        limits=dict.fromkeys(Lane, _LIMITS),
        timeout=timeout,
    ),
    request=ImageRequest(prompt="a fox"),
    created=201,
    create=("POST", "/dream-machine/v1/generations/image"),
    generation=_dream_machine,
    result={"assets": {"video": ASSET, "image": None}},
    failure=lambda reason: {"failure_reason": reason},
    moderated={"failure_reason": "Advanced prompt moderation failed"},
    error=lambda text: {"detail": text},
    missing=reply(404, {"detail": "Generation not found"}),
    checked=reply(200, {"credit_balance": 12.5}),
    credit=125_000,
    forbidden_account="This API key may not do that",
)

APPYPIE = Api(
    name="appypie",
    open=lambda url, timeout: AppyPieProvider(
        api_key=SecretStr(KEY), account="a1", base_url=url, limits=_LIMITS, timeout=timeout
    ),
    request=VideoRequest(prompt="it runs", model=VideoModel.RAY_1_6, start=_PICTURE),
    media={_PICTURE.key: InputUrl(url="https://a.example/fox.png")},
    create=("POST", "/lumalabs-ai/v1/generateRequestFromImage"),
    generation=_dream_machine,
    result={"assets": {"video": ASSET, "image": "https://cdn.example/thumbnail.jpg"}},
    failure=lambda reason: {"failure_reason": reason},
    moderated={"failure_reason": "Frame moderation failed"},
    error=lambda text: {"error": text},
    missing=reply(200, {"task_status": "failed", "task_status_msg": "task not found"}),
    checked=reply(200, {"task_status": "failed", "task_status_msg": "task not found"}),
    forbidden_account="Access denied for this operation",
)


def _agents(state: str = "queued", **more: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "type": "image",
        "state": state,
        "model": "uni-1",
        "created_at": "2026-07-06T15:00:46Z",
        "output": None,
        "failure_reason": None,
        "failure_code": None,
        **more,
    }


LUMA_AGENTS = Api(
    name="luma-agents",
    open=lambda url, timeout: LumaAgentsProvider(
        api_key=SecretStr(KEY),
        account="a1",
        base_url=f"{url}/v1",
        limits=dict.fromkeys(Lane, _LIMITS),
        timeout=timeout,
    ),
    request=ImageRequest(prompt="a fox", model=ImageModel.UNI_1),
    created=201,
    create=("POST", "/v1/generations"),
    generation=_agents,
    running="processing",
    result={"output": [{"type": "image", "url": ASSET}]},
    failure=lambda reason: {"failure_reason": reason, "failure_code": "generation_failed"},
    moderated={"failure_reason": "This is not allowed", "failure_code": "content_moderated"},
    error=lambda text: {"error": {"code": "invalid", "message": text}},
    missing=reply(404, {"error": {"code": "not_found", "message": "Generation not found"}}),
    checked=reply(200, {"data": [], "has_more": False, "next_cursor": None}),
    forbidden_account="This API key may not do that",
)

_BY_NAME = {one.name: one for one in (LUMA, APPYPIE, LUMA_AGENTS)}
#: of every provider; the simulator is asked by the client of the API that it speaks
APIS = tuple(_BY_NAME[name] for name in CAPABILITIES if name != SIMULATOR)
