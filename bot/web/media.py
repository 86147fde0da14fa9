"""Serves stored media by signed, expiring links.

`/media/{token}` is the file, `/media/{token}/view` an HTML page that shows it, `/media/{token}/still` the
first frame of a video.
"""

import asyncio
import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from string import Template

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from bot.domain.errors import MediaError
from bot.media.sniff import mime_of
from bot.security.tokens import BadToken
from bot.services import Services, log

_FOLDER = Path(__file__).parent
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_FILE_HEADERS = _COMMON | {
    "Cache-Control": "private, max-age=3600, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE_HEADERS = _COMMON | {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

#: served media types and their file name extensions
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/heif": "heif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}

_GONE = "This file is no longer available."
_LATER = "This file is temporarily unavailable."

#: title and content of the page
_PICTURE = ("Picture · Reverie", '<img src="../$token" alt="The picture of this link">')
_VIDEO = (
    "Video · Reverie",
    '<video src="../$token" poster="still" preload="metadata" controls loop playsinline></video>',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """A stored file that a link leads to."""

    path: Path
    mime: str
    #: read once, so that a file which is removed meanwhile causes no error
    stat: os.stat_result

    @property
    def response(self) -> Response:
        return FileResponse(self.path, media_type=self.mime, headers=_FILE_HEADERS, stat_result=self.stat)


def media_routes(services: Services) -> list[Route]:
    page = Template((_FOLDER / "view.html").read_text("utf-8"))

    async def find(request: Request, rendition: str = "") -> _Served:
        try:
            file = services.signer.verify("media", request.path_params["token"], now=services.clock())
            path = services.storage.path(file + rendition)
            mime, stat = await asyncio.to_thread(lambda: (mime_of(path), path.stat()))
        except BadToken as error:
            raise HTTPException(
                HTTPStatus.NOT_FOUND, "This link is not valid, or no longer.", _COMMON
            ) from error
        except (MediaError, FileNotFoundError) as error:
            raise HTTPException(HTTPStatus.GONE, _GONE, _COMMON) from error
        except OSError as error:
            # For 410 a provider fails the generation, but this fault is ours and may be temporary.
            log.warning("media_not_read", error=repr(error))
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, _LATER, _COMMON) from error
        if mime not in _EXTENSIONS:
            raise HTTPException(HTTPStatus.GONE, _GONE, _COMMON)
        return _Served(path=path, mime=mime, stat=stat)

    async def serve(request: Request) -> Response:
        return (await find(request)).response

    async def serve_still(request: Request) -> Response:
        return (await find(request, ".still")).response

    async def view(request: Request) -> Response:
        served = await find(request)
        token, ending = request.path_params["token"], _EXTENSIONS[served.mime]
        title, shown = _VIDEO if served.mime.startswith("video/") else _PICTURE
        # A token that has been verified holds nothing that HTML would read as its own.
        text = page.substitute(
            title=title, shown=Template(shown).substitute(token=token), token=token, name=f"reverie.{ending}"
        )
        return HTMLResponse(text, headers=_PAGE_HEADERS)

    async def style(_: Request) -> Response:
        return FileResponse(_FOLDER / "view.css", media_type="text/css", headers=_COMMON)

    return [
        Route("/media/view.css", style, methods=["GET", "HEAD"]),
        Route("/media/{token}", serve, methods=["GET", "HEAD"]),
        Route("/media/{token}/still", serve_still, methods=["GET", "HEAD"]),
        Route("/media/{token}/view", view, methods=["GET", "HEAD"]),
    ]
