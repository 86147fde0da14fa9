"""The playground's publisher: a card is shown by storing its message."""

import asyncio

from adapters.playground.delivery.conversation_store import ConversationStore
from adapters.playground.messages.conversations import conversation_at, name_of
from adapters.playground.messages.records import announcement_record, card_record
from bot.domain.cards.card import CardView, JobPhase
from bot.domain.identity import Place

#: the key of a message is its card's id, so posting a card twice is one message, however much later
_FOREVER_MS = 2**53


class CardPublisher:
    """Stores the newest revision of each card; open pages get it from there."""

    dedupe_ms: int = _FOREVER_MS

    def __init__(self, store: ConversationStore) -> None:
        self._store = store
        #: comparing revisions and storing the newer one is one step
        self._lock = asyncio.Lock()

    async def show(self, view: CardView, place: Place) -> str:
        conversation = conversation_at(place)
        private = place.private or view.private
        to = conversation.owner or (name_of(view.member) if private else None)
        async with self._lock:
            stored = await self._store.card(conversation, view.card)
            if stored is None or (stored["rev"] <= view.rev and not stored["gone"]):
                record = card_record(view, channel=conversation.channel, to=to)
                await self._store.put_card(conversation, record)
                if gone := {job.id for job in view.jobs if job.phase is JobPhase.GONE}:
                    await self._store.remove_from_notes(view.card, gone)
        if stored is None:
            await self._store.remove_old_cards(conversation)
        return view.card

    def layout_variant(self, place: Place) -> str:  # noqa: ARG002 - a card looks the same everywhere
        return ""

    async def find_message(self, card: str, place: Place) -> str | None:
        stored = await self._store.card(conversation_at(place), card)
        return None if stored is None or stored["gone"] else card

    async def remove(self, place: Place) -> None:
        """Replace the message by a record that says it is gone, so that open pages remove it."""
        if place.message is None:
            return
        conversation = conversation_at(place)
        async with self._lock:
            stored = await self._store.card(conversation, place.message)
            if stored is not None and not stored["gone"]:
                await self._store.put_card(conversation, stored | {"gone": True, "title": "", "jobs": []})
                await self._store.remove_belongings(conversation, place.message)
                await self._store.remove_from_notes(place.message, {job["id"] for job in stored["jobs"]})

    async def post_notice(self, text: str, place: Place) -> None:
        conversation = conversation_at(place)
        await self._store.put_announcement(
            conversation, announcement_record(text, channel=conversation.channel, at=self._store.now())
        )
