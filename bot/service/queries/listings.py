"""Lists of jobs, page by page: the caller's history, and the gallery of a workspace."""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.cards.card import CardView
from bot.domain.command_text.pages import PageRequest
from bot.domain.commands import Gallery, History
from bot.domain.commands.jobs import ListCommand
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind
from bot.domain.identity import Caller, Invocation, Place, is_direct_workspace
from bot.domain.policy.record import AgeMode
from bot.jobs.gallery_page import LASTING_MS, gallery_link
from bot.service.queries.member_queries import job_views
from bot.service.replies import PageButton, PrivateReply
from bot.services import Services
from bot.store.admin.workspaces import find_workspace
from bot.store.listings.job_pages import JobPage, PageQuery, gallery, history

_KINDS = {MediaKind.PICTURE: "pictures", MediaKind.VIDEO: "videos"}


async def turn_page(services: Services, page: str, invocation: Invocation) -> PrivateReply:
    """Another page of a list; raises InvalidRequest for one of another version."""
    request = PageRequest.parse(page)
    caller, place = invocation.caller, invocation.place
    if isinstance(request.command, Gallery):
        return await list_gallery(services, request.command, caller, place, request)
    return await list_history(services, request.command, caller, request)


async def list_history(
    services: Services, command: ListCommand, caller: Caller, page: PageRequest | None = None
) -> PrivateReply:
    """The caller's jobs, from all workspaces."""
    found = await history(services.database, sorted(caller.persons), _query(command, page))
    filters = ", ".join(_filters(command))
    if not found.jobs and not filters:
        return PrivateReply(
            title="Nothing yet", text="Make your first picture: /imagine a red fox in the snow"
        )
    if not found.jobs:
        return PrivateReply(title="Nothing found", text=f"You have no job with: {filters}.")
    views = await job_views(services, found.jobs, caller)
    return _listed(f"Your jobs, the newest first{_with(filters)}", command, found, views)


async def list_gallery(
    services: Services,
    command: Gallery,
    caller: Caller,
    place: Place,
    page: PageRequest | None = None,
) -> PrivateReply:
    """The results with a star in the caller's workspace; behind spoilers where only adults may see them."""
    if is_direct_workspace(caller.workspace):
        raise InvalidRequest(
            "Direct messages have no shared gallery. /history --starred lists your results with a star."
        )
    found = await gallery(services.database, caller.workspace, _query(command, page))
    filters = ", ".join(_filters(command))
    if not found.jobs and not filters:
        return PrivateReply(
            title="The gallery is empty", text="Give a result a star with ⭐, and everybody here finds it."
        )
    if not found.jobs:
        return PrivateReply(title="Nothing found", text=f"The gallery has nothing with: {filters}.")
    views = await job_views(services, found.jobs, caller)
    gate = (await find_workspace(services.database, caller.workspace)).policy.age.mode
    if gate is not AgeMode.OFF and not place.age_restricted:
        views = tuple(map(_behind_spoiler, views))
    reply = _listed(f"The gallery{_with(filters)}", command, found, views)
    public_url = services.settings.public_url
    # A page cannot know who is an adult.
    if public_url is None or gate is not AgeMode.OFF:
        return reply
    link = gallery_link(services, caller.workspace, lasts_ms=LASTING_MS)
    return replace(reply, link=f"{public_url.rstrip('/')}{link}")


def _behind_spoiler(view: CardView) -> CardView:
    return replace(view, jobs=tuple(replace(job, spoiler=True) for job in view.jobs))


def _query(command: ListCommand, page: PageRequest | None) -> PageQuery:
    return PageQuery(
        count=command.count,
        text=command.search,
        kind=command.kind,
        starred=isinstance(command, History) and command.starred,
        cursor=page.cursor if page else None,
        newer=page.newer if page else False,
    )


def _listed(title: str, command: ListCommand, page: JobPage, views: tuple[CardView, ...]) -> PrivateReply:
    return PrivateReply(title=title, views=views, listed=True, pages=tuple(_buttons(command, page)))


def _with(filters: str) -> str:
    return f" · {filters}" if filters else ""


def _filters(command: ListCommand) -> Iterator[str]:
    """What a list is restricted to, in words."""
    if command.search:
        yield f"“{command.search}”"
    if command.kind is not None:
        yield f"only {_KINDS[command.kind]}"
    if isinstance(command, History) and command.starred:
        yield "only with a star"


def _buttons(command: ListCommand, page: JobPage) -> Iterator[PageButton]:
    for label, cursor, newer in (("◀ Newer", page.newer, True), ("Older ▶", page.older, False)):
        if cursor is not None:
            request = PageRequest(command=command, cursor=cursor, newer=newer)
            yield PageButton(label=label, page=request.write(), older=not newer)
