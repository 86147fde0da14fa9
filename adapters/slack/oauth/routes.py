"""What Slack and people's browsers reach over HTTP: events, the page to install, and the way back to it."""

import asyncio
import hmac
import re
import time
from hashlib import sha256
from http import HTTPStatus

from pydantic import SecretStr
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.slack.events.payloads import bolt_request
from adapters.slack.oauth.flow import InstallFlow
from adapters.slack.oauth.manifest import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH
from adapters.slack.oauth.pages import HEADERS

#: several times what a form with all its texts takes
_BODY_MAX = 1_000_000
#: how old a request may be, so that nobody can send it again later
_FRESH_S = 300
_SECONDS = re.compile(r"[0-9]{1,12}")
_SSL_CHECK = b"ssl_check=1"


def slack_routes(app: AsyncApp, signing_secret: SecretStr) -> list[Route]:
    """Routes for an app; those of the installation only where it has our flow."""

    async def events(request: Request) -> Response:
        sent_at = request.headers.get("x-slack-request-timestamp")
        if sent_at is not None and not _SECONDS.fullmatch(sent_at):
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        arrived = asyncio.get_running_loop().time()
        body = await _body(request)
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if _SSL_CHECK in body.split(b"&"):
            # Slack's look at our certificate, which nothing hangs on.
            return Response()
        signature = request.headers.get("x-slack-signature", "")
        if sent_at is None or not _is_slacks(body, sent_at, signature, signing_secret):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        try:
            asked = bolt_request(body, headers=request.headers, query=request.query_params, arrived=arrived)
        except (ValueError, RecursionError):
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return to_starlette_response(await app.async_dispatch(asked))

    routes = [Route(EVENTS_PATH, events, methods=["POST"])]
    if isinstance(app.oauth_flow, InstallFlow):
        routes += _install_routes(app.oauth_flow)
    return routes


def _install_routes(flow: InstallFlow) -> list[Route]:
    async def install(request: Request) -> Response:
        return _page(await flow.handle_installation(to_async_bolt_request(request, b"")))

    async def come_back(request: Request) -> Response:
        return _page(await flow.handle_callback(to_async_bolt_request(request, b"")))

    return [
        Route(INSTALL_PATH, install, methods=["GET"]),
        Route(REDIRECT_PATH, come_back, methods=["GET"]),
    ]


def _page(answer: BoltResponse) -> Response:
    response = to_starlette_response(answer)
    response.headers.update(HEADERS)
    return response


def _is_slacks(body: bytes, sent_at: str, signature: str, secret: SecretStr) -> bool:
    """Whether Slack has signed these bytes a moment ago.

    https://docs.slack.dev/authentication/verifying-requests-from-slack/
    """
    if abs(time.time() - int(sent_at)) > _FRESH_S:
        return False
    key = secret.get_secret_value().encode()
    expected = f"v0={hmac.new(key, b'v0:%s:%s' % (sent_at.encode(), body), sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))


async def _body(request: Request) -> bytes | None:
    """What was sent; None where it is more than Slack ever sends."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX:
            return None
    return bytes(body)
