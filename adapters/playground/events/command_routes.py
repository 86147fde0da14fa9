"""The routes that do something: commands from text or forms, buttons, reactions and uploads."""

from dataclasses import asdict
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.delivery.conversation_store import ConversationStore
from adapters.playground.events.orders import form_values, message_of_command, read_order, user_message_of
from adapters.playground.events.replies import Replies, as_json
from adapters.playground.events.requests import (
    ActionBody,
    CommandBody,
    CommandFields,
    DecisionBody,
    KeyBody,
    PageBody,
    ReactionBody,
    RequestContext,
    RequestReader,
    StartBody,
    VerdictBody,
)
from adapters.playground.events.uploads import Upload, Uploads
from adapters.playground.messages.records import (
    MediaLink,
    Record,
    UserMessage,
    is_visible_to,
    media_record,
    media_with_links,
)
from bot.domain.command_text.parsing import check_options
from bot.domain.commands import GenerateCommand, Reframe
from bot.domain.errors import InvalidRequest, MediaError, Refused
from bot.domain.generations.media import Media
from bot.domain.ids import short_id
from bot.domain.jobs.actions import EMOJI, LABELS, Action, ActionInput
from bot.domain.policy.holds import HELD_FIRST
from bot.domain.workspace.workspace_keys import OWN_KEY
from bot.service.facade import BotService
from bot.service.replies import PrivateReply

#: select one of a card's pictures for the reactions that follow
NUMBERS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")
#: reactions without an action
FEELINGS = ("❤️", "👍", "😂", "😮", "🎉")


class CommandRoutes:
    """Passes requests to the core, each with its idempotency key, and returns the reply."""

    def __init__(
        self,
        *,
        service: BotService,
        store: ConversationStore,
        reader: RequestReader,
        uploads: Uploads,
        replies: Replies,
        link: MediaLink,
    ) -> None:
        self._service = service
        self._store = store
        self._reader = reader
        self._uploads = uploads
        self._replies = replies
        self._link = link

    async def command(self, request: Request) -> Response:
        body, context = await self._reader.read(request, CommandBody)
        message = user_message_of(body, self._uploads, context)
        try:
            order = read_order(body, self._uploads, context)
            for member in await self._reader.members_named(order.command):
                await self._service.remember_member(member)
            reply = await self._service.execute(
                order.command,
                context.invocation(body.key, private=order.private),
                files=order.files,
                replied=order.replied,
                previewed=body.previewed,
            )
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, message, beside=body.beside)
        return await self._replies.send(
            context, body.key, reply, message, brief=body.pressed, beside=body.beside
        )

    async def start(self, request: Request) -> Response:
        """Start a command that was shown."""
        body, context = await self._reader.read(request, StartBody)
        message = UserMessage(text="Start")
        try:
            shown = await self._service.find_pending(body.pending, context.invocation(body.key))
            message = message_of_command(shown.command) if shown.command else UserMessage(text=shown.words)
            invocation = context.invocation(body.key, private=shown.private)
            reply = await self._service.start_pending(body.pending, invocation)
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, message)
        return await self._replies.send(context, body.key, reply, message, brief=True)

    async def more(self, request: Request) -> Response:
        """Add the next page to a list that a note shows."""
        body, context = await self._reader.read(request, PageBody)
        try:
            reply = await self._service.turn_page(body.page, context.invocation(body.key))
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, UserMessage(text="More"))
        return await self._replies.extend(context, body.note, reply)

    async def price(self, request: Request) -> Response:
        """Return what a command would cost, and why it would be refused and which option to change.

        Neither where it makes nothing. The options of a text are checked one by one.
        """
        body, context = await self._reader.read(request, CommandFields)
        options = [asdict(one) for one in check_options(body.text)]
        unpriced = {"price": None, "refusal": None, "short": False, "option": "", "options": options}
        try:
            self._service.admit_query(context.caller)
            order = read_order(body, self._uploads, context)
            if not isinstance(order.command, GenerateCommand):
                return as_json(unpriced)
            quote = await self._service.quote(
                order.command, context.invocation(), files=order.files, replied=order.replied
            )
        except Refused as refusal:
            option = refusal.option if isinstance(refusal, InvalidRequest) else ""
            for one in options:
                # Only the whole command shows that a value is not offered.
                if one["name"] == option and not one["problem"]:
                    one["problem"] = str(refusal)
            return as_json(unpriced | {"refusal": str(refusal), "option": option})
        source = f" · builds on #{short_id(quote.source)}" if quote.source else ""
        payer = f" · {OWN_KEY}" if quote.own_key else ""
        held = f" · {HELD_FIRST[quote.hold]}" if quote.hold is not None else ""
        price = quote.price.text + source + payer + held
        shortage = {"refusal": quote.shortage, "short": True} if quote.shortage else {}
        return as_json(unpriced | {"price": price} | shortage)

    async def settings(self, request: Request) -> Response:
        """Return the command that makes a job again: as a line of text, and as the values of its form."""
        context = await self._reader.context(request)
        self._service.admit_query(context.caller)
        settings = await self._service.settings_of(request.query_params.get("job", ""), context.invocation())
        return as_json(
            {
                "command": settings.command.name,
                "line": settings.line,
                "files": settings.files,
                "values": form_values(settings, lambda media: self._uploaded(media, context)),
            }
        )

    async def preview(self, request: Request) -> Response:
        """Return a PNG of where /reframe will put its source; no content where there is nothing to show."""
        body, context = await self._reader.read(request, CommandFields)
        try:
            self._service.admit_query(context.caller)
            order = read_order(body, self._uploads, context)
            if not isinstance(order.command, Reframe):
                return Response(status_code=HTTPStatus.NO_CONTENT)
            drawn = await self._service.preview_framing(
                order.command, context.invocation(), files=order.files, replied=order.replied
            )
        except (Refused, MediaError):
            # The price says what is wrong.
            drawn = None
        if drawn is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return Response(drawn, media_type="image/png", headers={"Cache-Control": "no-store"})

    async def action(self, request: Request) -> Response:
        """Run the action of a button under a result."""
        body, context = await self._reader.read(request, ActionBody)
        detail = body.aspect_ratio or (body.prompt.strip() if body.prompt else "")
        message = UserMessage(text=f"{EMOJI[body.action]} {LABELS[body.action]} {detail}".strip())
        try:
            reply = await self._service.act(
                body.action,
                body.job,
                context.invocation(body.key),
                action_input=ActionInput(prompt=body.prompt, aspect_ratio=body.aspect_ratio),
                shown_price=body.price,
            )
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, message)
        return await self._replies.send(context, body.key, reply, message, brief=True)

    async def decide(self, request: Request) -> Response:
        """Answer a confirmation question."""
        body, context = await self._reader.read(request, DecisionBody)
        message = UserMessage(text=body.label)
        try:
            note = await self._service.answer_confirmation(
                body.job, context.caller, question=body.question, confirmed=body.confirmed
            )
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, message)
        return await self._replies.send(context, body.key, note, message, brief=True)

    async def decision(self, request: Request) -> Response:
        """Decide what a button under a held or reported job asks for."""
        body, context = await self._reader.read(request, VerdictBody)
        message = UserMessage(text=body.label)
        try:
            note = await self._service.decide(
                body.decision, body.job, body.card, context.caller, key=context.invocation(body.key).key
            )
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, message, beside=body.beside)
        return await self._replies.send(context, body.key, note, message, brief=True, beside=body.beside)

    async def set_key(self, request: Request) -> Response:
        """Set the workspace's own API key; only the command that opens the form is shown of it."""
        body, context = await self._reader.read(request, KeyBody)
        message = UserMessage(text="/studio key set")
        try:
            reply = await self._service.set_workspace_key(
                body.api_key, context.caller, event_key=context.invocation(body.key).key
            )
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, message, beside=body.beside)
        return await self._replies.send(context, body.key, reply, message, brief=False, beside=body.beside)

    async def react(self, request: Request) -> Response:
        """Add a reaction to a card or remove it, and run the action that it stands for."""
        body, context = await self._reader.read(request, ReactionBody)
        card = await self._card(context, body.card)
        rule = await self._service.reaction(body.emoji, context.caller)
        action = rule.action if rule else None
        if action is None and body.emoji not in NUMBERS + FEELINGS:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "This emoji is not available here")
        message = UserMessage(text=f"{body.emoji} {LABELS[action]}" if action else body.emoji)
        try:
            if body.emoji in NUMBERS:
                return await self._select(context, card, body)
            job = await self._selected_job(context, card, body.job)
            invocation = context.invocation(body.key)
            if body.on:
                reply = await self._service.react(body.emoji, job, invocation, shown_price=body.price)
            else:
                reply = await self._service.unreact(body.emoji, job, invocation)
        except Refused as refusal:
            return await self._replies.refuse(context, body.key, refusal, message)
        # Stored only now: a reaction that is refused or asked about leaves no trace, and a deleted card has
        # no place for one.
        is_asked = isinstance(reply, PrivateReply) and reply.pending is not None
        if action is not Action.DELETE and not is_asked:
            await self._set_reaction(context, card, body.emoji, on=body.on)
        if reply is None:
            return as_json({"refused": False, "messages": []})
        return await self._replies.send(context, body.key, reply, message, brief=True)

    async def upload(self, request: Request) -> Response:
        """Store one file and return the token by which commands of this person name it."""
        context = self._reader.context_of(await self._reader.person(request))
        upload = await self._uploads.receive(request, context)
        return as_json(self._uploaded(upload.media, context, upload.name))

    def _uploaded(self, media: Media, context: RequestContext, name: str = "file") -> Record:
        """A stored file with the token by which commands of this person name it."""
        token = self._uploads.sign(Upload(name=name, media=media), context)
        return media_with_links(media_record(media), self._link) | {"name": name, "token": token}

    async def _card(self, context: RequestContext, card: str) -> Record:
        found = await self._store.card(context.conversation, card)
        if found is None or found["gone"] or not is_visible_to(found, context.person.name):
            raise HTTPException(HTTPStatus.NOT_FOUND, "This message no longer exists")
        return found

    async def _select(self, context: RequestContext, card: Record, body: ReactionBody) -> Response:
        count = len(card["jobs"])
        if NUMBERS.index(body.emoji) >= count:
            results = "only one result" if count == 1 else f"{count} results"
            raise InvalidRequest(f"There is no {body.emoji} here: this message has {results}")
        for other in await self._store.reactions(context.conversation, context.person.name, card["card"]):
            if other in NUMBERS and other != body.emoji:
                await self._set_reaction(context, card, other, on=False)
        await self._set_reaction(context, card, body.emoji, on=body.on)
        return as_json({"refused": False, "messages": []})

    async def _selected_job(self, context: RequestContext, card: Record, named: str | None) -> str:
        """Return the job that a reaction is for: the named one, else that of a number, else the first."""
        jobs: list[str] = [job["id"] for job in card["jobs"]]
        if named in jobs:
            return named
        reactions = await self._store.reactions(context.conversation, context.person.name, card["card"])
        index = next((NUMBERS.index(emoji) for emoji in reactions if emoji in NUMBERS), 0)
        return jobs[index if index < len(jobs) else 0]

    async def _set_reaction(self, context: RequestContext, card: Record, emoji: str, *, on: bool) -> None:
        await self._store.set_reaction(context.conversation, context.person.name, card, emoji, on=on)
