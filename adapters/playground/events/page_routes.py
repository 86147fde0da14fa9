"""The routes that show something: the pages, their state, event streams, autocomplete and sign-in."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from adapters.playground.access.login_delays import TooManyLogins
from adapters.playground.access.sessions import Sessions
from adapters.playground.delivery.conversation_store import ConversationStore
from adapters.playground.delivery.people import PersonStore
from adapters.playground.delivery.poller import StorePoller
from adapters.playground.events.command_routes import FEELINGS, NUMBERS
from adapters.playground.events.replies import as_json
from adapters.playground.events.requests import (
    DismissBody,
    LoginBody,
    PersonBody,
    RequestContext,
    RequestReader,
    channel_of,
    person_among,
    read_body,
    read_number,
)
from adapters.playground.events.static_files import static_page
from adapters.playground.events.uploads import LARGEST
from adapters.playground.messages.command_forms import command_forms
from adapters.playground.messages.conversations import Channel, Person
from adapters.playground.messages.records import MediaLink, Record, limit_record, with_links
from bot.domain.commands import Quota
from bot.domain.errors import ReverieError
from bot.domain.generations.models import PICTURE_SIZES
from bot.domain.generations.requests import PROMPT_MAX
from bot.domain.jobs.actions import EMOJI, LABELS, Action, normalized
from bot.security.loopback import client_address
from bot.service.facade import BotService


class PageRoutes:
    """Answers the browser."""

    def __init__(
        self,
        *,
        service: BotService,
        store: ConversationStore,
        poller: StorePoller,
        people: PersonStore,
        reader: RequestReader,
        sessions: Sessions,
        link: MediaLink,
        simulated: bool,
    ) -> None:
        self._service = service
        self._store = store
        self._poller = poller
        self._people = people
        self._reader = reader
        self._sessions = sessions
        self._link = link
        self._simulated = simulated

    async def page(self, _: Request) -> Response:
        return static_page("index.html")

    async def gallery(self, _: Request) -> Response:
        """Lead to the studio's gallery, which the core serves; the link works for an hour."""
        someone = (await self._people.everybody())[0]
        link = self._service.gallery_page(RequestContext.of(someone).caller)
        return RedirectResponse(link, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})

    async def login_page(self, _: Request) -> Response:
        return static_page("login.html")

    async def state(self, request: Request) -> Response:
        """Return everything that a page starts with."""
        people = await self._people.everybody()
        me = person_among(people, request)
        snapshot = await self._store.snapshot(me.name)
        contexts = {channel: self._reader.context_of(me, channel) for channel in Channel}
        return as_json(
            {
                "me": person_record(me),
                #: may see the admin page
                "manages": self._service.admin.allows(contexts[Channel.STUDIO].caller),
                "people": [person_record(person) for person in people],
                "channels": {
                    channel.value: await self._available(context) for channel, context in contexts.items()
                },
                "quota": await self._quota(contexts[channel_of(request)]),
                "messages": [with_links(record, self._link) for record in snapshot.messages],
                "seq": snapshot.seq,
                "now": self._store.now(),
                "actions": {
                    action.value: {"emoji": EMOJI[action], "label": LABELS[action]} for action in Action
                },
                "ratios": [
                    {"value": ratio, "width": width, "height": height}
                    for ratio, (width, height) in PICTURE_SIZES.items()
                ],
                "numbers": NUMBERS,
                "feelings": FEELINGS,
                "limits": {"file": LARGEST, "prompt": PROMPT_MAX},
                "signed_in": self._sessions.needed,
                #: every job is done by the simulator: results are placeholders and nothing is spent
                "simulated": self._simulated,
            }
        )

    async def _available(self, context: RequestContext) -> Record:
        """Return the commands and reactions that are available in a conversation."""
        reactions = await self._service.reactions(context.caller)
        return {
            "commands": command_forms(
                admin=context.caller.is_admin,
                suggestions=await self._service.suggested_words(context.caller),
                defaults=await self._service.effective_defaults(context.invocation()),
                offered=await self._service.offered_choices(context.caller),
            ),
            "reactions": [
                {
                    "emoji": _picture_form(rule.emoji, rule.action),
                    "label": LABELS[rule.action],
                    "action": rule.action,
                }
                for rule in reactions
                if rule.action is not None
            ],
        }

    async def available(self, request: Request) -> Response:
        """Return the commands of one conversation again: presets and defaults may have changed."""
        return as_json(await self._available(await self._reader.context(request)))

    async def quota(self, request: Request) -> Response:
        return as_json({"quota": await self._quota(await self._reader.context(request))})

    async def events(self, request: Request) -> Response:
        """Stream changes as server-sent events. An event's id is the sequence number to continue from."""
        last = request.headers.get("last-event-id") or request.query_params.get("since", "0")
        seq = read_number(last)
        person = await self._reader.person(request)
        return StreamingResponse(
            self._poller.follow(person.name, seq, lambda: self._sessions.is_signed_in(request)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def suggest(self, request: Request) -> Response:
        """Return how the text that is being typed could continue."""
        context = await self._reader.context(request)
        self._service.admit_query(context.caller)
        found = await self._service.autocomplete_line(
            request.query_params.get("text", "")[:500], context.invocation()
        )
        return as_json([{"text": one.text, "label": one.label, "about": one.description} for one in found])

    async def dismiss(self, request: Request) -> Response:
        """Remove one private note, or all of a conversation."""
        context = await self._reader.context(request)
        body = await read_body(request, DismissBody)
        if body.id is None:
            await self._store.dismiss_all(context.conversation, context.person.name)
        else:
            await self._store.dismiss(context.person.name, body.id)
        return as_json({})

    async def add_person(self, request: Request) -> Response:
        person = await self._people.add((await read_body(request, PersonBody)).name)
        self._store.changed.notify()
        return as_json(person_record(person))

    async def login(self, request: Request) -> Response:
        body = await read_body(request, LoginBody)
        try:
            if not await self._sessions.check_password(body.password, address=client_address(request)):
                raise HTTPException(HTTPStatus.FORBIDDEN, "Wrong password")
        except TooManyLogins as error:
            headers = {"Retry-After": str(error.retry_after_s)}
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers) from error
        response = as_json({})
        await self._sessions.open(response, secure=request.headers["origin"].lower().startswith("https:"))
        return response

    async def logout(self, request: Request) -> Response:
        response = as_json({})
        await self._sessions.close(request, response)
        self._poller.recheck_sessions()
        return response

    async def _quota(self, context: RequestContext) -> Record | None:
        try:
            note = await self._service.answer_query(Quota(), context.caller)
            pause = await self._service.pause_notice(context.caller)
        except ReverieError:
            # The page keeps the numbers that it has; the next command says what is wrong.
            return None
        limits = [limit_record(limit) for limit in note.limits]
        return {
            "title": note.title,
            "text": note.text,
            "limits": limits,
            "facts": note.fields[len(limits) :],
            "left": note.money_left,
            "pause": pause,
        }


def _picture_form(emoji: str, action: Action) -> str:
    """Return an emoji in the form that is drawn as a picture; without its selector it may be a letter."""
    return EMOJI[action] if normalized(EMOJI[action]) == emoji else emoji


def person_record(person: Person) -> Record:
    return {"name": person.name, "admin": person.is_admin}
