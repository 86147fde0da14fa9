"""Faults on demand and figures, for tests and demonstrations; whoever runs the simulator says who may."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.api.answers import Json, Problem
from simulator.api.archive import Archive
from simulator.api.faults import Fault, Faults
from simulator.api.page import show_page
from simulator.api.peaks import Peak, peaks
from simulator.api.settings import SimulatorSettings
from simulator.api.wire import own_url, read_body, understand

Handler = Callable[[Request], Awaitable[Response]]

#: Why a request must not reach these routes, told to whoever asks; None where it may.
Refuse = Callable[[Request], str | None]

#: generations on the page
_SHOWN = 60


class Control:
    def __init__(
        self,
        *,
        archive: Archive,
        faults: Faults,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        refuse: Refuse,
    ) -> None:
        self._refuse = refuse
        self._archive = archive
        self._faults = faults
        self._settings = settings
        self._clock_ms = clock_ms

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/control/faults", self._guarded(self.order_fault), methods=["POST"]),
            Route("/control/faults", self._guarded(self.list_faults), methods=["GET"]),
            Route("/control/faults", self._guarded(self.clear_faults), methods=["DELETE"]),
            Route("/control/generations", self._guarded(self.list_generations), methods=["GET"]),
            Route("/control/stats", self._guarded(self.show_stats), methods=["GET"]),
            Route("/", self._guarded(self.show_page), methods=["GET"]),
        ]

    async def order_fault(self, request: Request) -> Response:
        fault = understand(await read_body(request), Fault)
        await self._faults.order(fault)
        return Json({"faults": await self._faults.pending()}, HTTPStatus.CREATED)

    async def list_faults(self, _: Request) -> Response:
        return Json({"faults": await self._faults.pending()})

    async def clear_faults(self, _: Request) -> Response:
        await self._faults.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def list_generations(self, _: Request) -> Response:
        now = self._clock_ms()
        return Json(
            {
                "generations": [
                    {
                        "id": generation.id,
                        "key_hash": generation.account,
                        "lane": generation.lane,
                        "state": generation.state(now),
                        "prompt": generation.prompt,
                        "callback_url": generation.callback_url,
                        "created_at": generation.created_at,
                        "deleted": generation.deleted_at is not None,
                        "fault": generation.fate,
                        "cost": generation.cost,
                    }
                    for generation in await self._archive.everything()
                ]
            }
        )

    async def show_page(self, request: Request) -> Response:
        everything = await self._archive.everything()
        return show_page(
            everything[::-1][:_SHOWN],
            total=len(everything),
            faults=await self._faults.pending(),
            peaks=await self._peaks(),
            now=self._clock_ms(),
            base_url=own_url(request),
        )

    async def _peaks(self) -> list[Peak]:
        return await asyncio.to_thread(peaks, await self._archive.spans(), self._settings.window_ms)

    async def show_stats(self, _: Request) -> Response:
        """Show the peaks of each key and lane, and over all of them."""
        found = await self._peaks()
        return Json(
            {
                "window_ms": self._settings.window_ms,
                "created": sum(peak.created for peak in found),
                "highest_concurrent": max((peak.concurrent for peak in found), default=0),
                "highest_per_window": max((peak.per_window for peak in found), default=0),
                "lanes": [
                    {
                        "key_hash": peak.account,
                        "lane": peak.lane,
                        "created": peak.created,
                        "highest_concurrent": peak.concurrent,
                        "highest_per_window": peak.per_window,
                    }
                    for peak in found
                ],
            }
        )

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            reason = self._refuse(request)
            if reason is not None:
                raise Problem(HTTPStatus.FORBIDDEN, reason)
            return await handler(request)

        return guarded
