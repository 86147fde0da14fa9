"""`/healthz`: this process is alive. `/readyz`: it can do its work, or says why not."""

import hmac
import ipaddress
from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.domain.errors import StoreError
from bot.domain.pricing import show_money
from bot.engine.adapter import Adapter
from bot.engine.core import Core
from bot.store.accounts import AccountState, accounts
from bot.store.orphans import count_orphans


async def obstacles(core: Core, adapters: Sequence[Adapter]) -> list[str]:
    """Everything that keeps the bot from doing its work, each a sentence with its remedy."""
    found = []
    try:
        rows = await accounts(core.database)
    except StoreError as error:
        return [f"The database does not answer: {error}"]
    for row in rows:
        if row.state is AccountState.STOPPED:
            found.append(
                f"Account {row.id} of {row.provider} does not take jobs: {row.reason}. "
                "Mend its key or credit; it is checked again by itself."
            )
        if row.state is AccountState.RETIRED and row.in_flight:
            found.append(
                f"Account {row.id} of {row.provider} has {row.in_flight} jobs in flight, but no key. "
                "Put it back into the settings until they have ended."
            )
    found += [f"{adapter.name}: {reason}" for adapter in adapters if (reason := adapter.obstacle())]
    return found


async def remarks(core: Core) -> list[str]:
    """What the operator should know, though everything works."""
    found, left, microusd = await count_orphans(core.database)
    if not found:
        return []
    told = (
        f"{found} generations had no job and are borne by the operator ({show_money(microusd)}); "
        f"{left} of them are still to be deleted at the provider."
    )
    return [told]


def health_routes(core: Core, adapters: Sequence[Adapter]) -> list[Route]:
    async def alive(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(request: Request) -> Response:
        reasons = await obstacles(core, adapters)
        if core.stopping.is_set():
            reasons.append("The process is stopping.")
        answer: dict[str, object] = {"ready": not reasons}
        if _may_know(core, request):
            answer |= {"reasons": reasons, "remarks": [] if reasons else await remarks(core)}
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        return JSONResponse(answer, status_code=status)

    return [Route("/healthz", alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]


def _may_know(core: Core, request: Request) -> bool:
    """Reasons name accounts: they are for this machine, or for who holds the token."""
    token = core.settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token is not None and hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        return True
    host = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))
    try:
        return ipaddress.ip_address(host).is_loopback and not forwarded
    except ValueError:
        return False
