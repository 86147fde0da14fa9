"""What the studio answers, as messages of the room and as JSON for the page that asked."""

from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.access.people import People
from adapters.playground.delivery.conversation_store import Room
from adapters.playground.delivery.conversations import Channel, Person, Seat
from adapters.playground.messages.wire import Link, Message, Said, card_message, media_record, sent, shown
from bot.domain.errors import Refused, StoreError
from bot.service.replies import CardReply, PrivateReply, Reply


class Answering:
    """Finds out who asks, and tells them."""

    def __init__(self, room: Room, people: People, link: Link) -> None:
        self._room = room
        self._people = people
        self._link = link

    async def person(self, request: Request) -> Person:
        """The one named by `?me=`: everything is said about, and done by, that person."""
        person = await self._people.find(request.query_params.get("me", ""))
        if person is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is nobody of that name")
        return person

    async def seat(self, request: Request, channel: Channel) -> Seat:
        return Seat(person=await self.person(request), channel=channel)

    async def tell(self, seat: Seat, key: str, answer: Reply, said: Said, *, brief: bool) -> Response:
        """Keep an answer and send it; of a `brief` one a few words are shown for a moment instead."""
        match answer:
            case CardReply(view=view, repeated=repeated):
                to = seat.name if view.private or seat.talk.owner else None
                above = await self._room.say(seat.talk, view.card, said, to=to)
                card = card_message(view, channel=seat.channel, to=to)
                return self._outcome([above, card], repeated=repeated)
            case PrivateReply() as note if note.choices:
                # Shown above the page, so that it cannot lie under the click that has asked.
                return self._outcome([], question=self._question(note))
            case PrivateReply() as note if brief and not note.fields and not note.views:
                return self._outcome([], toast={"title": note.title, "text": note.text})
            case PrivateReply() as note:
                return self._outcome([await self._room.note(seat, key, note, said)])

    async def refuse(self, seat: Seat, key: str, refusal: Refused, said: Said) -> Response:
        try:
            message = await self._room.refuse(seat, key, str(refusal), said)
        except StoreError:
            # Nothing can be kept, which may be why it was refused: it is told all the same.
            raise refusal from None
        return self._outcome([message], refused=True)

    def _question(self, note: PrivateReply) -> Message:
        return {
            "title": note.title,
            "text": note.text,
            "media": note.media and shown(media_record(note.media), self._link),
            "choices": [
                {
                    "label": one.label,
                    "confirms": one.confirms,
                    "job": one.job,
                    "question": one.question,
                }
                for one in note.choices
            ],
        }

    def _outcome(self, messages: list[Message], **more: Any) -> Response:
        return as_json({"refused": False, "messages": [sent(one, self._link) for one in messages]} | more)


def as_json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
