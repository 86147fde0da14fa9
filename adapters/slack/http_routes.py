"""HTTP routes: Slack's events, the install page and the OAuth redirect."""

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

#: several times the size of a modal with all its texts
_MAX_BODY = 1_000_000
#: oldest request that is accepted, so that a recorded one cannot be replayed
_MAX_AGE_S = 300
_SECONDS = re.compile(r"[0-9]{1,12}")
_SSL_CHECK = b"ssl_check=1"


def slack_routes(app: AsyncApp, signing_secret: SecretStr) -> list[Route]:
    """The routes of an app; those of the installation only with our flow."""

    async def events(request: Request) -> Response:
        sent_at = request.headers.get("x-slack-request-timestamp")
        if sent_at is not None and not _SECONDS.fullmatch(sent_at):
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        arrived_at = asyncio.get_running_loop().time()
        body = await _read_body(request)
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if _SSL_CHECK in body.split(b"&"):
            # Slack checks our certificate.
            return Response()
        signature = request.headers.get("x-slack-signature", "")
        if sent_at is None or not _is_signed(body, sent_at, signature, signing_secret):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        try:
            event = bolt_request(
                body, headers=request.headers, query=request.query_params, arrived_at=arrived_at
            )
        except (ValueError, RecursionError):
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return to_starlette_response(await app.async_dispatch(event))

    routes = [Route(EVENTS_PATH, events, methods=["POST"])]
    if isinstance(app.oauth_flow, InstallFlow):
        routes += _install_routes(app.oauth_flow)
    return routes


def _install_routes(flow: InstallFlow) -> list[Route]:
    async def install(request: Request) -> Response:
        return _page(await flow.handle_installation(to_async_bolt_request(request, b"")))

    async def oauth_redirect(request: Request) -> Response:
        return _page(await flow.handle_callback(to_async_bolt_request(request, b"")))

    return [
        Route(INSTALL_PATH, install, methods=["GET"]),
        Route(REDIRECT_PATH, oauth_redirect, methods=["GET"]),
    ]


def _page(bolt_response: BoltResponse) -> Response:
    response = to_starlette_response(bolt_response)
    response.headers.update(HEADERS)
    return response


def _is_signed(body: bytes, sent_at: str, signature: str, secret: SecretStr) -> bool:
    """Whether Slack signed this body recently.

    https://docs.slack.dev/authentication/verifying-requests-from-slack/
    """
    if abs(time.time() - int(sent_at)) > _MAX_AGE_S:
        return False
    key = secret.get_secret_value().encode()
    expected = f"v0={hmac.new(key, b'v0:%s:%s' % (sent_at.encode(), body), sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))


async def _read_body(request: Request) -> bytes | None:
    """The request's body; None where it is larger than any of Slack's."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            return None
    return bytes(body)
