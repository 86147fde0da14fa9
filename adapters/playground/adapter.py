"""Assembles the playground: its stores, publisher, receiver and routes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from adapters.playground.access.origin_guard import AccessPolicy, OriginGuard, password_of, unavailable
from adapters.playground.access.sessions import Sessions, generated_password
from adapters.playground.delivery.conversation_store import ConversationStore
from adapters.playground.delivery.people import PersonStore
from adapters.playground.delivery.poller import StorePoller
from adapters.playground.delivery.publisher import CardPublisher
from adapters.playground.events.admin_routes import AdminRoutes
from adapters.playground.events.command_routes import CommandRoutes
from adapters.playground.events.page_routes import PageRoutes
from adapters.playground.events.replies import Replies
from adapters.playground.events.requests import RequestReader
from adapters.playground.events.static_files import STATIC_PATH, StaticApp
from adapters.playground.events.uploads import Uploads
from adapters.playground.messages.conversations import ADAPTER, name_of
from bot.domain.errors import MediaError, NotAllowed, QuotaExhausted, Refused, ReverieError
from bot.service.plugin import Adapter, AdapterContext
from bot.settings import PLAYGROUND_PASSWORD_MIN

_LOGIN = "/playground/login"
_log = structlog.get_logger(__name__)

#: the status of each error that the page shows, the narrower kinds first
_STATUSES = (
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (QuotaExhausted, HTTPStatus.TOO_MANY_REQUESTS),
    (Refused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (MediaError, HTTPStatus.SERVICE_UNAVAILABLE),
)

Endpoint = Callable[[Request], Awaitable[Response]]


def build(context: AdapterContext) -> Adapter:
    """Build the adapter. Nothing of it runs before its receiver does."""
    settings, signer, clock = context.settings, context.signer, context.clock
    policy = replace(AccessPolicy.of(settings), media_origin=context.library.links_origin)
    configured = password_of(settings)
    password = (configured or generated_password(signer)) if policy.needs_password else None
    if policy.needs_password and configured is not None and len(configured) < PLAYGROUND_PASSWORD_MIN:
        # Only the simulator can be reached, so the short password of an older installation still works.
        _log.warning(
            "playground_password_short",
            remedy=f"set a REVERIE_PLAYGROUND_PASSWORD of at least {PLAYGROUND_PASSWORD_MIN} characters",
        )

    def link(file: str) -> str:
        return f"/media/{signer.sign('media', file, expires_at=clock() + settings.times.media_link)}"

    sessions = Sessions(password=password, adapter_data=context.adapter_data, clock=clock)
    store = ConversationStore(context.adapter_data, clock)
    people = PersonStore(context.adapter_data)
    poller = StorePoller(adapter_data=context.adapter_data, store=store, people=people, link=link)
    reader = RequestReader(people, needs_password=policy.needs_password)
    commands = CommandRoutes(
        service=context.service,
        store=store,
        reader=reader,
        uploads=Uploads(
            service=context.service,
            incoming=context.library.incoming,
            signer=signer,
            clock=clock,
            hold_ms=settings.times.upload_hold,
        ),
        replies=Replies(store, link),
        link=link,
    )
    pages = PageRoutes(
        service=context.service,
        store=store,
        poller=poller,
        people=people,
        reader=reader,
        sessions=sessions,
        link=link,
        simulated=settings.simulated,
    )
    admin = AdminRoutes(service=context.service, people=people, reader=reader)

    async def forget(person: str) -> None:
        await store.forget(name_of(person))

    return Adapter(
        name=ADAPTER,
        publisher=CardPublisher(store),
        receiver=poller,
        routes=_routes(pages, admin, commands, policy, sessions),
        forget=forget,
        startup_notice=lambda address: _notice(address, password, generated=configured is None),
    )


def _notice(address: str, password: str | None, *, generated: bool) -> str:
    if password is None:
        return f"The playground is open: {address}/"
    if not generated:
        return f"The playground requires its password: {address}/"
    return (
        f"The playground: {address}/  password: {password}\n"
        "  (other machines can reach it; set REVERIE_PLAYGROUND_PASSWORD to choose another password)"
    )


def _routes(
    pages: PageRoutes, admin: AdminRoutes, commands: CommandRoutes, policy: AccessPolicy, sessions: Sessions
) -> Sequence[BaseRoute]:
    def guard(*, is_signed_in: Callable[[Request], Awaitable[bool]], **more: Any) -> list[Middleware]:
        return [Middleware(OriginGuard, policy=policy, is_signed_in=is_signed_in, **more)]

    async def anybody(_: Request) -> bool:
        return True

    signed_in, public = guard(is_signed_in=sessions.is_signed_in), guard(is_signed_in=anybody)

    def page(login: str) -> list[Middleware]:
        return guard(is_signed_in=sessions.is_signed_in, login=login, is_page=True)

    upload = guard(is_signed_in=sessions.is_signed_in, content="application/octet-stream")

    def get(path: str, endpoint: Endpoint, middleware: Sequence[Middleware] = signed_in) -> Route:
        return Route(path, _errors_as_json(endpoint), methods=["GET"], middleware=middleware)

    def post(path: str, endpoint: Endpoint, middleware: Sequence[Middleware] = signed_in) -> Route:
        return Route(path, _errors_as_json(endpoint), methods=["POST"], middleware=middleware)

    return (
        get("/", pages.page, page(_LOGIN)),
        get("/playground/gallery", pages.gallery, page(_LOGIN)),
        get(_LOGIN, pages.login_page, guard(is_signed_in=anybody, is_page=True)),
        post(_LOGIN, pages.login, public),
        post("/playground/logout", pages.logout),
        get("/playground/state", pages.state),
        get("/playground/available", pages.available),
        get("/playground/quota", pages.quota),
        get("/playground/events", pages.events),
        get("/playground/suggest", pages.suggest),
        post("/playground/command", commands.command),
        post("/playground/start", commands.start),
        post("/playground/more", commands.more),
        post("/playground/price", commands.price),
        post("/playground/preview", commands.preview),
        get("/playground/settings", commands.settings),
        post("/playground/action", commands.action),
        post("/playground/decide", commands.decide),
        post("/playground/decision", commands.decision),
        post("/playground/key", commands.set_key),
        post("/playground/react", commands.react),
        post("/playground/upload", commands.upload, upload),
        post("/playground/dismiss", pages.dismiss),
        post("/playground/people", pages.add_person),
        get("/playground/admin", admin.page, page(f"{_LOGIN}?to=admin")),
        *(get(f"/playground/admin/{name}", endpoint) for name, endpoint in admin.data.items()),
        Mount(STATIC_PATH, app=StaticApp(), middleware=public),
    )


def _errors_as_json(endpoint: Endpoint) -> Endpoint:
    """Answer errors as JSON that the page can show."""

    async def respond(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)
        except (Refused, MediaError) as error:
            status = next(status for kind, status in _STATUSES if isinstance(error, kind))
            return JSONResponse({"error": str(error)}, status_code=status)
        except ReverieError as error:
            return unavailable(request, error)

    return respond
