"""`/media/{token}`: pictures of ours, for whoever holds a signed link that has not ended."""

import asyncio
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.domain.errors import MediaError
from bot.engine.core import Core
from bot.signing import BadToken

_HEADERS = {
    "Cache-Control": "private, max-age=3600, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: bytes at the beginning of the files that we serve: where, and what
_SIGNS = {
    "image/jpeg": (0, b"\xff\xd8\xff"),
    "image/png": (0, b"\x89PNG\r\n\x1a\n"),
    "image/gif": (0, b"GIF8"),
    "image/webp": (8, b"WEBP"),
}


def _type_of(path: Path) -> str | None:
    """The type of a file by its content; None for one that is not to be served."""
    with path.open("rb") as file:
        beginning = file.read(16)
    return next((mime for mime, (at, sign) in _SIGNS.items() if beginning.startswith(sign, at)), None)


def media_routes(core: Core) -> list[Route]:
    async def serve(request: Request) -> Response:
        try:
            file = core.signer.verify("media", request.path_params["token"], now=core.clock())
            path = core.storage.path(file)
            mime = await asyncio.to_thread(_type_of, path)
        except BadToken:
            return PlainTextResponse("This link is not valid, or no longer.", HTTPStatus.NOT_FOUND)
        except (MediaError, OSError):
            mime = None
        if mime is None:
            return PlainTextResponse("This picture is no longer here.", HTTPStatus.GONE)
        return FileResponse(path, media_type=mime, headers=_HEADERS)

    return [Route("/media/{token}", serve, methods=["GET", "HEAD"])]
