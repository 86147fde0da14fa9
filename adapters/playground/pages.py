"""The playground's routes: what a page asks for, and what it posts."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from adapters.playground.forms import ActionForm, CommandForm, DismissForm, LoginForm, PersonForm, read
from adapters.playground.people import People, Person
from adapters.playground.ports import Clock, Studio
from adapters.playground.room import Room
from adapters.playground.session import Sessions, TooManyTries
from adapters.playground.wire import Link, Message, card_message, sent
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.errors import Refused, ReverieError
from bot.domain.parsing import parse
from bot.domain.requests import PICTURE_SIZES
from bot.engine.answers import Accepted, Answer, Note

STATIC = Path(__file__).with_name("static")
#: seconds between the comments that keep proxies from closing a silent stream
KEEP_ALIVE_S = 15.0


class Pages:
    """Answers the browser. Everything it says about a person is about the one named by `?me=`."""

    def __init__(
        self, *, studio: Studio, room: Room, people: People, sessions: Sessions, link: Link, clock: Clock
    ) -> None:
        self._studio = studio
        self._room = room
        self._people = people
        self._sessions = sessions
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
        return _json(
            {
                "me": _person(me),
                "people": [_person(person) for person in people],
                "quota": await self._quota(me),
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
                "signed_in": self._sessions.needed,
            }
        )

    async def quota(self, request: Request) -> Response:
        return _json({"quota": await self._quota(await self._me(request))})

    async def events(self, request: Request) -> Response:
        """Changes as server-sent events; the id of each is the number from which a stream goes on."""
        person = await self._me(request)
        last = request.headers.get("last-event-id") or request.query_params.get("since", "0")
        seq = int(last) if last.isascii() and last.isdigit() else 0
        return StreamingResponse(
            self._stream(person.name, seq),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _stream(self, name: str, seq: int) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        async for change in self._room.follow(name, seq, still_s=KEEP_ALIVE_S):
            if change is None:
                yield b": still here\n\n"
                continue
            number, message = change
            yield b"id: %d\ndata: %s\n\n" % (number, orjson.dumps(sent(message, self._link)))

    async def command(self, request: Request) -> Response:
        person = await self._me(request)
        form = await read(request, CommandForm)
        text = form.text.strip()
        try:
            command = parse(text)
            private = bool(getattr(command, "private", False))
            answer = await self._studio.handle(
                command, person.caller, person.place(private=private), key=_key(person, form.key)
            )
        except Refused as refusal:
            return await self._refuse(person, form.key, refusal, said=text)
        return await self._tell(person, form.key, answer, said=text)

    async def action(self, request: Request) -> Response:
        person = await self._me(request)
        form = await read(request, ActionForm)
        said = f"{EMOJI[form.action]} {LABELS[form.action]}"
        if form.aspect_ratio is not None:
            said = f"{said} {form.aspect_ratio}"
        try:
            answer = await self._studio.act(
                form.action,
                form.job,
                person.caller,
                person.place(),
                key=_key(person, form.key),
                aspect_ratio=form.aspect_ratio,
            )
        except Refused as refusal:
            return await self._refuse(person, form.key, refusal, said=said)
        return await self._tell(person, form.key, answer, said=said)

    async def suggest(self, request: Request) -> Response:
        person = await self._me(request)
        found = await self._studio.suggest(request.query_params.get("text", "")[:500], person.caller)
        return _json([{"text": one.text, "label": one.label, "about": one.about} for one in found])

    async def dismiss(self, request: Request) -> Response:
        person = await self._me(request)
        await self._room.dismiss(person.name, (await read(request, DismissForm)).id)
        return _json({})

    async def add_person(self, request: Request) -> Response:
        person = await self._people.add((await read(request, PersonForm)).name)
        self._room.bell.ring()
        return _json(_person(person))

    async def login(self, request: Request) -> Response:
        form = await read(request, LoginForm)
        try:
            if not await self._sessions.try_password(form.password):
                raise HTTPException(HTTPStatus.FORBIDDEN, "This is not the password")
        except TooManyTries as error:
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, str(error)) from error
        response = _json({})
        self._sessions.open(response, secure=request.headers["origin"].lower().startswith("https:"))
        return response

    async def logout(self, _: Request) -> Response:
        response = _json({})
        self._sessions.close(response)
        return response

    async def _me(self, request: Request) -> Person:
        person = await self._people.find(request.query_params.get("me", ""))
        if person is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is nobody of that name")
        return person

    async def _quota(self, person: Person) -> Message | None:
        try:
            note = await self._studio.quota(person.caller)
        except ReverieError:
            # The page keeps the numbers that it has; a command will tell what is wrong.
            return None
        return {"title": note.title, "facts": note.facts}

    async def _tell(self, person: Person, key: str, answer: Answer, *, said: str) -> Response:
        match answer:
            case Accepted(view=view):
                to = person.name if view.private else None
                above = await self._room.say(view.card, said, to=to)
                messages = [above, card_message(view, to=to)]
            case Note() as note:
                messages = [await self._room.note(person.name, key, note, said=said)]
        return self._outcome(messages, refused=False)

    async def _refuse(self, person: Person, key: str, refusal: Refused, *, said: str) -> Response:
        message = await self._room.refuse(person.name, key, str(refusal), said=said)
        return self._outcome([message], refused=True)

    def _outcome(self, messages: list[Message], *, refused: bool) -> Response:
        return _json({"refused": refused, "messages": [sent(message, self._link) for message in messages]})


def _key(person: Person, key: str) -> str:
    return f"{person.caller.person}:{key}"


def _person(person: Person) -> Message:
    return {"name": person.name, "admin": person.is_admin}


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
