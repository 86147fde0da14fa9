"""Routes of the finished files, whole or in ranges."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.errors import ApiError, FileUnavailable, FileUnreadable
from simulator.formats import GenerationState
from simulator.generations.faults import FaultKind, Faults, FaultStage
from simulator.generations.generation import PREVIEW, Generation
from simulator.generations.renderer import Renderer
from simulator.generations.repository import Repository

_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}


class AssetRoutes:
    def __init__(
        self, *, repository: Repository, faults: Faults, renderer: Renderer, clock_ms: Callable[[], int]
    ) -> None:
        self._repository = repository
        self._faults = faults
        self._renderer = renderer
        self._clock_ms = clock_ms

    def routes(self) -> list[BaseRoute]:
        return [Route("/assets/{id}/{name}", self.serve, methods=["GET"])]

    async def serve(self, request: Request) -> Response:
        generation = await self._repository.find(request.path_params["id"])
        name = request.path_params["name"]
        if generation is None or generation.is_hidden or not self._is_shown(generation, name):
            raise ApiError(HTTPStatus.NOT_FOUND, "Not Found")
        media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
        if generation.fault == FaultKind.EXPIRED_ASSET:
            raise ApiError(HTTPStatus.FORBIDDEN, "Request has expired")
        if generation.fault == FaultKind.BROKEN_ASSET:
            return Response(b"<html>This is not a picture.</html>", media_type=media_type)
        await self._apply_faults(generation)
        try:
            path = await self._renderer.file_of(generation, name)
        except (FileUnavailable, FileUnreadable) as error:
            raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "The file could not be made") from error
        return FileResponse(
            path,
            media_type=media_type,
            headers={
                "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _is_shown(self, generation: Generation, name: str) -> bool:
        state = generation.state(self._clock_ms())
        if name == PREVIEW:
            return generation.has_preview and state in (GenerationState.DREAMING, GenerationState.COMPLETED)
        return name in generation.files.values() and state is GenerationState.COMPLETED

    async def _apply_faults(self, generation: Generation) -> None:
        delay = await self._faults.consume("asset", generation.account, generation.prompt, FaultStage.DELAY)
        if delay is not None:
            await asyncio.sleep((delay.ms or 0) / 1000)
        instead = await self._faults.consume(
            "asset", generation.account, generation.prompt, FaultStage.INSTEAD
        )
        if instead is not None:
            raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, instead.reason or "Service Unavailable")
