"""The Dream Machine API itself: one method for each call of its documentation."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.api.accounts import MICROUSD_PER_CENT, authenticate, credit
from simulator.api.admission import admit
from simulator.api.answers import Garbage, Json, LostAnswer, Problem
from simulator.api.archive import Archive
from simulator.api.database import Database
from simulator.api.edits import AudioOrder, ModifyVideoOrder, ReframeVideoOrder, UpscaleOrder
from simulator.api.failsafe import SERVER_ERROR
from simulator.api.faults import Call, FaultKind, Faults, Moment, Struck
from simulator.api.generations import Generation
from simulator.api.images import ImageOrder, ReframeOrder
from simulator.api.orders import Order
from simulator.api.settings import SimulatorSettings
from simulator.api.videos import VideoOrder
from simulator.api.wire import bad_request, own_url, query_number, read_body, understand
from simulator.films.camera import CONCEPTS, PHRASES
from simulator.formats import GenerationState
from simulator.shelf import Shelf

BASE = "/dream-machine/v1"
_PAGE_MAX = 100
#: how often a caller who waits for a picture looks whether it has ended, in seconds
_LOOK_S = 0.25
_SLOW_MS = 5_000
_RETRY_AFTER_MS = 5_000


class Api:
    def __init__(
        self,
        *,
        database: Database,
        archive: Archive,
        faults: Faults,
        shelf: Shelf,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        created: Callable[[Generation], None],
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock_ms = clock_ms
        #: told of every new generation, so that what happens to it in the background begins
        self._created = created
        self._archive = archive
        self._faults = faults
        self._shelf = shelf

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
        await self._enter(request, "any")
        return Json({"message": "pong"})

    async def credits(self, request: Request) -> Response:
        account = await self._enter(request, "credits")
        opening = round(self._settings.credit_cents * MICROUSD_PER_CENT)
        balance = await credit(self._database, account, opening, self._clock_ms())
        return Json({"credit_balance": balance / MICROUSD_PER_CENT})

    async def list(self, request: Request) -> Response:
        account = await self._enter(request, "list")
        limit = min(query_number(request, "limit", _PAGE_MAX, least=1), _PAGE_MAX)
        offset = query_number(request, "offset", 0, least=0)
        now = self._clock_ms()
        found = await self._archive.page(
            account, limit=limit + 1, offset=offset, until=now - self._settings.list_lag_ms
        )
        base_url = own_url(request)
        shown = [generation.document(now, base_url) for generation in found[:limit]]
        return Json(
            {
                "has_more": len(found) > limit,
                "count": len(shown),
                "limit": limit,
                "offset": offset,
                "generations": shown,
            }
        )

    async def get(self, request: Request) -> Response:
        account = await self._enter(request, "get")
        generation = await self._archive.find(request.path_params["id"])
        if generation is None or generation.account != account or generation.vanished:
            raise _not_found()
        return Json(generation.document(self._clock_ms(), own_url(request)))

    async def delete(self, request: Request) -> Response:
        account = await self._enter(request, "delete")
        if not await self._archive.delete(request.path_params["id"], account, self._clock_ms()):
            raise _not_found()
        await self._shelf.forget(request.path_params["id"])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def create_image(self, request: Request) -> Response:
        return await self._create(request, ImageOrder)

    async def reframe_image(self, request: Request) -> Response:
        return await self._create(request, ReframeOrder)

    async def create_video(self, request: Request) -> Response:
        return await self._create(request, VideoOrder)

    async def reframe_video(self, request: Request) -> Response:
        return await self._create(request, ReframeVideoOrder)

    async def modify_video(self, request: Request) -> Response:
        return await self._create(request, ModifyVideoOrder)

    async def upscale(self, request: Request) -> Response:
        return await self._create(request, UpscaleOrder, HTTPStatus.OK)

    async def add_audio(self, request: Request) -> Response:
        return await self._create(request, AudioOrder, HTTPStatus.OK)

    async def list_concepts(self, request: Request) -> Response:
        await self._enter(request, "any")
        return Json(CONCEPTS)

    async def list_camera_motions(self, request: Request) -> Response:
        await self._enter(request, "any")
        return Json(list(PHRASES))

    async def _create(
        self, request: Request, kind: type[Order], created: HTTPStatus = HTTPStatus.CREATED
    ) -> Response:
        account = authenticate(request)
        body = await read_body(request)
        if isinstance(body, dict):
            # The film that it is about, where the path names one.
            body |= request.path_params
        prompt = _prompt_of(body)
        await self._strike("create", account, prompt)
        order = understand(body, kind)
        order.check()
        draft = order.draft(await self._films(order, account))
        fate = await self._faults.strike("create", account, prompt, Moment.FATE)
        generation = await admit(
            draft,
            account=account,
            fate=fate,
            base_url=own_url(request),
            database=self._database,
            settings=self._settings,
            clock_ms=self._clock_ms,
        )
        self._created(generation)
        after = await self._faults.strike("create", account, prompt, Moment.AFTER)
        if after is not None:
            return _instead_of_the_answer(after)
        if draft.wait_s is not None:
            generation = await self._wait(generation, draft.wait_s)
        return Json(generation.document(self._clock_ms(), own_url(request)), created)

    async def _films(self, order: Order, account: str) -> dict[str, Generation]:
        """Find the own, finished films that an order builds on. Raises Problem."""
        found: dict[str, Generation] = {}
        for identifier in order.builds_on:
            film = await self._archive.find(identifier)
            if film is None or film.account != account or film.vanished:
                raise _not_found()
            if film.output != "video":
                raise bad_request(f"Generation {identifier} is not a video")
            if film.state(self._clock_ms()) is not GenerationState.COMPLETED:
                raise bad_request(f"Generation {identifier} is not completed")
            found[identifier] = film
        return found

    async def _wait(self, generation: Generation, wait_s: float) -> Generation:
        """Answer the generation when it has ended, or as it stands when that takes too long."""
        try:
            async with asyncio.timeout(wait_s):
                while not generation.ended(now := self._clock_ms()):
                    remaining = _LOOK_S if generation.ends_at is None else (generation.ends_at - now) / 1000
                    await asyncio.sleep(min(_LOOK_S, remaining))
                    generation = await self._archive.find(generation.id) or generation
        except TimeoutError:
            pass
        return generation

    async def _enter(self, request: Request, call: Call) -> str:
        account = authenticate(request)
        await self._strike(call, account, "")
        return account

    async def _strike(self, call: Call, account: str, prompt: str) -> None:
        """Let the faults come true that strike before anything is done. Raises Problem."""
        delay = await self._faults.strike(call, account, prompt, Moment.DELAY)
        if delay is not None:
            await asyncio.sleep((_SLOW_MS if delay.ms is None else delay.ms) / 1000)
        instead = await self._faults.strike(call, account, prompt, Moment.INSTEAD)
        if instead is not None:
            raise _instead_of_the_work(instead)


def _prompt_of(body: Any) -> str:
    prompt = body.get("prompt") if isinstance(body, dict) else None
    return prompt if isinstance(prompt, str) else ""


def _instead_of_the_work(fault: Struck) -> Problem:
    match fault.kind:
        case FaultKind.UNAUTHORIZED:
            return Problem(HTTPStatus.UNAUTHORIZED, fault.reason or "Invalid API key is provided")
        case FaultKind.NO_CREDITS:
            return Problem(HTTPStatus.PAYMENT_REQUIRED, fault.reason or "Insufficient credits")
        case FaultKind.RATE_LIMIT:
            ms = _RETRY_AFTER_MS if fault.ms is None else fault.ms
            return Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                fault.reason or "Rate limit exceeded",
                retry_after_s=-(-ms // 1000),
            )
        case _:
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, fault.reason or SERVER_ERROR)


def _instead_of_the_answer(fault: Struck) -> Response:
    match fault.kind:
        case FaultKind.LOST_ANSWER:
            return LostAnswer()
        case FaultKind.GARBAGE:
            return Garbage(HTTPStatus.CREATED)
        case _:
            return Json({"detail": fault.reason or SERVER_ERROR}, HTTPStatus.INTERNAL_SERVER_ERROR)


def _not_found() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "Generation not found")
