"""Routes of the Dream Machine API: one method for each call of its documentation."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.api.edit_requests import AudioRequest, ModifyVideoRequest, ReframeVideoRequest, UpscaleRequest
from simulator.api.fault_responses import apply_faults, response_of
from simulator.api.http import (
    JsonResponse,
    authenticate,
    base_url_of,
    parse_body,
    query_number,
    read_json,
)
from simulator.api.image_requests import ImageRequest, ReframeImageRequest
from simulator.api.schemas import CreateRequest
from simulator.api.video_requests import VideoRequest
from simulator.errors import ApiError
from simulator.file_store import FileStore
from simulator.formats import GenerationState
from simulator.generations.accounts import MICROUSD_PER_CENT, read_credit
from simulator.generations.create import create_generation
from simulator.generations.database import Database
from simulator.generations.faults import Call, Faults, FaultStage
from simulator.generations.generation import Generation, NewGeneration
from simulator.generations.renderer import Renderer
from simulator.generations.repository import Repository
from simulator.settings import SimulatorSettings
from simulator.video.camera import MOVES, PHRASES

BASE = "/dream-machine/v1"
_PAGE_MAX = 100
#: how often a client that waits for its picture looks whether it has ended, in seconds
_POLL_S = 0.25


class ApiRoutes:
    def __init__(
        self,
        *,
        database: Database,
        repository: Repository,
        faults: Faults,
        files: FileStore,
        renderer: Renderer,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        on_created: Callable[[Generation], None],
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock_ms = clock_ms
        #: called with every new generation, to start its background work
        self._on_created = on_created
        self._repository = repository
        self._faults = faults
        self._files = files
        self._renderer = renderer

    def routes(self) -> list[BaseRoute]:
        generation = f"{BASE}/generations/{{id}}"
        return [
            Route(f"{BASE}/ping", self.ping, methods=["GET"]),
            Route(f"{BASE}/credits", self.credits, methods=["GET"]),
            Route(f"{BASE}/generations", self.list, methods=["GET"]),
            Route(f"{BASE}/generations/image", self.create_image, methods=["POST"]),
            Route(f"{BASE}/generations/image/reframe", self.reframe_image, methods=["POST"]),
            Route(f"{BASE}/generations", self.create_video, methods=["POST"]),
            Route(f"{BASE}/generations/video", self.create_video, methods=["POST"]),
            Route(f"{BASE}/generations/video/reframe", self.reframe_video, methods=["POST"]),
            Route(f"{BASE}/generations/video/modify", self.modify_video, methods=["POST"]),
            Route(f"{BASE}/generations/concepts/list", self.list_concepts, methods=["GET"]),
            Route(f"{BASE}/generations/camera_motion/list", self.list_camera_motions, methods=["GET"]),
            Route(f"{generation}/upscale", self.upscale, methods=["POST"]),
            Route(f"{generation}/audio", self.add_audio, methods=["POST"]),
            Route(generation, self.get, methods=["GET"]),
            Route(generation, self.delete, methods=["DELETE"]),
        ]

    async def ping(self, request: Request) -> Response:
        await self._begin(request, "any")
        return JsonResponse({"message": "pong"})

    async def credits(self, request: Request) -> Response:
        account = await self._begin(request, "credits")
        opening = round(self._settings.credit_cents * MICROUSD_PER_CENT)
        balance = await read_credit(self._database, account, opening, self._clock_ms())
        return JsonResponse({"credit_balance": balance / MICROUSD_PER_CENT})

    async def list(self, request: Request) -> Response:
        account = await self._begin(request, "list")
        limit = min(query_number(request, "limit", _PAGE_MAX, minimum=1), _PAGE_MAX)
        offset = query_number(request, "offset", 0, minimum=0)
        now = self._clock_ms()
        found = await self._repository.page(
            account, limit=limit + 1, offset=offset, until=now - self._settings.list_lag_ms
        )
        base_url = base_url_of(request)
        shown = [generation.document(now, base_url) for generation in found[:limit]]
        return JsonResponse(
            {
                "has_more": len(found) > limit,
                "count": len(shown),
                "limit": limit,
                "offset": offset,
                "generations": shown,
            }
        )

    async def get(self, request: Request) -> Response:
        account = await self._begin(request, "get")
        generation = await self._repository.find(request.path_params["id"])
        if generation is None or generation.account != account or generation.is_hidden:
            raise _not_found()
        return JsonResponse(generation.document(self._clock_ms(), base_url_of(request)))

    async def delete(self, request: Request) -> Response:
        account = await self._begin(request, "delete")
        if not await self._repository.delete(request.path_params["id"], account, self._clock_ms()):
            raise _not_found()
        await self._files.delete(request.path_params["id"])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def create_image(self, request: Request) -> Response:
        return await self._create(request, ImageRequest)

    async def reframe_image(self, request: Request) -> Response:
        return await self._create(request, ReframeImageRequest)

    async def create_video(self, request: Request) -> Response:
        return await self._create(request, VideoRequest)

    async def reframe_video(self, request: Request) -> Response:
        return await self._create(request, ReframeVideoRequest)

    async def modify_video(self, request: Request) -> Response:
        return await self._create(request, ModifyVideoRequest)

    async def upscale(self, request: Request) -> Response:
        return await self._create(request, UpscaleRequest, HTTPStatus.OK)

    async def add_audio(self, request: Request) -> Response:
        return await self._create(request, AudioRequest, HTTPStatus.OK)

    async def list_concepts(self, request: Request) -> Response:
        await self._begin(request, "any")
        return JsonResponse(list(MOVES))

    async def list_camera_motions(self, request: Request) -> Response:
        await self._begin(request, "any")
        return JsonResponse(list(PHRASES))

    async def _create(
        self, request: Request, schema: type[CreateRequest], status: HTTPStatus = HTTPStatus.CREATED
    ) -> Response:
        account = authenticate(request)
        body = await read_json(request)
        if isinstance(body, dict):
            # The id of the source video, where the path names one.
            body |= request.path_params
        prompt = _prompt_of(body)
        await apply_faults(self._faults, "create", account, prompt)
        parsed = parse_body(body, schema)
        parsed.check_rules()
        new = parsed.resolve(await self._source_videos(parsed, account))
        fault = await self._faults.consume("create", account, prompt, FaultStage.GENERATION)
        generation = await create_generation(
            new,
            changed=await self._changed(new),
            account=account,
            fault=fault,
            base_url=base_url_of(request),
            database=self._database,
            settings=self._settings,
            clock_ms=self._clock_ms,
        )
        self._on_created(generation)
        after = await self._faults.consume("create", account, prompt, FaultStage.AFTER)
        if after is not None:
            return response_of(after)
        if new.wait_s is not None:
            generation = await self._wait(generation, new.wait_s)
        return JsonResponse(generation.document(self._clock_ms(), base_url_of(request)), status)

    async def _changed(self, new: NewGeneration) -> Generation | None:
        """The generation that is to become the new one, with its file linked as the source."""
        if new.changes is None or not self._settings.edits_keep_id:
            return None
        video = await self._repository.find(new.changes)
        if video is None:
            raise _not_found()
        file = await self._renderer.file_of(video, video.asset)
        await self._files.link(file, self._files.reference(video.id, 0))
        return video

    async def _source_videos(self, parsed: CreateRequest, account: str) -> dict[str, Generation]:
        """Find the account's own completed videos that a request builds on. Raises ApiError."""
        found: dict[str, Generation] = {}
        for identifier in parsed.source_ids:
            video = await self._repository.find(identifier)
            if video is None or video.account != account or video.is_hidden:
                raise _not_found()
            if video.output != "video":
                raise ApiError.bad_request(f"Generation {identifier} is not a video")
            if video.state(self._clock_ms()) is not GenerationState.COMPLETED:
                raise ApiError.bad_request(f"Generation {identifier} is not completed")
            found[identifier] = video
        return found

    async def _wait(self, generation: Generation, wait_s: float) -> Generation:
        """Return the generation once it has ended, or as it is when `wait_s` have passed."""
        try:
            async with asyncio.timeout(wait_s):
                while not generation.ended(now := self._clock_ms()):
                    remaining = _POLL_S if generation.ends_at is None else (generation.ends_at - now) / 1000
                    await asyncio.sleep(min(_POLL_S, remaining))
                    generation = await self._repository.find(generation.id) or generation
        except TimeoutError:
            pass
        return generation

    async def _begin(self, request: Request, call: Call) -> str:
        account = authenticate(request)
        await apply_faults(self._faults, call, account, "")
        return account


def _prompt_of(body: Any) -> str:
    prompt = body.get("prompt") if isinstance(body, dict) else None
    return prompt if isinstance(prompt, str) else ""


def _not_found() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, "Generation not found")
