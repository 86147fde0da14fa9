"""The routes of the admin page: the page, and what its sections show. Changes are sent as commands."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.delivery.people import PersonStore
from adapters.playground.events.page_routes import person_record
from adapters.playground.events.replies import as_json
from adapters.playground.events.requests import RequestContext, RequestReader, page_number, person_among
from adapters.playground.events.static_files import static_page
from adapters.playground.messages.admin_records import (
    allowances_record,
    audit_record,
    keys_record,
    member_record,
    overview_record,
    page_record,
    queued_record,
    reported_record,
    rules_record,
)
from adapters.playground.messages.command_forms import command_forms
from bot.service.admin.queries import QueueGroup
from bot.service.facade import BotService

#: characters of a search
_SEARCH_MAX = 100


class AdminRoutes:
    """Answers the admin page. The core refuses everybody who is no admin of the workspace."""

    def __init__(
        self,
        *,
        service: BotService,
        people: PersonStore,
        reader: RequestReader,
    ) -> None:
        self._service = service
        self._people = people
        self._reader = reader
        #: by the last part of their addresses
        self.data: Mapping[str, Callable[[Request], Awaitable[Response]]] = {
            "start": self.start,
            "overview": self.overview,
            "members": self.members,
            "allowances": self.allowances,
            "rules": self.rules,
            "audit": self.audit,
            "keys": self.keys,
            "queue": self.queue,
            "reports": self.reports,
        }

    async def page(self, _: Request) -> Response:
        """Return the page without any data: a request for a page does not say whom a tab is."""
        return static_page("admin.html")

    async def start(self, request: Request) -> Response:
        """Return what every section needs."""
        people = await self._people.everybody()
        me = person_among(people, request)
        context = RequestContext.of(me)
        self._service.admin.require(context.caller)
        forms = command_forms(
            admin=True,
            suggestions=await self._service.suggested_words(context.caller),
            defaults=await self._service.effective_defaults(context.invocation()),
        )
        return as_json(
            {
                "me": person_record(me),
                "people": [person_record(person) for person in people],
                "commands": forms,
            }
        )

    async def overview(self, request: Request) -> Response:
        context = await self._context(request)
        return as_json(overview_record(await self._service.admin.overview(context.caller)))

    async def members(self, request: Request) -> Response:
        """Return a page of members, also of people who have asked for nothing yet."""
        context = await self._context(request)
        people = await self._people.everybody()
        found = await self._service.admin.members(
            context.caller,
            words=_text(request, "words"),
            page=page_number(request),
            others=[RequestContext.of(person).caller for person in people],
        )
        return as_json(page_record(found, member_record))

    async def allowances(self, request: Request) -> Response:
        context = await self._context(request)
        found = await self._service.admin.allowances(context.caller, page=page_number(request))
        return as_json(allowances_record(found))

    async def rules(self, request: Request) -> Response:
        context = await self._context(request)
        return as_json(rules_record(await self._service.admin.rules(context.caller)))

    async def audit(self, request: Request) -> Response:
        """Return a page of the audit, filtered by `member`, `action` and `words`."""
        context = await self._context(request)
        found = await self._service.admin.audit(
            context.caller,
            member=_text(request, "member"),
            action=_text(request, "action"),
            words=_text(request, "words"),
            page=page_number(request),
        )
        return as_json(audit_record(found))

    async def keys(self, request: Request) -> Response:
        context = await self._context(request)
        return as_json(keys_record(await self._service.admin.keys(context.caller)))

    async def queue(self, request: Request) -> Response:
        """Return a page of the jobs that have not ended, of one `group` or of all."""
        context = await self._context(request)
        name = request.query_params.get("group", "")
        if name and name not in set(QueueGroup):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"group is one of {', '.join(QueueGroup)}")
        group = QueueGroup(name) if name else None
        found = await self._service.admin.queue(context.caller, group, page=page_number(request))
        return as_json(page_record(found, queued_record))

    async def reports(self, request: Request) -> Response:
        context = await self._context(request)
        found = await self._service.admin.reports(context.caller, page=page_number(request))
        return as_json(page_record(found, reported_record))

    async def _context(self, request: Request) -> RequestContext:
        """The person in the studio: direct messages have no admin."""
        context = self._reader.context_of(await self._reader.person(request))
        self._service.admit_query(context.caller)
        return context


def _text(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()[:_SEARCH_MAX]
