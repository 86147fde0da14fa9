"""The finished files over HTTP, whole or in ranges."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.api.answers import Problem
from simulator.api.archive import Archive
from simulator.api.atelier import Atelier
from simulator.api.faults import FaultKind, Faults, Moment
from simulator.api.generations import Generation
from simulator.errors import Unavailable, Unreadable
from simulator.formats import GenerationState

_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}


class Assets:
    def __init__(
        self, *, archive: Archive, faults: Faults, atelier: Atelier, clock_ms: Callable[[], int]
    ) -> None:
        self._archive = archive
        self._faults = faults
        self._atelier = atelier
        self._clock_ms = clock_ms

    def routes(self) -> list[BaseRoute]:
        return [Route("/assets/{id}/{name}", self.serve, methods=["GET"])]

    async def serve(self, request: Request) -> Response:
        generation = await self._archive.find(request.path_params["id"])
        name = request.path_params["name"]
        if (
            generation is None
            or generation.vanished
            or name not in generation.files.values()
            or generation.state(self._clock_ms()) is not GenerationState.COMPLETED
        ):
            raise Problem(HTTPStatus.NOT_FOUND, "Not Found")
        media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
        if generation.fate == FaultKind.EXPIRED_ASSET:
            raise Problem(HTTPStatus.FORBIDDEN, "Request has expired")
        if generation.fate == FaultKind.BROKEN_ASSET:
            return Response(b"<html>This is not a picture.</html>", media_type=media_type)
        await self._strike(generation)
        try:
            path = await self._atelier.make(generation, name)
        except (Unavailable, Unreadable) as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The file could not be made") from error
        return FileResponse(
            path,
            media_type=media_type,
            headers={
                "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def _strike(self, generation: Generation) -> None:
        delay = await self._faults.strike("asset", generation.account, generation.prompt, Moment.DELAY)
        if delay is not None:
            await asyncio.sleep((delay.ms or 0) / 1000)
        instead = await self._faults.strike("asset", generation.account, generation.prompt, Moment.INSTEAD)
        if instead is not None:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, instead.reason or "Service Unavailable")
