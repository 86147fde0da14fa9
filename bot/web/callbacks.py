"""`/callbacks/{token}`: a provider says that something changed; we look for ourselves."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.engine.core import FLIGHT, Core, log
from bot.engine.markers import read_token
from bot.engine.watching import Watcher
from bot.store.claiming import Claim
from bot.store.jobs import attempts

#: callbacks that wait; more are dropped, because the list finds what they told
_WAITING_MAX = 10_000
_BODY_MAX = 100_000


class Callbacks:
    """Answers at once, works later."""

    def __init__(self, core: Core, watchers: Mapping[str, Watcher]) -> None:
        self._core = core
        self._watchers = watchers
        self._waiting: asyncio.Queue[tuple[Claim, str]] = asyncio.Queue(_WAITING_MAX)

    def routes(self) -> list[Route]:
        return [Route("/callbacks/{token}", self._take, methods=["POST"])]

    async def _take(self, request: Request) -> Response:
        claim = read_token(self._core, request.path_params["token"], now=self._core.clock())
        if claim is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if (generation := await _named(request)) is not None and not self._waiting.full():
            self._waiting.put_nowait((claim, generation))
        return Response(status_code=HTTPStatus.OK)

    async def run(self) -> None:
        """Look at what callbacks named, one after the other, until cancelled."""
        while True:
            claim, generation = await self._waiting.get()
            await self._core.steadily("callback", lambda: self._look(claim, generation))  # noqa: B023

    async def _look(self, claim: Claim, generation: str) -> None:
        for attempt in await attempts(self._core.database, [claim.job]):
            if attempt.number != claim.attempt:
                continue
            log.debug("callback_received", job_id=claim.job)
            if (watcher := self._watchers.get(attempt.account)) is not None:
                await watcher.called(claim, generation)
            else:
                # This process only talks; one that works looks.
                self._core.wake(FLIGHT)


async def _named(request: Request) -> str | None:
    """The generation that a callback's body names: a UUID, before it comes near a URL."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX:
            return None
    try:
        document = orjson.loads(body)
        return str(UUID(document["id"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None
