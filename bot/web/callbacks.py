"""`/callbacks/{token}`: a provider reports a change, which is verified by a request of our own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.jobs.job import State
from bot.domain.text import parse_json
from bot.providers.base import GenerationState
from bot.services import Services, Topic, log
from bot.store.queue.attempts import Attempt, attempts
from bot.store.queue.claim import Claim
from bot.worker.reconciliation import read_attempt_token
from bot.worker.watching import NamedGeneration, Watcher

#: seconds from one look at the queue to the next, so that callbacks of a burst share requests; the first
#: callback after a pause is processed at once
_INTERVAL_S = 0.1
#: callbacks processed together
_TOGETHER = 100
#: queued callbacks; more are dropped, because polling finds the same
_WAITING_MAX = 10_000
_BODY_MAX = 100_000
_ENDED = frozenset({GenerationState.COMPLETED, GenerationState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Callback:
    """Content of a callback; nothing of it is trusted before the provider has confirmed it."""

    claim: Claim
    generation: str
    #: says "completed" or "failed"
    ended: bool


class Callbacks:
    """Queues callbacks and responds at once; `run` processes them."""

    def __init__(self, services: Services, watchers: Mapping[str, Watcher]) -> None:
        self._services = services
        self._watchers = watchers
        self._queue: asyncio.Queue[_Callback] = asyncio.Queue(_WAITING_MAX)

    def routes(self) -> list[Route]:
        return [Route("/callbacks/{token}", self._receive, methods=["POST"])]

    async def _receive(self, request: Request) -> Response:
        services = self._services
        claim = read_attempt_token(services.signer, request.path_params["token"], now=services.clock())
        if claim is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if (callback := await _read(request, claim)) is not None and not self._queue.full():
            self._queue.put_nowait(callback)
        return Response(status_code=HTTPStatus.OK)

    async def run(self) -> None:
        """Process callbacks, all that wait at once, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            callbacks = [await self._queue.get()]
            while not self._queue.empty() and len(callbacks) < _TOGETHER:
                callbacks.append(self._queue.get_nowait())
            next_at = loop.time() + _INTERVAL_S
            await self._services.guarded("callback", partial(self._process, callbacks))
            await asyncio.sleep(next_at - loop.time())

    async def _process(self, callbacks: Sequence[_Callback]) -> None:
        claims = {callback.claim.job for callback in callbacks}
        rows = {(row.job, row.number): row for row in await attempts(self._services.database, claims)}
        named: dict[str, dict[str, NamedGeneration]] = {}
        for callback in callbacks:
            attempt = rows.get((callback.claim.job, callback.claim.attempt))
            if attempt is None:
                continue
            log.debug("callback_received", job_id=attempt.job)
            if (watcher := self._watchers.get(attempt.account)) is not None:
                watcher.record_callback()
            if _needs_request(callback, attempt):
                one = NamedGeneration(id=callback.generation, attempt=attempt)
                named.setdefault(attempt.account, {})[one.id] = one
        await asyncio.gather(
            *(self._handle(account, list(those.values())) for account, those in named.items())
        )

    async def _handle(self, account: str, named: Sequence[NamedGeneration]) -> None:
        watcher = self._watchers.get(account)
        if watcher is None:
            # This process runs no watchers; another one does.
            self._services.wake(Topic.IN_FLIGHT)
            return
        await self._services.guarded("callback", partial(watcher.handle_callbacks, named))


def _needs_request(callback: _Callback, attempt: Attempt) -> bool:
    """Whether a request to the provider can tell more than the store knows.

    Otherwise each callback of a running generation would cost one. Before the end, only an attempt with an
    unknown outcome gains from it: its generation can be adopted.
    """
    if not callback.ended:
        return attempt.state is State.UNKNOWN
    if attempt.remote_id == callback.generation:
        return attempt.state is State.SUBMITTED and attempt.number == attempt.newest
    return True


async def _read(request: Request, claim: Claim) -> _Callback | None:
    """Parse a callback's body; the generation id must be a UUID, because it becomes part of a URL."""
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
