"""Routes of the Appy Pie gateway: it makes a video from a picture and is polled by POST."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPMethod, HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.api.fault_responses import apply_faults, response_of
from simulator.api.http import HttpUrl, JsonResponse, base_url_of, parse_body, read_json
from simulator.api.video_requests import ImageFrame, Keyframes, VideoRequest
from simulator.errors import ApiError
from simulator.generations.accounts import account_id
from simulator.generations.create import create_generation
from simulator.generations.database import Database
from simulator.generations.faults import Faults, FaultStage
from simulator.generations.generation import Generation
from simulator.generations.repository import Repository
from simulator.settings import SimulatorSettings

_CREATE = "/lumalabs-ai/v1/generateRequestFromImage"
_STATUS = "/lumalabs-ai-polling/v1/getStatus"
#: the gateway's paths begin so
_APIS = ("/lumalabs-ai", "/lumalabs-ai-polling")
_KEY_HEADER = "Ocp-Apim-Subscription-Key"
_MODEL = "ray-1-6"
#: a key that is always refused, to try out what happens then
_INVALID_KEY = "invalid"
#: fields of the echo, as documented
_ECHOED = ("generation_type", "prompt", "aspect_ratio", "loop", "keyframes", "callback_url")
#: the documented text of each status
_TEXTS: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "Invalid request parameters",
    HTTPStatus.UNAUTHORIZED: "Invalid or missing authentication",
    HTTPStatus.FORBIDDEN: "Access denied for this operation",
    HTTPStatus.NOT_FOUND: "Endpoint not found",
    HTTPStatus.TOO_MANY_REQUESTS: "Rate limit exceeded, please retry later",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An unexpected error occurred, please try again later",
}
#: statuses of the API behind the gateway that the gateway has no error of its own for
_TRANSLATED: Mapping[HTTPStatus, HTTPStatus] = {
    HTTPStatus.UNPROCESSABLE_ENTITY: HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: HTTPStatus.BAD_REQUEST,
    HTTPStatus.PAYMENT_REQUIRED: HTTPStatus.FORBIDDEN,
}
_UNKNOWN = {"task_status": "failed", "task_status_msg": "task not found"}

Handler = Callable[[Request], Awaitable[Response]]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CreateBody(_Body):
    url: HttpUrl
    prompt: str = Field(min_length=1)


class StatusBody(_Body):
    task_id: str


class AppyPieRoutes:
    def __init__(
        self,
        *,
        database: Database,
        repository: Repository,
        faults: Faults,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        on_created: Callable[[Generation], None],
    ) -> None:
        self._database = database
        self._repository = repository
        self._faults = faults
        self._settings = settings
        self._clock_ms = clock_ms
        self._on_created = on_created

    def routes(self) -> list[BaseRoute]:
        known = {_CREATE: self.create, _STATUS: self.get_status}
        return [
            *(Route(path, _with_own_errors(handler), methods=["POST"]) for path, handler in known.items()),
            # Every other path or method of the gateway.
            *(
                Route(f"{api}/{{path:path}}", _with_own_errors(_no_endpoint), methods=list(HTTPMethod))
                for api in _APIS
            ),
        ]

    async def create(self, request: Request) -> Response:
        account = _authenticate(request)
        body = parse_body(await read_json(request), CreateBody)
        await apply_faults(self._faults, "create", account, body.prompt)
        frames = Keyframes(frame0=ImageFrame(type="image", url=body.url))
        video = VideoRequest(prompt=body.prompt, keyframes=frames)
        video.check_rules()
        # The gateway names no price.
        new = replace(video.resolve({}), model=_MODEL, price=0)
        fault = await self._faults.consume("create", account, body.prompt, FaultStage.GENERATION)
        base_url = base_url_of(request)
        generation = await create_generation(
            new,
            account=account,
            fault=fault,
            base_url=base_url,
            database=self._database,
            settings=self._settings,
            clock_ms=self._clock_ms,
        )
        self._on_created(generation)
        after = await self._faults.consume("create", account, body.prompt, FaultStage.AFTER)
        if after is not None:
            return _in_own_words(response_of(after))
        return JsonResponse(_document(generation, self._clock_ms(), base_url))

    async def get_status(self, request: Request) -> Response:
        account = _authenticate(request)
        await apply_faults(self._faults, "get", account, "")
        generation = await self._repository.find(parse_body(await read_json(request), StatusBody).task_id)
        now = self._clock_ms()
        if (
            generation is None
            or generation.account != account
            or generation.is_hidden
            or now < generation.created_at + self._settings.list_lag_ms
        ):
            return JsonResponse(_UNKNOWN)
        return JsonResponse(_document(generation, now, base_url_of(request)))


def _document(generation: Generation, now: int, base_url: str) -> dict[str, Any]:
    shown = generation.document(now, base_url)
    request = shown["request"]
    return {name: value for name, value in shown.items() if name != "type"} | {
        "request": {name: request[name] for name in _ECHOED}
    }


def _authenticate(request: Request) -> str:
    """Return the account of the request's subscription key. Raises ApiError."""
    key = request.headers.get(_KEY_HEADER, "").strip()
    if not key or key == _INVALID_KEY:
        raise ApiError(HTTPStatus.UNAUTHORIZED, _TEXTS[HTTPStatus.UNAUTHORIZED])
    return account_id(f"appypie {key}")


async def _no_endpoint(_: Request) -> Response:
    raise ApiError(HTTPStatus.NOT_FOUND, _TEXTS[HTTPStatus.NOT_FOUND])


def _with_own_errors(handler: Handler) -> Handler:
    """Answer errors in the gateway's own shape and words."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            status = _TRANSLATED.get(error.status, error.status)
            return JsonResponse({"error": _TEXTS[status]}, status, error.headers)

    return handle


def _in_own_words(response: Response) -> Response:
    """A fault's response; an error of the API behind the gateway has the gateway's own shape."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    return JsonResponse({"error": _TEXTS[HTTPStatus(response.status_code)]}, response.status_code)
