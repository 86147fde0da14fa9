"""Serves a workspace's gallery as a page, by a signed, expiring link.

The page needs no script: its search and filters are a form, and its pages are links.
"""

import asyncio
import html
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from bot.domain.commands.jobs import SEARCH_MAX
from bot.domain.errors import MediaError
from bot.domain.generations.media import MediaKind
from bot.domain.ids import parse_job_id
from bot.domain.jobs.job import Job
from bot.domain.policy.record import AgeMode
from bot.domain.text import storable
from bot.jobs.gallery_page import GALLERY_LINK, workspace_of_page
from bot.security.tokens import BadToken
from bot.services import Services, log
from bot.store.admin.workspaces import find_workspace
from bot.store.listings.job_pages import JobPage, PageQuery, gallery

_FOLDER = Path(__file__).parent
_COUNT = 24
#: seconds until the page is sent without the small pictures that are still being made
_PICTURES_S = 10.0
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private, no-store",
}
_KINDS = (("", "everything"), (MediaKind.PICTURE, "pictures"), (MediaKind.VIDEO, "videos"))
_AGE = "This workspace shows its results in age-restricted channels only. Use /gallery there."


def gallery_routes(services: Services) -> list[Route]:
    page = Template((_FOLDER / "gallery.html").read_text("utf-8"))
    media = " ".join(filter(None, ("'self'", services.storage.links_origin)))
    headers = _HEADERS | {
        "Content-Security-Policy": f"default-src 'none'; img-src {media}; style-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    }

    async def view(request: Request) -> Response:
        workspace = await _workspace(services, request.path_params["token"])
        query = _query(request)
        found = await gallery(services.database, workspace, query)
        shown = await _thumbnails(services, found)
        links = {job: _link(services, file) for job, file in shown.items()}
        origin = (services.settings.public_url or str(request.base_url)).rstrip("/")
        first = next(iter(links.values()), None)
        text = page.substitute(
            description=html.escape(f"{len(found.jobs)} results with a star" if found.jobs else "Empty"),
            preview=""
            if first is None
            else f'<meta property="og:image" content="{html.escape(origin + first)}">',
            search=html.escape(query.text),
            longest=SEARCH_MAX,
            kinds="".join(_kinds(query.kind)),
            results=_results(services, found, links),
            pages=" ".join(_pages(found, query)),
        )
        return HTMLResponse(text, headers=headers)

    async def style(_: Request) -> Response:
        return FileResponse(_FOLDER / "gallery.css", media_type="text/css", headers=_HEADERS)

    return [
        Route(f"{GALLERY_LINK}/page.css", style, methods=["GET", "HEAD"]),
        Route(f"{GALLERY_LINK}/{{token}}", view, methods=["GET", "HEAD"]),
    ]


async def _workspace(services: Services, token: str) -> str:
    """The workspace whose gallery a link shows; ends the request for a bad link, or with an age gate."""
    try:
        workspace = workspace_of_page(services, token)
    except BadToken as error:
        raise HTTPException(HTTPStatus.FORBIDDEN, str(error), _HEADERS) from error
    if (await find_workspace(services.database, workspace)).policy.age.mode is not AgeMode.OFF:
        raise HTTPException(HTTPStatus.FORBIDDEN, _AGE, _HEADERS)
    return workspace


def _query(request: Request) -> PageQuery:
    """What a request asks for; whatever is not understood counts as not given."""
    given = request.query_params
    newer, older = parse_job_id(given.get("newer", "")), parse_job_id(given.get("older", ""))
    kind = given.get("kind", "")
    return PageQuery(
        count=_COUNT,
        text=storable(given.get("q", ""))[:SEARCH_MAX].strip(),
        kind=MediaKind(kind) if kind in set(MediaKind) else None,
        cursor=newer or older,
        newer=newer is not None,
    )


async def _thumbnails(services: Services, found: JobPage) -> dict[str, str]:
    """The small pictures of the results, by job; what cannot be read in time is shown without."""

    async def make(job: Job) -> str | None:
        if job.result is None or job.expired or job.spoiler:
            return None
        try:
            return await services.library.thumbnail(job.result, member=f"gallery {job.workspace}")
        except MediaError as error:
            log.info("thumbnail_not_read", job_id=job.id, error=str(error))
            return None

    tasks = {job.id: asyncio.create_task(make(job), name="thumbnail") for job in found.jobs}
    if tasks:
        _, late = await asyncio.wait(tasks.values(), timeout=_PICTURES_S)
        for task in late:
            task.cancel()
    return {job: file for job, task in tasks.items() if task.done() and (file := task.result()) is not None}


def _link(services: Services, file: str) -> str:
    expires_at = services.clock() + services.times.media_link
    return f"/media/{services.signer.sign('media', file, expires_at=expires_at)}"


def _results(services: Services, found: JobPage, links: dict[str, str]) -> str:
    if not found.jobs:
        return "<p>Nothing here. Give a result a star ⭐ in the chat, and it is shown here.</p>"
    return f"<ul>{''.join(_result(services, job, links.get(job.id)) for job in found.jobs)}</ul>"


def _result(services: Services, job: Job, picture: str | None) -> str:
    title = html.escape(job.title)
    shown = (
        f'<img src="{picture}" alt="{title}" loading="lazy">'
        if picture is not None
        else f'<span class="hidden">{"behind a spoiler" if job.spoiler else "no picture"}</span>'
    )
    about = f"{html.escape(job.member_name)} · {job.request.makes}"
    content = f"{shown}<p>{title}</p><small>{about}</small>"
    if job.result is None or job.spoiler or picture is None:
        return f"<li>{content}</li>"
    return f'<li><a href="{_link(services, job.result.file)}/view">{content}</a></li>'


def _kinds(chosen: MediaKind | None) -> Iterator[str]:
    for value, label in _KINDS:
        selected = " selected" if value == (chosen or "") else ""
        yield f'<option value="{value}"{selected}>{label}</option>'


def _pages(found: JobPage, query: PageQuery) -> Iterator[str]:
    for label, name, cursor in (("◀ Newer", "newer", found.newer), ("Older ▶", "older", found.older)):
        if cursor is not None:
            given = {"q": query.text, "kind": query.kind or "", name: cursor}
            yield f'<a href="?{html.escape(urlencode(given))}">{label}</a>'
