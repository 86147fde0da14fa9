"""`/healthz`: the process is alive. `/readyz`: it does its work, or says why not. `/metrics`: in numbers."""

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
from bot.domain.pricing import show_money
from bot.security.loopback import is_local, names_us
from bot.service.plugin import Adapter
from bot.service.write_check import WriteCheck
from bot.services import Services
from bot.settings import Role
from bot.store.accounts import AccountRow, AccountState, list_accounts
from bot.store.orphans import REPORTED_FOR_MS, count_orphans, count_unprocessed
from bot.supervision import INLET, Supervised
from bot.web.metrics import exposition
from bot.worker.media_budget import budget_impairments, budget_remarks

#: failures in a row after which a round is more than an accident
_KEEPS_FAILING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the bot does its work; each reason is a sentence with its remedy."""

    #: what keeps commands from being accepted and answered
    obstacles: tuple[str, ...] = ()
    #: what works less well, though commands are still accepted and queue
    impairments: tuple[str, ...] = ()


async def readiness(
    services: Services,
    adapters: Sequence[Adapter],
    writes: WriteCheck,
    loops: Mapping[str, Supervised] = MappingProxyType({}),
) -> Readiness:
    try:
        rows = await list_accounts(services.database)
    except StoreError as error:
        return Readiness(obstacles=(f"The database does not answer: {error}",))
    obstacles = [fault] if (fault := await writes.fault()) else []
    obstacles += _unanswered(services, rows)
    obstacles += [
        f"{adapter.name}: {reason}" for adapter in adapters if (reason := adapter.not_ready_reason())
    ]
    if services.stopping.is_set():
        obstacles.append("The process is stopping.")
    impairments = [low] if (low := await writes.low_disk()) else []
    impairments += [*_impairments(services, rows), *_failing(services, loops)]
    return Readiness(obstacles=tuple(obstacles), impairments=tuple(impairments))


def _unanswered(services: Services, rows: Sequence[AccountRow]) -> Iterator[str]:
    """Tell that nothing that is accepted could be generated, as far as is known since the start."""
    if services.settings.role is Role.GATEWAY:
        if not any(row.state is AccountState.READY for row in rows):
            yield "No account takes jobs: start a worker with an API key, or mend the stopped account."
    elif not any(health.worked for health in services.health.values()):
        error = next((health.error for health in services.health.values() if health.error), "no answer yet")
        yield (
            f"No generation API has answered since the start: {error}. "
            "Check its key, the network, HTTPS_PROXY and LUMAAI_BASE_URL; it is asked again by itself."
        )


def _impairments(services: Services, rows: Sequence[AccountRow]) -> Iterator[str]:
    yield from budget_impairments(services)
    for row in rows:
        if row.state is AccountState.STOPPED:
            yield (
                f"Account {row.id} of {row.provider} does not take jobs: {row.reason}. "
                "Mend its key or credit; it is checked again by itself."
            )
        if row.state is AccountState.RETIRED and row.in_flight:
            yield (
                f"Account {row.id} of {row.provider} has {row.in_flight} jobs in flight, but no key. "
                "Put it back into the settings until they have ended."
            )
    for account, health in services.health.items():
        if health.failing_since is not None:
            seconds = (services.clock() - health.failing_since) // 1000
            yield (
                f"Account {account} has not been answered for {seconds} s: {health.error}. "
                "Jobs wait meanwhile; check the network and the provider's status."
            )


def _failing(services: Services, loops: Mapping[str, Supervised]) -> Iterator[str]:
    """Tell of the process's own work that keeps failing; inlets are told of by their adapters."""
    for name, loop in loops.items():
        if loop.trouble is not None and not name.startswith(INLET):
            yield f"The loop {name!r} does not run: {loop.trouble}."
    for name, failure in services.failing_loops.items():
        if failure.count >= _KEEPS_FAILING:
            yield (
                f"The loop {name!r} has failed {failure.count} times in a row ({failure.error}). It is tried "
                "again by itself; the log tells why (round_failed)."
            )


async def remarks(services: Services) -> list[str]:
    """What the operator should know, though everything works."""
    told = [*budget_remarks(services)]
    found, left, microusd = await count_orphans(services.database)
    if found:
        told.append(
            f"{found} generations had no job and are borne by the operator ({show_money(microusd)}); "
            f"{left} of them are still to be deleted at the provider."
        )
    if unprocessed := await count_unprocessed(services.database, since=services.clock() - REPORTED_FOR_MS):
        told.append(
            f"{unprocessed} results could not be processed here in the last 30 days and were left at the "
            "provider: see the log for the reason, and reverie jobs orphans for their ids; "
            "reverie jobs orphans --resolve notes that one is dealt with."
        )
    return told


def health_routes(
    services: Services, adapters: Sequence[Adapter], loops: Mapping[str, Supervised] = MappingProxyType({})
) -> list[Route]:
    writes = WriteCheck(services)

    async def alive(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(request: Request) -> Response:
        found = await readiness(services, adapters, writes, loops)
        is_ready = not found.obstacles
        answer: dict[str, object] = {"ready": is_ready}
        if _may_know(services, request):
            answer |= {
                "degraded": bool(found.impairments),
                "reasons": [*found.obstacles, *found.impairments],
                "remarks": await remarks(services) if is_ready else [],
            }
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(answer, status_code=status)

    async def metrics(request: Request) -> Response:
        if not _may_know(services, request):
            raise HTTPException(HTTPStatus.FORBIDDEN, "Read this on the machine itself, or with the token.")
        found = await readiness(services, adapters, writes)
        return Response(
            await exposition(services, is_ready=not found.obstacles), media_type=CONTENT_TYPE_LATEST
        )

    return [
        Route("/healthz", alive, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


def _may_know(services: Services, request: Request) -> bool:
    """Reasons name accounts: they are for this machine, or for who holds the token."""
    token = services.settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token is not None and hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        return True
    # A page whose site has pointed its own name at this machine asks from here too, under that name.
    return is_local(request) and names_us(request)
