"""Lists of jobs, page by page: the caller's history."""

from collections.abc import Iterator

from bot.domain.commands import History
from bot.domain.commands.jobs import ListCommand
from bot.domain.identity import Caller
from bot.domain.media import MediaKind
from bot.domain.pages import PageRequest
from bot.service.queries import job_views
from bot.service.replies import PageButton, PrivateReply
from bot.services import Services
from bot.store.job_pages import JobPage, PageQuery, history

_KINDS = {MediaKind.PICTURE: "pictures", MediaKind.VIDEO: "videos"}


async def turn_page(services: Services, page: str, caller: Caller) -> PrivateReply:
    """Another page of a list; raises InvalidRequest for one of another version."""
    request = PageRequest.parse(page)
    return await _list(services, request.command, caller, _query(request.command, request))


async def list_history(services: Services, command: History, caller: Caller) -> PrivateReply:
    """The caller's jobs, from all workspaces."""
    return await _list(services, command, caller, _query(command))


def _query(command: ListCommand, page: PageRequest | None = None) -> PageQuery:
    return PageQuery(
        count=command.count,
        text=command.search,
        kind=command.kind,
        starred=isinstance(command, History) and command.starred,
        cursor=page.cursor if page else None,
        newer=page.newer if page else False,
    )


async def _list(services: Services, command: ListCommand, caller: Caller, query: PageQuery) -> PrivateReply:
    found = await history(services.database, sorted(caller.persons), query)
    filters = ", ".join(_filters(command))
    if not found.jobs:
        if filters:
            return PrivateReply(title="Nothing found", text=f"You have no job with: {filters}.")
        return PrivateReply(
            title="Nothing yet", text="Make your first picture: /imagine a red fox in the snow"
        )
    return PrivateReply(
        title=f"Your jobs, the newest first{' · ' * bool(filters)}{filters}",
        views=await job_views(services, found.jobs, caller),
        listed=True,
        pages=tuple(_buttons(command, found)),
    )


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
