"""The server: Web API, uploads, downloads, response URLs and sockets on one port."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from tests.platforms.fake_discord.transport.faults import Drop, Faults
from tests.platforms.fake_slack.methods import METHODS
from tests.platforms.fake_slack.methods.routing import Call, Method
from tests.platforms.fake_slack.rules.refusals import Json, Limited, Refusal
from tests.platforms.fake_slack.state.apps import Token
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.transport import contracts
from tests.platforms.fake_slack.transport.arguments import client_of, read, token_of
from tests.platforms.fake_slack.transport.endpoints import Answer, download, receive, respond
from tests.platforms.fake_slack.transport.faults import Fault
from tests.platforms.fake_slack.transport.ratelimits import RateLimits
from tests.platforms.fake_slack.transport.sockets import Sockets

LARGEST_BODY = 1 << 30


@dataclass(slots=True, kw_only=True)
class Request:
    """One call as it came in, and how it was answered."""

    #: a method's name, or a verb and a path
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    at_ms: int
    status: int | None = None
    #: the word with which it was refused
    error: str | None = None
    #: of its token; told beside every answer
    scopes: frozenset[str] = frozenset()


class Service:
    """Responds to requests and records them with their violations."""

    def __init__(self, world: World, *, violations: list[str], validates: bool) -> None:
        self.world = world
        self.limits = RateLimits(clock=world.clock)
        self.faults = Faults()
        self.requests: list[Request] = []
        self.violations = violations
        self.sockets = Sockets(world, violations)
        self._validates = validates

    async def serve(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.path.startswith("/link/"):
                return await self.sockets.serve(request)
            return await self._serve(request)
        except Exception as error:
            # The fake's own fault, which must not hide behind a 500 that clients wait out.
            self._note(f"{request.method} {request.path} broke the fake: {error!r}")
            raise

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.path.removeprefix("/api/") if request.path.startswith("/api/") else None
        name = method or f"{request.method} {request.path}"
        kept = Request(name=name, at_ms=self.world.clock.now_ms())
        self.requests.append(kept)
        verb, _, path = name.partition(" ")
        fault = self.faults.take(verb, path)
        assert fault is None or isinstance(fault, Fault)
        answering = self._with_fault(request, kept, fault) if fault else self._answer(request, kept)
        answer: web.StreamResponse = await answering
        kept.status = answer.status
        self.world.changes.notify()
        return answer

    async def _with_fault(self, request: web.Request, kept: Request, fault: Fault) -> web.StreamResponse:
        if fault.drop is Drop.BEFORE:
            return _broken(request)
        false_answer = fault.status is not None or fault.error is not None or fault.body is not None
        if fault.done or fault.drop is Drop.AFTER or not false_answer:
            answer = await self._answer(request, kept)
        else:
            await request.read()
            answer = web.Response()
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.drop is Drop.AFTER:
            return _broken(request)
        if fault.cut_after is not None:
            return await _cut(request, answer, fault.cut_after)
        if not false_answer:
            return answer
        kept.error = fault.error
        return _false_answer(fault)

    async def _answer(self, request: web.Request, kept: Request) -> web.Response:
        try:
            return await self._edge(request, kept)
        except Refusal as refusal:
            kept.error = refusal.error
            return _json(refusal.body())
        except Limited as limited:
            kept.error = "ratelimited"
            return _limited(limited.retry_after_s)

    async def _edge(self, request: web.Request, kept: Request) -> web.Response:
        """Dispatch a request to the endpoint of its path."""
        if request.path.startswith("/api/"):
            answer = _json(await self._method(request, kept))
            answer.headers["X-OAuth-Scopes"] = ",".join(sorted(kept.scopes))
            return answer
        if request.path.startswith("/upload/v1/"):
            return _plain(receive(self.world, request.path, await _uploaded(request)))
        if request.path.startswith("/files-pri/"):
            return _plain(download(self.world, request.path, token_of(request, {})))
        if request.path.startswith("/hooks/"):
            kept.arguments = await read(request)
            self._validate_blocks(kept.arguments)
            return _plain(respond(self.world, request.path, kept.arguments))
        self._note(f"nothing answers {request.method} {request.host}{request.path}")
        return web.Response(status=404, text="not found")

    async def _method(self, request: web.Request, kept: Request) -> Json:
        arguments = await read(request)
        kept.arguments = {name: value for name, value in arguments.items() if name != "token"}
        method = METHODS.get(kept.name)
        if method is None:
            self._note(f"nothing answers {kept.name}")
            raise Refusal("unknown_method")
        token = None if method.token is None else self._allowed(method, token_of(request, arguments))
        who = "" if token is None or token.installation is None else token.installation.bot_id
        kept.scopes = frozenset() if token is None else token.scopes
        self.limits.count(
            method, who, str(arguments.get("channel", "")), distributed=self.world.app.is_distributed
        )
        self._validate(method, arguments)
        call = Call(world=self.world, arguments=arguments, token=token, client=client_of(request))
        return {"ok": True, **method.handler(call)}

    def _allowed(self, method: Method, value: str | None) -> Token:
        """Return the token, if it is alive, of the right kind, and reaches so far."""
        token = self.world.tokens.find(value)
        if token.kind is not method.token:
            raise Refusal("not_allowed_token_type")
        if method.scope is not None and method.scope not in token.scopes:
            provided = ",".join(sorted(token.scopes))
            raise Refusal("missing_scope", needed=method.scope, provided=provided)
        return token

    def _validate(self, method: Method, arguments: dict[str, Any]) -> None:
        """Note what no client should ever send; what the service refuses it refuses besides."""
        if not self._validates:
            return
        unknown = contracts.unknown_arguments(method.name, set(arguments))
        self.violations += [f"{method.name} takes no {name}" for name in unknown]
        self._validate_blocks(arguments)
        view = _structure(arguments.get("view"))
        if view is not None and (fault := contracts.view_fault(view)) is not None:
            self._note(f"{method.name}: view {fault}")
            raise Refusal("invalid_arguments", messages=[f"[ERROR] {fault}"])

    def _validate_blocks(self, arguments: dict[str, Any]) -> None:
        blocks = _structure(arguments.get("blocks"))
        if not self._validates or not isinstance(blocks, list):
            return
        fault = contracts.blocks_fault(blocks)
        if fault is not None:
            self._note(f"blocks {fault}")
            raise Refusal("invalid_blocks", messages=[f"[ERROR] {fault}"])

    def _note(self, violation: str) -> None:
        self.violations.append(violation)
        self.world.changes.notify()


def _structure(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


async def _uploaded(request: web.Request) -> bytes:
    """Read a file's bytes, bare or as the one file of a form."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    for value in (await request.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    return b""


def _json(body: Json) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", charset="utf-8")


def _plain(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)


def _limited(retry_after_s: int) -> web.Response:
    answer = _json({"ok": False, "error": "ratelimited"})
    answer.set_status(429)
    answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def _false_answer(fault: Fault) -> web.Response:
    if fault.body is not None:
        headers = {"Content-Type": fault.content_type, **fault.headers}
        return web.Response(status=fault.status or 200, body=fault.body, headers=headers)
    if fault.status == 429:
        return _limited(round(fault.retry_after_s))
    if fault.status is not None:
        return web.Response(status=fault.status, text="<html>upstream</html>", content_type="text/html")
    more = {} if fault.needed is None else {"needed": fault.needed, "provided": "chat:write"}
    return _json({"ok": False, "error": fault.error, **more})


def _broken(request: web.Request) -> web.Response:
    """Drop the connection; the returned response is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def _cut(request: web.Request, answer: web.Response, length: int) -> web.StreamResponse:
    """Send the first bytes of a response and drop the connection."""
    assert isinstance(answer.body, bytes)
    begun = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    begun.content_length = len(answer.body)
    await begun.prepare(request)
    await begun.write(answer.body[:length])
    return _broken(request)
