"""The playground's pages, what they begin with and what they follow."""

from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from adapters.playground.access.login_delays import TooManyTries
from adapters.playground.access.people import People
from adapters.playground.access.session import Sessions
from adapters.playground.delivery.conversation_store import Room
from adapters.playground.delivery.conversations import Channel, Person, Seat
from adapters.playground.delivery.poller import Feed
from adapters.playground.events.command_routes import FEELINGS, NUMBERS
from adapters.playground.events.replies import Answering, as_json
from adapters.playground.events.schemas import DismissForm, LoginForm, PersonForm, read, read_number
from adapters.playground.events.uploads import LARGEST
from adapters.playground.messages.catalogue import forms_for
from adapters.playground.messages.wire import Link, Message, sent
from adapters.playground.ports import BotService, Clock
from bot.domain.actions import EMOJI, LABELS, Action, normalized
from bot.domain.commands import Quota
from bot.domain.errors import ReverieError
from bot.domain.models import PICTURE_SIZES
from bot.domain.requests import PROMPT_MAX
from bot.security.loopback import client_address

STATIC = Path(__file__).parent.with_name("static")


class Pages:
    """Answers the browser with what there is."""

    def __init__(
        self,
        *,
        service: BotService,
        room: Room,
        feed: Feed,
        people: People,
        sessions: Sessions,
        answering: Answering,
        link: Link,
        clock: Clock,
    ) -> None:
        self._service = service
        self._room = room
        self._feed = feed
        self._people = people
        self._sessions = sessions
        self._answering = answering
        self._link = link
        self._clock = clock

    async def page(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    async def login_page(self, _: Request) -> Response:
        return FileResponse(STATIC / "login.html", headers={"Cache-Control": "no-cache"})

    async def state(self, request: Request) -> Response:
        """Everything a page begins with."""
        people = await self._people.everybody()
        wanted = request.query_params.get("me", "")
        me = next((person for person in people if person.name == wanted), people[0])
        snapshot = await self._room.snapshot(me.name)
        seats = {channel: Seat(person=me, channel=channel) for channel in Channel}
        return as_json(
            {
                "me": _person(me),
                "people": [_person(person) for person in people],
                "channels": {channel.value: self._offers(seat) for channel, seat in seats.items()},
                "quota": await self._quota(seats[_channel(request)]),
                "messages": [sent(message, self._link) for message in snapshot.messages],
                "seq": snapshot.seq,
                "now": self._clock(),
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
            }
        )

    def _offers(self, seat: Seat) -> Message:
        """What can be done in one conversation."""
        reactions = self._service.reactions(seat.caller)
        return {
            "commands": forms_for(admin=seat.caller.is_admin),
            "reactions": [
                {"emoji": _in_colours(emoji, action), "label": LABELS[action], "action": action}
                for emoji, action in reactions.items()
            ],
        }

    async def quota(self, request: Request) -> Response:
        seat = await self._answering.seat(request, _channel(request))
        return as_json({"quota": await self._quota(seat)})

    async def events(self, request: Request) -> Response:
        """Changes as server-sent events; the id of each is the number from which a stream goes on."""
        last = request.headers.get("last-event-id") or request.query_params.get("since", "0")
        seq = read_number(last)
        person = await self._answering.person(request)
        return StreamingResponse(
            self._feed.follow(person.name, seq, lambda: self._sessions.knows(request)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def suggest(self, request: Request) -> Response:
        seat = await self._answering.seat(request, _channel(request))
        self._service.admit_query(seat.caller)
        found = await self._service.autocomplete_line(
            request.query_params.get("text", "")[:500], seat.invocation()
        )
        return as_json([{"text": one.text, "label": one.label, "about": one.description} for one in found])

    async def dismiss(self, request: Request) -> Response:
        person = await self._answering.person(request)
        await self._room.dismiss(person.name, (await read(request, DismissForm)).id)
        return as_json({})

    async def add_person(self, request: Request) -> Response:
        person = await self._people.add((await read(request, PersonForm)).name)
        self._room.bell.ring()
        return as_json(_person(person))

    async def login(self, request: Request) -> Response:
        form = await read(request, LoginForm)
        try:
            if not await self._sessions.try_password(form.password, address=client_address(request)):
                raise HTTPException(HTTPStatus.FORBIDDEN, "This is not the password")
        except TooManyTries as error:
            headers = {"Retry-After": str(error.retry_after_s)}
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers) from error
        response = as_json({})
        await self._sessions.open(response, secure=request.headers["origin"].lower().startswith("https:"))
        return response

    async def logout(self, request: Request) -> Response:
        response = as_json({})
        await self._sessions.close(request, response)
        self._feed.recheck()
        return response

    async def _quota(self, seat: Seat) -> Message | None:
        try:
            note = await self._service.answer_query(Quota(), seat.caller)
        except ReverieError:
            # The page keeps the numbers that it has; a command will tell what is wrong.
            return None
        return {"title": note.title, "facts": note.fields}


def _channel(request: Request) -> Channel:
    asked = request.query_params.get("channel")
    return Channel.DIRECT if asked == Channel.DIRECT else Channel.STUDIO


def _in_colours(emoji: str, action: Action) -> str:
    """The spelling that is drawn as a picture: the map's own may be one of a plain letter."""
    return EMOJI[action] if normalized(EMOJI[action]) == emoji else emoji


def _person(person: Person) -> Message:
    return {"name": person.name, "admin": person.is_admin}
