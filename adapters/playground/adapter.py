"""Puts the playground together."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from adapters.playground.access.guard import Guard, Policy, password_of, unavailable
from adapters.playground.access.people import People
from adapters.playground.access.session import Sessions, made_password
from adapters.playground.delivery.conversation_store import Room
from adapters.playground.delivery.conversations import ADAPTER
from adapters.playground.delivery.poller import Feed
from adapters.playground.delivery.publisher import RoomOutlet
from adapters.playground.events.command_routes import Asking
from adapters.playground.events.page_routes import STATIC, Pages
from adapters.playground.events.replies import Answering
from adapters.playground.events.uploads import Uploads
from adapters.playground.ports import AdapterData, BotService, Clock
from bot.domain.errors import MediaError, QuotaExhausted, Refused, ReverieError
from bot.security.tokens import TokenSigner
from bot.service.plugin import Adapter
from bot.settings import PLAYGROUND_PASSWORD_MIN, Settings

_LOGIN = "/playground/login"
_log = structlog.get_logger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]


def connect(
    *,
    settings: Settings,
    service: BotService,
    adapter_data: AdapterData,
    incoming: Path,
    signer: TokenSigner,
    clock: Clock,
) -> Adapter:
    """Make the adapter; nothing of it runs before its inlet does. `incoming` takes files on their way in."""
    policy = Policy.of(settings)
    given = password_of(settings)
    password = (given or made_password(signer)) if policy.guarded else None
    if policy.guarded and given is not None and len(given) < PLAYGROUND_PASSWORD_MIN:
        # Nothing of value can be reached, so an older installation's password still opens.
        _log.warning(
            "playground_password_short",
            remedy=f"set a REVERIE_PLAYGROUND_PASSWORD of at least {PLAYGROUND_PASSWORD_MIN} characters",
        )
    sessions = Sessions(password=password, adapter_data=adapter_data, clock=clock)
    room, people = Room(adapter_data, clock), People(adapter_data)

    def link(file: str) -> str:
        return f"/media/{signer.sign('media', file, expires_at=clock() + settings.times.media_link)}"

    uploads = Uploads(
        service=service, incoming=incoming, signer=signer, clock=clock, hold_ms=settings.times.upload_hold
    )
    feed = Feed(adapter_data=adapter_data, room=room, people=people, link=link)
    answering = Answering(room, people, link)
    asking = Asking(service=service, room=room, uploads=uploads, answering=answering, link=link)
    pages = Pages(
        service=service,
        room=room,
        feed=feed,
        people=people,
        sessions=sessions,
        answering=answering,
        link=link,
        clock=clock,
    )
    return Adapter(
        name=ADAPTER,
        publisher=RoomOutlet(room),
        receiver=feed,
        routes=_routes(pages, asking, policy, sessions),
        startup_notice=lambda address: _notice(address, password, made=given is None),
    )


def _notice(address: str, password: str | None, *, made: bool) -> str:
    if password is None:
        return f"The playground is open: {address}/"
    if not made:
        return f"The playground asks for its password: {address}/"
    return (
        f"The playground: {address}/  password: {password}\n"
        "  (it can be reached from other machines; REVERIE_PLAYGROUND_PASSWORD sets another one)"
    )


def _routes(pages: Pages, asking: Asking, policy: Policy, sessions: Sessions) -> Sequence[BaseRoute]:
    def guard(*, known: Callable[[Request], Awaitable[bool]], **more: Any) -> list[Middleware]:
        return [Middleware(Guard, policy=policy, is_known=known, **more)]

    async def anybody(_: Request) -> bool:
        return True

    inside, outside = guard(known=sessions.knows), guard(known=anybody)
    with_file = guard(known=sessions.knows, content="application/octet-stream")

    def get(path: str, endpoint: Endpoint, middleware: Sequence[Middleware] = inside) -> Route:
        return Route(path, _plainly(endpoint), methods=["GET"], middleware=middleware)

    def post(path: str, endpoint: Endpoint, middleware: Sequence[Middleware] = inside) -> Route:
        return Route(path, _plainly(endpoint), methods=["POST"], middleware=middleware)

    return (
        get("/", pages.page, guard(known=sessions.knows, login=_LOGIN, is_page=True)),
        get(_LOGIN, pages.login_page, guard(known=anybody, is_page=True)),
        post(_LOGIN, pages.login, outside),
        post("/playground/logout", pages.logout),
        get("/playground/state", pages.state),
        get("/playground/quota", pages.quota),
        get("/playground/events", pages.events),
        get("/playground/suggest", pages.suggest),
        post("/playground/command", asking.command),
        post("/playground/price", asking.price),
        post("/playground/action", asking.action),
        post("/playground/decide", asking.decide),
        post("/playground/react", asking.react),
        post("/playground/upload", asking.upload, with_file),
        post("/playground/dismiss", pages.dismiss),
        post("/playground/people", pages.add_person),
        Mount("/playground/static", app=_Revalidated(directory=STATIC), middleware=outside),
    )


class _Revalidated(StaticFiles):
    """Files that a browser asks about each time, so that no page mixes two versions of itself."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, status_code=error.status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _plainly(endpoint: Endpoint) -> Endpoint:
    """Say what went wrong as JSON, where the page can read it."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)
        except QuotaExhausted as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=HTTPStatus.TOO_MANY_REQUESTS)
        except Refused as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
        except MediaError as error:
            return JSONResponse({"error": str(error)}, status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        except ReverieError as error:
            return unavailable(request, error)

    return answer
