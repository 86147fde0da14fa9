"""Control routes: faults on demand, statistics and a page for people."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.api.control_page import show_page
from simulator.api.http import JsonResponse, base_url_of, parse_body, read_json
from simulator.errors import ApiError
from simulator.generations.faults import FaultRule, Faults
from simulator.generations.repository import Repository
from simulator.generations.usage_stats import LaneUsage, usage_by_lane
from simulator.settings import SimulatorSettings

Handler = Callable[[Request], Awaitable[Response]]

#: Returns why a request may not use these routes, or None where it may.
Refuse = Callable[[Request], str | None]

#: generations on the page
_SHOWN = 60


class ControlRoutes:
    def __init__(
        self,
        *,
        repository: Repository,
        faults: Faults,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        refuse: Refuse,
    ) -> None:
        self._refuse = refuse
        self._repository = repository
        self._faults = faults
        self._settings = settings
        self._clock_ms = clock_ms

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/control/faults", self._guarded(self.add_fault), methods=["POST"]),
            Route("/control/faults", self._guarded(self.list_faults), methods=["GET"]),
            Route("/control/faults", self._guarded(self.clear_faults), methods=["DELETE"]),
            Route("/control/generations", self._guarded(self.list_generations), methods=["GET"]),
            Route("/control/stats", self._guarded(self.show_stats), methods=["GET"]),
            Route("/", self._guarded(self.show_page), methods=["GET"]),
        ]

    async def add_fault(self, request: Request) -> Response:
        rule = parse_body(await read_json(request), FaultRule)
        await self._faults.add(rule)
        return JsonResponse({"faults": await self._faults.pending()}, HTTPStatus.CREATED)

    async def list_faults(self, _: Request) -> Response:
        return JsonResponse({"faults": await self._faults.pending()})

    async def clear_faults(self, _: Request) -> Response:
        await self._faults.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def list_generations(self, _: Request) -> Response:
        now = self._clock_ms()
        return JsonResponse(
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
                        "fault": generation.fault,
                        "cost": generation.cost,
                    }
                    for generation in await self._repository.all()
                ]
            }
        )

    async def show_page(self, request: Request) -> Response:
        generations = await self._repository.all()
        return show_page(
            generations[::-1][:_SHOWN],
            total=len(generations),
            faults=await self._faults.pending(),
            usage=await self._usage(),
            now=self._clock_ms(),
            base_url=base_url_of(request),
        )

    async def _usage(self) -> list[LaneUsage]:
        return await asyncio.to_thread(
            usage_by_lane, await self._repository.slot_spans(), self._settings.window_ms
        )

    async def show_stats(self, _: Request) -> Response:
        """Show the highest use of each key and lane, and of all of them."""
        usage = await self._usage()
        return JsonResponse(
            {
                "window_ms": self._settings.window_ms,
                "created": sum(lane.created for lane in usage),
                "highest_concurrent": max((lane.concurrent for lane in usage), default=0),
                "highest_per_window": max((lane.per_window for lane in usage), default=0),
                "lanes": [
                    {
                        "key_hash": lane.account,
                        "lane": lane.lane,
                        "created": lane.created,
                        "highest_concurrent": lane.concurrent,
                        "highest_per_window": lane.per_window,
                    }
                    for lane in usage
                ],
            }
        )

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            reason = self._refuse(request)
            if reason is not None:
                raise ApiError(HTTPStatus.FORBIDDEN, reason)
            return await handler(request)

        return guarded
