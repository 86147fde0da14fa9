"""Health endpoints: `/healthz` (liveness), `/readyz` (readiness, with reasons) and `/metrics`."""

import asyncio
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.domain.errors import StoreError
from bot.domain.money.pricing import show_money
from bot.domain.workspace.workspace_keys import OWN_KEYS_ONLY
from bot.jobs.routing import has_own_keys_only
from bot.security.loopback import is_local, names_us
from bot.service.operator.conditions import WriteCheck, stopped_accounts, unresponsive_providers
from bot.service.plugin import Adapter
from bot.service.queries.account_reports import money_conditions
from bot.services import Services
from bot.settings import Role
from bot.store.operator.accounts import AccountRow, AccountState, list_accounts, list_workspace_accounts
from bot.store.queue.orphans import REPORTED_FOR_MS, count_orphans, count_unprocessed
from bot.supervision import RECEIVER, Supervised
from bot.web.metrics import exposition
from bot.worker.upkeep.media_budget import budget_exceeded, budget_warning

#: consecutive failures of a loop that are reported
_FAILURES_REPORTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the bot works; each reason is a sentence with its remedy."""

    #: why commands are not accepted or not answered
    not_ready: tuple[str, ...] = ()
    #: what does not work although commands are accepted and queued
    degraded: tuple[str, ...] = ()


async def readiness(
    services: Services,
    adapters: Sequence[Adapter],
    writes: WriteCheck,
    loops: Mapping[str, Supervised] = MappingProxyType({}),
) -> Readiness:
    try:
        rows = await list_accounts(services.database)
    except StoreError as error:
        # Without their file connections that were in use go on; the others fail with an error of the disk.
        missing = await asyncio.to_thread(writes.missing_file)
        return Readiness(not_ready=(missing or f"The database does not respond: {error}",))
    not_ready = [fault] if (fault := await writes.fault()) else []
    own_keys_only = await has_own_keys_only(services)
    if not own_keys_only:
        not_ready += _no_provider(services, rows)
    not_ready += [
        f"{adapter.name}: {reason}" for adapter in adapters if (reason := adapter.not_ready_reason())
    ]
    if services.stopping.is_set():
        not_ready.append("The process is stopping.")
    degraded = [str(low)] if (low := await writes.low_disk()) else []
    if (fault := await services.storage.fault()) is not None:
        degraded.append(f"Media cannot be stored or read: {fault}. Results are tried again for 6 hours.")
    if own_keys_only:
        degraded.append(f"{OWN_KEYS_ONLY[0].upper()}{OWN_KEYS_ONLY[1:]}.")
    degraded += [*_degraded(services, rows), *_failing_loops(services, loops)]
    return Readiness(not_ready=tuple(not_ready), degraded=tuple(degraded))


def _no_provider(services: Services, rows: Sequence[AccountRow]) -> Iterator[str]:
    """Report that no provider has been reachable since the start, so that nothing can be generated."""
    if services.settings.role is Role.GATEWAY:
        if not any(row.state is AccountState.READY for row in rows):
            yield "No account accepts jobs: start a worker with an API key, or fix the stopped account."
    elif not any(health.worked for health in services.health.values()):
        error = next((health.error for health in services.health.values() if health.error), "no response yet")
        yield (
            f"No generation API has responded since the start: {error}. "
            "Check its key and base URL, the network and HTTPS_PROXY; it is retried automatically."
        )


def _degraded(services: Services, rows: Sequence[AccountRow]) -> Iterator[str]:
    yield from budget_exceeded(services.media_usage)
    yield from map(str, stopped_accounts(rows))
    for row in rows:
        if row.state is AccountState.RETIRED and row.in_flight:
            yield (
                f"Account {row.id} of {row.provider} has {row.in_flight} jobs in flight, but no key. "
                "Add the key to the settings again until they have ended."
            )
    yield from map(str, unresponsive_providers(services))


def _failing_loops(services: Services, loops: Mapping[str, Supervised]) -> Iterator[str]:
    """Report loops that keep failing; those of receivers are reported by their adapters."""
    for name, loop in loops.items():
        if loop.fault is not None and not name.startswith(RECEIVER):
            yield f"The loop {name!r} is not running: {loop.fault}."
    for name, failure in services.failing_loops.items():
        if failure.count >= _FAILURES_REPORTED:
            yield (
                f"The loop {name!r} has failed {failure.count} times in a row ({failure.error}). "
                "It is retried automatically; the log has the reason (tick_failed)."
            )


async def remarks(services: Services) -> list[str]:
    """What the operator should know although everything works."""
    lines = [*budget_warning(services.media_usage), *map(str, await money_conditions(services))]
    lines += [
        f"The API key of the workspace {row.workspace} is stopped: {row.reason}. Its jobs wait; its admins "
        "see this in /studio key."
        for row in await list_workspace_accounts(services.database)
        if row.state is AccountState.STOPPED
    ]
    found, left, microusd = await count_orphans(services.database)
    if found:
        lines.append(
            f"{found} generations had no job and were paid by the operator ({show_money(microusd)}); "
            f"{left} of them are still to be deleted at the provider."
        )
    if unprocessed := await count_unprocessed(services.database, since=services.clock() - REPORTED_FOR_MS):
        lines.append(
            f"{unprocessed} results could not be processed here in the last 30 days and were left at the "
            "provider: see the log for the reason, and reverie jobs orphans for their ids; "
            "reverie jobs orphans --resolve marks one as resolved."
        )
    return lines


def health_routes(
    services: Services, adapters: Sequence[Adapter], loops: Mapping[str, Supervised] = MappingProxyType({})
) -> list[Route]:
    writes = WriteCheck(services)

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(request: Request) -> Response:
        found = await readiness(services, adapters, writes, loops)
        is_ready = not found.not_ready
        answer: dict[str, object] = {"ready": is_ready}
        if _may_see_details(services, request):
            answer |= {
                "degraded": bool(found.degraded),
                "reasons": [*found.not_ready, *found.degraded],
                "remarks": await remarks(services) if is_ready else [],
            }
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(answer, status_code=status)

    async def metrics(request: Request) -> Response:
        if not _may_see_details(services, request):
            raise HTTPException(
                HTTPStatus.FORBIDDEN, "Allowed from this machine or with the metrics token only."
            )
        found = await readiness(services, adapters, writes)
        return Response(
            await exposition(services, is_ready=not found.not_ready), media_type=CONTENT_TYPE_LATEST
        )

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


def _may_see_details(services: Services, request: Request) -> bool:
    """Whether the caller is this machine or has the metrics token: reasons name accounts."""
    token = services.settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token is not None and hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        return True
    # DNS rebinding: a web page can reach this machine from its browser, but under its own host name.
    return is_local(request) and names_us(request)
