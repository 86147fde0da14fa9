"""The routes by which people ask: commands typed or filled in, buttons, reactions and files."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.delivery.conversation_store import Room
from adapters.playground.delivery.conversations import Channel, Seat
from adapters.playground.events.orders import said_of, wish_of
from adapters.playground.events.replies import Answering, as_json
from adapters.playground.events.schemas import (
    ActionForm,
    CommandForm,
    DecisionForm,
    ReactionForm,
    Wanted,
    read,
)
from adapters.playground.events.uploads import Uploads
from adapters.playground.messages.wire import Link, Message, Said, media_record, seen_by, shown
from adapters.playground.ports import BotService
from bot.domain.actions import EMOJI, LABELS, Action, ActionInput, normalized
from bot.domain.commands import GenerateCommand
from bot.domain.errors import InvalidRequest, Refused
from bot.domain.ids import short_id
from bot.domain.pricing import show_money

#: they choose one of a card's pictures for the reactions that follow
NUMBERS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")
#: they mean nothing to the studio, and a lot to people
FEELINGS = ("❤️", "👍", "😂", "😮", "🎉")


class Asking:
    """Passes on what people want, each under its key, and tells them what came of it."""

    def __init__(
        self, *, service: BotService, room: Room, uploads: Uploads, answering: Answering, link: Link
    ) -> None:
        self._service = service
        self._room = room
        self._uploads = uploads
        self._answering = answering
        self._link = link

    async def command(self, request: Request) -> Response:
        form = await read(request, CommandForm)
        seat = await self._answering.seat(request, form.channel)
        said = said_of(form, self._uploads, seat)
        try:
            order = wish_of(form, self._uploads, seat)
            answer = await self._service.execute(
                order.command,
                seat.invocation(form.key, private=order.private),
                files=order.files,
                replied=order.replied,
            )
        except Refused as refusal:
            return await self._answering.refuse(seat, form.key, refusal, said)
        return await self._answering.tell(seat, form.key, answer, said, brief=form.pressed)

    async def price(self, request: Request) -> Response:
        """What a command would cost, or why it would be refused; for one that makes nothing neither."""
        form = await read(request, Wanted)
        seat = await self._answering.seat(request, form.channel)
        try:
            self._service.admit_query(seat.caller)
            order = wish_of(form, self._uploads, seat)
            if not isinstance(order.command, GenerateCommand):
                return as_json({"price": None, "refusal": None})
            quote = await self._service.quote(
                order.command, seat.invocation(), files=order.files, replied=order.replied
            )
        except Refused as refusal:
            return as_json({"price": None, "refusal": str(refusal)})
        price = show_money(quote.price, estimate=quote.estimate)
        bound = f"up to {price}" if quote.upper_bound else price
        source = f" · building on #{short_id(quote.source)}" if quote.source else ""
        return as_json({"price": bound + source, "refusal": None})

    async def action(self, request: Request) -> Response:
        form = await read(request, ActionForm)
        seat = await self._answering.seat(request, form.channel)
        detail = form.aspect_ratio or (form.prompt.strip() if form.prompt else "")
        said = Said(text=f"{EMOJI[form.action]} {LABELS[form.action]} {detail}".strip())
        try:
            answer = await self._service.act(
                form.action,
                form.job,
                seat.invocation(form.key),
                action_input=ActionInput(prompt=form.prompt, aspect_ratio=form.aspect_ratio),
            )
        except Refused as refusal:
            return await self._answering.refuse(seat, form.key, refusal, said)
        return await self._answering.tell(seat, form.key, answer, said, brief=True)

    async def decide(self, request: Request) -> Response:
        """Answer a question that was asked before something is done."""
        form = await read(request, DecisionForm)
        seat = await self._answering.seat(request, form.channel)
        said = Said(text="Delete" if form.confirmed else "Keep")
        try:
            note = await self._service.answer_confirmation(
                form.job, seat.caller, question=form.question, confirmed=form.confirmed
            )
        except Refused as refusal:
            return await self._answering.refuse(seat, form.key, refusal, said)
        return await self._answering.tell(seat, form.key, note, said, brief=True)

    async def react(self, request: Request) -> Response:
        """Put an emoji under a card or take it away, and do what it stands for."""
        form = await read(request, ReactionForm)
        seat = await self._answering.seat(request, form.channel)
        card = await self._card(seat, form.card)
        action = self._service.reactions(seat.caller).get(normalized(form.emoji))
        if action is None and form.emoji not in NUMBERS + FEELINGS:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "This emoji is not offered here")
        said = Said(text=f"{form.emoji} {LABELS[action]}" if action else form.emoji)
        try:
            if form.emoji in NUMBERS:
                return await self._choose(seat, card, form)
            ask = self._service.react if form.on else self._service.unreact
            answer = await ask(
                form.emoji,
                await self._chosen(seat, card, form.job),
                seat.invocation(form.key),
            )
        except Refused as refusal:
            return await self._answering.refuse(seat, form.key, refusal, said)
        # Marked once it has worked: what was refused leaves no trace, and a deleted card no place for one.
        if action is not Action.DELETE:
            await self._room.mark(seat, card, form.emoji, on=form.on)
        if answer is None:
            return as_json({"refused": False, "messages": []})
        return await self._answering.tell(seat, form.key, answer, said, brief=True)

    async def upload(self, request: Request) -> Response:
        """Take one file in; what it is answered with names it in commands of this person."""
        seat = await self._answering.seat(request, Channel.STUDIO)
        upload = await self._uploads.receive(request, seat)
        answer = shown(media_record(upload.media), self._link)
        return as_json(answer | {"name": upload.name, "token": self._uploads.sign(upload, seat)})

    async def _card(self, seat: Seat, card: str) -> Message:
        found = await self._room.card(seat.talk, card)
        if found is None or found["gone"] or not seen_by(found, seat.name):
            raise HTTPException(HTTPStatus.NOT_FOUND, "This message is no longer here")
        return found

    async def _choose(self, seat: Seat, card: Message, form: ReactionForm) -> Response:
        count = len(card["jobs"])
        if NUMBERS.index(form.emoji) >= count:
            there = "only one" if count == 1 else f"{count}"
            raise InvalidRequest(f"There is no {form.emoji} here: this message shows {there}")
        for other in await self._room.marks(seat, card["card"]):
            if other in NUMBERS and other != form.emoji:
                await self._room.mark(seat, card, other, on=False)
        await self._room.mark(seat, card, form.emoji, on=form.on)
        return as_json({"refused": False, "messages": []})

    async def _chosen(self, seat: Seat, card: Message, named: str | None) -> str:
        """The job that a reaction is about: the one that is named, else that of a number, else the first."""
        if named is not None and any(job["id"] == named for job in card["jobs"]):
            return named
        marks = await self._room.marks(seat, card["card"])
        index = next((NUMBERS.index(emoji) for emoji in marks if emoji in NUMBERS), 0)
        jobs: list[Message] = card["jobs"]
        job: str = jobs[index if index < len(jobs) else 0]["id"]
        return job
