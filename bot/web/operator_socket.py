"""Unix socket of the running bot: lets the command line write while the bot holds the database."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.domain.errors import InvalidRequest, ReverieError
from bot.domain.text import parse_json, storable_json
from bot.service.operator.use_cases import Answer, Operator
from bot.services import log
from bot.store.database.connect import path_of
from bot.store.database.file_lock import sibling_of
from bot.tls import tls_context
from bot.web.server import Server

#: appended to the name of the database
SOCKET = ".sock"
#: maximum length of a Unix socket's path, in bytes
_PATH_MAX = 100


@asynccontextmanager
async def serve_operator(operator: Operator, database: str) -> AsyncIterator[None]:
    """Serve the operator's calls on a socket beside the SQLite database, which only its owner can open."""
    path = socket_of(database)
    if len(os.fsencode(path)) > _PATH_MAX:
        log.warning(
            "operator_socket_skipped",
            remedy="use a shorter database path, so that the command line can write",
        )
        yield
        return
    try:
        listener = _listen(path)
    except OSError as error:
        # Not every file system has sockets, and chat commands need none.
        log.warning(
            "operator_socket_skipped",
            error=str(error),
            remedy="use a REVERIE_DATA_DIR on a local disk, so that the command line can write",
        )
        yield
        return
    with listener:
        server = Server(Starlette(routes=[Route("/{call}", _endpoint(operator), methods=["POST"])]))
        # Outside of the task group: a failure of this socket must not stop the bot.
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="operator")
        try:
            yield
        finally:
            server.should_exit = True
            await asyncio.wait([serving])
            if not serving.cancelled() and (failure := serving.exception()) is not None:
                log.error("operator_socket_failed", error=repr(failure))
            path.unlink(missing_ok=True)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen()
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(mask)
    return listener


def _endpoint(operator: Operator) -> Any:
    async def call_operator(request: Request) -> Response:
        call = operator.calls.get(request.path_params["call"])
        if call is None:
            return JSONResponse({"error": "unknown call"}, HTTPStatus.NOT_FOUND)
        try:
            return JSONResponse(await call(**parse_json(await request.body())))
        except (TypeError, ValueError) as error:
            # The command line and the running bot have different versions.
            return JSONResponse({"error": f"Invalid call: {error}"}, HTTPStatus.BAD_REQUEST)
        except ReverieError as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    return call_operator


def socket_of(database: str) -> Path:
    """Path of a running bot's socket, by the URL of its SQLite database."""
    return sibling_of(path_of(database), SOCKET)


async def call_running(
    database: str, call: str, arguments: dict[str, Any], *, timeout_s: float = 30.0
) -> Answer:
    """Send an operator's call to the bot that runs on this database; raises its InvalidRequest."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket_of(database)), verify=tls_context())
    try:
        async with httpx.AsyncClient(transport=transport, timeout=timeout_s) as client:
            response = await client.post(
                f"http://operator/{call}", content=orjson.dumps(storable_json(arguments))
            )
        answer: Answer = orjson.loads(response.content)
    except (httpx.HTTPError, orjson.JSONDecodeError) as error:
        file = path_of(database)
        raise ReverieError(f"The bot that runs on {file} does not respond: try again, or stop it") from error
    if isinstance(answer, dict) and "error" in answer:
        raise InvalidRequest(answer["error"])
    return answer
