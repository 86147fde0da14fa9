"""The playground's outlet: the room is the platform, so showing a card is keeping its message."""

from adapters.playground.room import Room
from bot.domain.cards import CardView
from bot.domain.people import Place

#: the card's id is the message's key: two first messages of one card are one, however late the second
_FOR_EVER_MS = 2**53


class RoomOutlet:
    """Shows cards in the room; never delayed and always deliverable."""

    dedupe_ms: int = _FOR_EVER_MS

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, view: CardView, place: Place) -> str:
        return await self._room.show(view, private=place.private)

    async def find(self, card: str, place: Place) -> str | None:  # noqa: ARG002  # there is one room
        return card if await self._room.has(card) else None

    async def remove(self, place: Place) -> None:
        if place.message is not None:
            await self._room.remove(place.message)
