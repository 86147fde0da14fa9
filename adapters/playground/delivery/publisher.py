"""The playground's outlet: the room is the platform, so showing a card is keeping its message."""

from adapters.playground.delivery.conversation_store import Room
from bot.domain.cards import CardView
from bot.domain.identity import Place

#: the card's id is the message's key: two first messages of one card are one, however late the second
_FOR_EVER_MS = 2**53


class RoomOutlet:
    """Shows cards in the room; never delayed and always deliverable."""

    dedupe_ms: int = _FOR_EVER_MS

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, view: CardView, place: Place) -> str:
        return await self._room.show(view, place)

    def layout_variant(self, place: Place) -> str:  # noqa: ARG002 - every place here stays as it is
        return ""

    async def find_message(self, card: str, place: Place) -> str | None:
        return card if await self._room.has(card, place) else None

    async def remove(self, place: Place) -> None:
        await self._room.remove(place)

    async def post_notice(self, text: str, place: Place) -> None:
        await self._room.tell(text, place)
