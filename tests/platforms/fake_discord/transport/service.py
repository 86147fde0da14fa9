"""The server: REST, gateway and files on one port, with or without TLS."""

import asyncio
import math
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from tests.platforms.fake_discord.gateway.gateway import Gateway
from tests.platforms.fake_discord.rest import ROUTES
from tests.platforms.fake_discord.rest.routing import Call, Created, Route, Routes, find
from tests.platforms.fake_discord.rules.refusals import FormErrors, Refusal
from tests.platforms.fake_discord.state.world import World
from tests.platforms.fake_discord.transport.bodies import LARGEST_BODY, read
from tests.platforms.fake_discord.transport.contracts import Contracts
from tests.platforms.fake_discord.transport.faults import Drop, Fault, Faults
from tests.platforms.fake_discord.transport.ratelimits import Limited, RateLimits

API = ("/api/v10", "/api/v9", "/api")
_FILES = ("/attachments/", "/ephemeral-attachments/")
_INVALID = (401, 403, 429)
_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(slots=True, kw_only=True)
class Request:
    """One call as it came in, and how it was answered."""

    method: str
    #: without the API's own beginning
    path: str
    body: Any
    #: names of the files that came with it
    files: tuple[str, ...]
    at_ms: int
    authorised: bool
    status: int | None = None
    #: the service's own code of a refusal
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        # Client libraries want this content type without any parameter.
        return web.Response(
            status=self.status,
            body=None if self.body is None else orjson.dumps(self.body),
            content_type=None if self.body is None else "application/json",
            headers=self.headers,
        )


class Service:
    """Responds to requests and records them with their violations."""

    def __init__(self, world: World, *, contracts: Contracts | None) -> None:
        self.world = world
        self.limits = RateLimits(clock=world.clock)
        self.faults = Faults()
        self.requests: list[Request] = []
        #: contract violations by a client or by the fake itself
        self.violations: list[str] = []
        self.gateway = Gateway(world, self._watch)
        self.contracts = contracts
        self._routes = [*ROUTES, *_gateway_routes(self.gateway)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._serve(request)
        except Exception as error:
            # The fake's own fault, which must not hide behind a 500 that clients wait out.
            self._note(f"{request.method} {request.path} broke the fake: {error!r}")
            raise

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.gateway.serve(request)
        if request.path.startswith(_FILES):
            return self._file(request)
        start = next((start for start in API if request.path.startswith(start + "/")), None)
        if start is None:
            return self._unrouted(request)
        # The path as it was sent: an emoji may hold an escaped slash or colon.
        path = request.rel_url.raw_path.removeprefix(start).replace("%40", "@")
        return await self._rest(request, path)

    async def _rest(self, request: web.Request, path: str) -> web.StreamResponse:
        found = find(self._routes, request.method, path)
        if found is None:
            return self._unrouted(request)
        if (request.content_length or 0) > LARGEST_BODY:
            return web.Response(status=413, text="<html>413 Request Entity Too Large</html>")
        route, parts = found
        kept = Request(
            method=request.method,
            path=path,
            body=None,
            files=(),
            at_ms=self.world.clock.now_ms(),
            authorised=request.headers.get("Authorization") == f"Bot {self.world.token}",
        )
        self.requests.append(kept)
        answer = await self._with_faults(request, route, parts, kept)
        kept.status = answer.status
        if answer.status in _INVALID and answer.headers.get("X-RateLimit-Scope") != "shared":
            self.limits.invalid_requests += 1
        self.world.changes.notify()
        return answer

    async def _with_faults(
        self, request: web.Request, route: Route, parts: dict[str, str], kept: Request
    ) -> web.Response:
        fault = self.faults.take(request.method, kept.path)
        if fault is None:
            return (await self._answer(request, route, parts, kept)).response()
        if fault.drop is Drop.BEFORE:
            return _broken(request)
        changes = fault.done or fault.drop is Drop.AFTER or fault.status is None
        if not changes:
            await read(request)
        answer = await self._answer(request, route, parts, kept) if changes else None
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.drop is Drop.AFTER:
            return _broken(request)
        if fault.status is not None:
            return _false_answer(fault)
        assert answer is not None
        response = answer.response()
        if fault.cut_after is not None:
            return await _cut(request, response, fault.cut_after)
        return response

    async def _answer(
        self, request: web.Request, route: Route, parts: dict[str, str], kept: Request
    ) -> _Answer:
        try:
            body = await read(request)
            kept.body = body.content
            kept.files = tuple(upload.filename for upload in body.uploads.values())
            _check_token(route, kept)
            headers = self.limits.count(route, parts)
            call = Call(
                world=self.world,
                path=parts,
                query=dict(request.query),
                body={} if body.content is None else body.content,
                uploads=body.uploads,
                gateway_url=_gateway_url(request),
            )
            return self._done(route, call, headers)
        except Refusal as refusal:
            kept.code = refusal.code
            return _Answer(status=refusal.status, body=refusal.body())
        except Limited as limited:
            return _limited(limited.retry_after_s, limited.scope, limited.headers)

    def _done(self, route: Route, call: Call, headers: dict[str, str]) -> _Answer:
        _check_ids(call.path)
        self._check_contract(route, call)
        answer = route.handler(call)
        status = HTTPStatus.OK
        if isinstance(answer, Created):
            answer, status = answer.body, HTTPStatus.CREATED
        if answer is None:
            return _Answer(status=HTTPStatus.NO_CONTENT, headers=headers)
        if self.contracts is not None:
            self._note(self.contracts.response(route, status, answer))
        return _Answer(status=status, body=answer, headers=headers)

    def _check_contract(self, route: Route, call: Call) -> None:
        if self.contracts is None or route.method not in _WITH_BODY:
            return
        errors, never = self.contracts.request(route, call.body)
        self.violations += never
        errors.settle()

    def _file(self, request: web.Request) -> web.Response:
        attachment = self.world.files.open(request.path, request.query_string)
        if attachment is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(
            body=attachment.content,
            content_type=attachment.content_type,
            headers={"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=86400"},
        )

    def _unrouted(self, request: web.Request) -> web.Response:
        self._note(f"nothing answers {request.method} {request.host}{request.path}")
        return _Answer(status=404, body={"message": "404: Not Found", "code": 0}).response()

    def _watch(self, payload: dict[str, Any]) -> None:
        if self.contracts is not None:
            self._note(self.contracts.payload(payload))

    def _note(self, violation: str | None) -> None:
        if violation is not None:
            self.violations.append(violation)
            self.world.changes.notify()


def _gateway_routes(gateway: Gateway) -> list[Route]:
    routes = Routes()

    @routes.on("GET", "/gateway")
    def show_gateway(call: Call) -> dict[str, Any]:
        return {"url": call.gateway_url}

    @routes.on("GET", "/gateway/bot")
    def show_bot_gateway(call: Call) -> dict[str, Any]:
        return gateway.bot_limits(call.gateway_url)

    return routes.all


def _gateway_url(request: web.Request) -> str:
    """Name the official gateway to who came by the official name, else this very port."""
    host = request.host
    if host in ("discord.com", "discord.com:443"):
        return "wss://gateway.discord.gg"
    return f"{'wss' if request.secure else 'ws'}://{host}"


def _check_token(route: Route, kept: Request) -> None:
    if not route.by_token_in_path and not kept.authorised:
        raise Refusal(0)


def _check_ids(path: dict[str, str]) -> None:
    errors = FormErrors()
    for name, value in path.items():
        if name.endswith("_id") and not value.isdigit():
            errors.add((name,), "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    errors.settle()


def _limited(retry_after_s: float, scope: str, headers: dict[str, str]) -> _Answer:
    everywhere = scope == "global"
    more = {
        "Retry-After": str(math.ceil(retry_after_s)),
        "X-RateLimit-Scope": scope,
        "X-RateLimit-Reset-After": f"{retry_after_s:.3f}",
        # Libraries take a 429 without it for a ban.
        "Via": "1.1 google",
    }
    if everywhere:
        more["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": everywhere}
    return _Answer(status=429, body=body, headers=headers | more)


def _false_answer(fault: Fault) -> web.Response:
    assert fault.status is not None
    if fault.raw is not None:
        return web.Response(status=fault.status, text=fault.raw, content_type=fault.content_type)
    if fault.banned:
        return web.Response(status=429, text="<html>error code: 1015</html>", content_type="text/html")
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _limited(fault.retry_after_s, fault.scope, {}).response()
    return _Answer(status=fault.status, body={"message": fault.message, "code": fault.code}).response()


def _broken(request: web.Request) -> web.Response:
    """Drop the connection; the returned response is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def _cut(request: web.Request, answer: web.Response, length: int) -> web.Response:
    """Send the first bytes of a response and drop the connection."""
    assert isinstance(answer.body, bytes)
    begun = web.StreamResponse(status=answer.status, headers={"Content-Type": "application/json"})
    begun.content_length = len(answer.body)
    await begun.prepare(request)
    await begun.write(answer.body[:length])
    return _broken(request)
