"""Stores the core's replies and returns them as JSON to the page that asked."""

from typing import Any

import orjson
from starlette.responses import Response

from adapters.playground.delivery.conversation_store import ConversationStore
from adapters.playground.events.requests import RequestContext
from adapters.playground.messages.records import (
    NOT_DONE,
    MediaLink,
    Record,
    UserMessage,
    card_record,
    file_record,
    media_record,
    media_with_links,
    with_links,
)
from bot.domain.errors import InvalidRequest, Refused, StoreError
from bot.domain.workspace.workspace_keys import KEY_LABEL, KEY_MAX
from bot.service.replies import CardReply, PendingCommand, PrivateReply, Reply


class Replies:
    """Answers requests of pages."""

    def __init__(self, store: ConversationStore, link: MediaLink) -> None:
        self._store = store
        self._link = link

    async def send(
        self,
        context: RequestContext,
        key: str,
        reply: Reply,
        message: UserMessage,
        *,
        brief: bool,
        beside: bool = False,
    ) -> Response:
        """Store a reply and return it.

        A short reply to a `brief` request is shown as a toast instead. One that is shown `beside` a control
        is only returned, unless it is posted for everybody.
        """
        conversation, name = context.conversation, context.person.name
        match reply:
            case CardReply(view=view, repeated=repeated):
                to = name if view.private or conversation.owner else None
                above = await self._store.put_message(conversation, view.card, message, to=to)
                card = card_record(view, channel=conversation.channel, to=to)
                return self._outcome([above, card], repeated=repeated)
            case PrivateReply() as note if note.choices:
                # Shown as a dialog, so that it cannot appear under the click that asked for it.
                return self._outcome([], question=self._question(note))
            case PrivateReply(pending=pending) as note if pending is not None:
                return self._outcome([], pending=_pending(note, pending))
            case PrivateReply() as note if note.asks_for_key:
                form = {"title": note.title, "text": note.text, "label": KEY_LABEL, "maxLength": KEY_MAX}
                return self._outcome([], key_form=form)
            case PrivateReply() as note if beside or (brief and not (note.fields or note.views or note.file)):
                if note.posted:
                    await self._store.put_note(conversation, name, key, note, message)
                return self._outcome([], **_unstored(note, beside=beside))
            case PrivateReply() as note:
                return self._outcome([await self._store.put_note(conversation, name, key, note, message)])

    async def extend(self, context: RequestContext, note: str, page: PrivateReply) -> Response:
        """Add another page to the list in a stored reply, and return it."""
        record = await self._store.extend_note(context.conversation, context.person.name, note, page)
        return self._outcome([record] if record is not None else [], extended=True)

    async def refuse(
        self,
        context: RequestContext,
        key: str,
        refusal: Refused,
        message: UserMessage,
        *,
        beside: bool = False,
    ) -> Response:
        if beside:
            option = refusal.option if isinstance(refusal, InvalidRequest) else ""
            reply = _beside(PrivateReply(title=NOT_DONE, text=str(refusal)))
            return self._outcome([], refused=True, reply=reply | {"option": option})
        try:
            record = await self._store.put_refusal(
                context.conversation, context.person.name, key, str(refusal), message
            )
        except StoreError:
            # Nothing can be stored, which may be why it was refused: it still goes to the page.
            raise refusal from None
        return self._outcome([record], refused=True)

    def _question(self, note: PrivateReply) -> Record:
        return {
            "title": note.title,
            "text": note.text,
            "media": note.media and media_with_links(media_record(note.media), self._link),
            "choices": [
                {
                    "label": choice.label,
                    "confirms": choice.confirms,
                    "job": choice.job,
                    "question": choice.question,
                }
                for choice in note.choices
            ],
        }

    def _outcome(self, records: list[Record], **more: Any) -> Response:
        messages = [with_links(record, self._link) for record in records]
        return as_json({"refused": False, "messages": messages} | more)


def _unstored(note: PrivateReply, *, beside: bool) -> Record:
    """A reply that is shown beside a control or as a toast."""
    return {"reply": _beside(note)} if beside else {"toast": {"title": note.title, "text": note.text}}


def _beside(note: PrivateReply) -> Record:
    file = note.file and file_record(note.file)
    return {"title": note.title, "text": note.text, "facts": note.fields, "file": file}


def _pending(note: PrivateReply, pending: PendingCommand) -> Record:
    """The command that the page shows in a dialog before it is started."""
    file = note.file and file_record(note.file)
    return {
        "id": pending.id,
        "title": note.title,
        "text": note.text,
        "label": pending.start_label,
        "picture": file and file["address"],
        "alt": file["alt"] if file else "",
    }


def as_json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
