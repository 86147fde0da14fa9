"""Keeps a fault in one request to that request: it is logged and answered with 500."""

from http import HTTPStatus

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.api.answers import Json

SERVER_ERROR = "Internal server error"

_log = structlog.get_logger()


class Failsafe:
    """ASGI middleware around all routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def notice(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, notice)
        except (ConnectionError, ClientDisconnect):
            # The caller has gone, or its answer is lost on demand: there is nobody to answer.
            raise
        except Exception as error:
            _log.exception("simulator_request_failed", path=scope["path"], error=repr(error))
            if started:
                # Half an answer is out already; only a broken connection tells that it is not whole.
                raise ConnectionResetError("the answer broke off") from error
            await Json({"detail": SERVER_ERROR}, HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, send)
