"""Serves stored media by signed, expiring links.

`/media/{token}` is the file, `/media/{token}/view` an HTML page that shows it, `/media/{token}/still` the
first frame of a video.

Files in a bucket that people can reach are read there: our link redirects to a URL that works for an hour.
With `?download`, and of a type that the bucket does not serve, a file comes through this process.
"""

import asyncio
import html
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from string import Template

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.domain.errors import MediaError, MediaLost, MediaRefused
from bot.media.sniff import EXTENSIONS
from bot.media.storage.base import ServedFile, Storage
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
#: a browser may come back to where it was redirected for much less time than that works
_REDIRECT_HEADERS = _COMMON | {"Cache-Control": "private, max-age=600"}
_PAGE_HEADERS = _COMMON | {"Cache-Control": "private, no-store"}

_GONE = "This file is no longer available."
_LATER = "This file is temporarily unavailable."

#: title and content of the page
_PICTURE = ("Picture · Reverie", '<img src="../$token" alt="The picture of this link">')
#: what chats show of a link to the page
_PICTURE_PREVIEW = """\
<meta property="og:type" content="website">
<meta property="og:image" content="$url">
<meta name="twitter:card" content="summary_large_image">"""
_VIDEO_PREVIEW = """\
<meta property="og:type" content="video.other">
<meta property="og:image" content="$url/still">
<meta property="og:video" content="$url">
<meta property="og:video:type" content="$mime">
<meta name="twitter:card" content="summary_large_image">"""
_VIDEO = (
    "Video · Reverie",
    '<video src="../$token" poster="still" preload="metadata" controls loop playsinline></video>',
)


class _StoredFileResponse(Response):
    """The content of a stored file, or the part of it that a Range header names."""

    def __init__(
        self, storage: Storage, file_id: str, served: ServedFile, *, download_name: str | None
    ) -> None:
        super().__init__()
        #: None: it is shown, not saved
        self._download_name = download_name
        self._storage = storage
        self._file_id = file_id
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            headers = {"Content-Length": str(self._served.size), "Accept-Ranges": "bytes"}
            response = Response(media_type=self._served.mime, headers=_FILE_HEADERS | headers)
            await response(scope, receive, send)
            return
        with _http_errors():
            async with self._storage.local(self._file_id) as path:
                # Read now, so that a file which is removed meanwhile causes no error.
                stat = await asyncio.to_thread(path.stat)
                response = FileResponse(
                    path,
                    media_type=self._served.mime,
                    headers=_FILE_HEADERS,
                    stat_result=stat,
                    filename=self._download_name,
                )
                await response(scope, receive, send)


@contextmanager
def _http_errors() -> Iterator[None]:
    """Answer errors of tokens and of the storage with the status that says what to do."""
    try:
        yield
    except BadToken as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This link is not valid, or no longer.", _COMMON) from error
    except (MediaLost, MediaRefused, FileNotFoundError) as error:
        raise HTTPException(HTTPStatus.GONE, _GONE, _COMMON) from error
    except (MediaError, OSError) as error:
        # For 410 a provider fails the generation, but this fault is ours and may be temporary.
        log.warning("media_not_read", error=repr(error))
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, _LATER, _COMMON) from error


def _file_name(file_id: str, served: ServedFile) -> str:
    """The name under which a browser saves a file: different for each, with the ending of its type."""
    return f"reverie-{file_id[:8]}.{EXTENSIONS[served.mime or '']}"


def media_routes(services: Services) -> list[Route]:
    page = Template((_FOLDER / "view.html").read_text("utf-8"))
    # A page may show what its own address redirects to only if it allows that, too.
    media = " ".join(filter(None, ("'self'", services.storage.links_origin)))
    page_headers = _PAGE_HEADERS | {
        "Content-Security-Policy": f"default-src 'none'; img-src {media}; media-src {media}; "
        "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    async def find(request: Request, rendition: str = "") -> tuple[str, ServedFile]:
        """The file that a link leads to, with its id."""
        with _http_errors():
            file = services.signer.verify("media", request.path_params["token"], now=services.clock())
            served = await services.storage.serve(file + rendition)
        if served.mime not in EXTENSIONS:
            raise HTTPException(HTTPStatus.GONE, _GONE, _COMMON)
        return file + rendition, served

    async def respond(request: Request, rendition: str = "") -> Response:
        file_id, served = await find(request, rendition)
        # The bucket's URL is signed for GET, and HEAD needs nothing of the content.
        if served.url is not None and "download" not in request.query_params and request.method != "HEAD":
            return RedirectResponse(served.url, HTTPStatus.FOUND, _REDIRECT_HEADERS)
        name = _file_name(file_id, served) if "download" in request.query_params else None
        return _StoredFileResponse(services.storage, file_id, served, download_name=name)

    async def serve(request: Request) -> Response:
        return await respond(request)

    async def serve_still(request: Request) -> Response:
        return await respond(request, ".still")

    async def view(request: Request) -> Response:
        _, served = await find(request)
        mime = served.mime or ""
        token = request.path_params["token"]
        is_video = mime.startswith("video/")
        title, shown = _VIDEO if is_video else _PICTURE
        origin = services.settings.public_url or str(request.base_url)
        preview = Template(_VIDEO_PREVIEW if is_video else _PICTURE_PREVIEW).substitute(
            url=html.escape(f"{origin.rstrip('/')}/media/{token}"), mime=mime
        )
        # A token that has been verified holds nothing that HTML would read as its own.
        shown = Template(shown).substitute(token=token)
        text = page.substitute(title=title, preview=preview, shown=shown, token=token)
        return HTMLResponse(text, headers=page_headers)

    async def style(_: Request) -> Response:
        return FileResponse(_FOLDER / "view.css", media_type="text/css", headers=_COMMON)

    return [
        Route("/media/view.css", style, methods=["GET", "HEAD"]),
        Route("/media/{token}", serve, methods=["GET", "HEAD"]),
        Route("/media/{token}/still", serve_still, methods=["GET", "HEAD"]),
        Route("/media/{token}/view", view, methods=["GET", "HEAD"]),
    ]
