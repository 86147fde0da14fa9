"""`/callbacks/{token}`: a provider says that something changed; we look for ourselves."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.jobs import State
from bot.domain.text import parse_json
from bot.providers.base import GenerationState
from bot.services import Services, Topic, log
from bot.store.claim import Claim
from bot.store.jobs import Attempt, attempts
from bot.worker.callback_tokens import read_token
from bot.worker.watching import Watcher

#: callbacks that wait; more are dropped, because the list finds what they told
_WAITING_MAX = 10_000
_BODY_MAX = 100_000


_ENDED = frozenset({GenerationState.COMPLETED, GenerationState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Callback:
    """What a callback says; none of it is believed before the provider has been asked."""

    claim: Claim
    generation: str
    #: says that the generation has ended
    ended: bool


class Callbacks:
    """Answers at once, works later."""

    def __init__(self, services: Services, watchers: Mapping[str, Watcher]) -> None:
        self._services = services
        self._watchers = watchers
        self._waiting: asyncio.Queue[_Callback] = asyncio.Queue(_WAITING_MAX)

    def routes(self) -> list[Route]:
        return [Route("/callbacks/{token}", self._take, methods=["POST"])]

    async def _take(self, request: Request) -> Response:
        claim = read_token(self._services, request.path_params["token"], now=self._services.clock())
        if claim is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if (callback := await _read(request, claim)) is not None and not self._waiting.full():
            self._waiting.put_nowait(callback)
        return Response(status_code=HTTPStatus.OK)

    async def run(self) -> None:
        """Look at what callbacks named, one after the other, until cancelled."""
        while True:
            callback = await self._waiting.get()
            await self._services.guarded("callback", lambda: self._look(callback))  # noqa: B023

    async def _look(self, callback: _Callback) -> None:
        for attempt in await attempts(self._services.database, [callback.claim.job]):
            if attempt.number != callback.claim.attempt:
                continue
            log.debug("callback_received", job_id=attempt.job)
            watcher = self._watchers.get(attempt.account)
            if watcher is not None:
                watcher.note_callback()
            if not _asks_for_a_look(callback, attempt):
                continue
            if watcher is not None:
                await watcher.called(callback.claim, callback.generation)
            else:
                # This process only talks; one that works looks.
                self._services.wake(Topic.IN_FLIGHT)


def _asks_for_a_look(callback: _Callback, attempt: Attempt) -> bool:
    """Whether a request to the provider can tell more than the store knows.

    Each callback of a running generation would else cost one. Before the end only an attempt whose answer was
    lost gains from it: it can be adopted.
    """
    if not callback.ended:
        return attempt.state is State.UNKNOWN
    if attempt.remote_id == callback.generation:
        return attempt.state is State.SUBMITTED and attempt.number == attempt.newest
    return True


async def _read(request: Request, claim: Claim) -> _Callback | None:
    """Read a callback's body; the generation is a UUID, before it comes near a URL."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX:
            return None
    try:
        document = parse_json(body)
        generation, ended = str(UUID(document["id"])), document.get("state") in _ENDED
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return _Callback(claim=claim, generation=generation, ended=ended)
