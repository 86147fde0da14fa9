"""The room: the messages of all conversations as they lie in the vault, and who may see them."""

import asyncio
from dataclasses import dataclass

import orjson

from adapters.playground.delivery.change_signal import Bell
from adapters.playground.delivery.conversations import Seat, Talk, name_of
from adapters.playground.messages.wire import (
    Message,
    Said,
    card_message,
    line_message,
    note_message,
    present,
    reaction_message,
    refusal_message,
    said_message,
    seen_by,
)
from adapters.playground.ports import AdapterData, Clock
from bot.domain.cards import CardView
from bot.domain.identity import Place
from bot.service.replies import PrivateReply

FEED = "room/"
_NOTES = f"{FEED}note/"
#: messages of each conversation that a page begins with, and reactions to them
_SHOWN, _REACTIONS_SHOWN = 200, 800
#: cards of each conversation that are kept, and how many new ones may come before that is looked after
KEPT, _TIDY_EVERY = 500, 50
_NOTES_KEPT = 30
_PAGE = 200
#: A database may commit two numbers in the other order than it gave them out; a reader looks this far
#: back, or it would miss the later of the two for good.
OVERLAP = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a page begins with, and the number from which its event stream goes on."""

    seq: int
    messages: list[Message]


class Room:
    """Keeps what is shown. A message has one key, so that putting it twice is putting it once."""

    def __init__(self, adapter_data: AdapterData, clock: Clock) -> None:
        self.bell = Bell()
        self._adapter_data = adapter_data
        self._clock = clock
        self._showing = asyncio.Lock()
        #: new cards of each conversation since its old ones were last removed
        self._untidy: dict[str, int] = {}

    async def show(self, view: CardView, place: Place) -> str:
        """Keep this revision, unless a newer one is kept already; answers the message's id."""
        talk = Talk.at(place)
        private = place.private or view.private
        to = talk.owner or (name_of(view.member) if private else None)
        async with self._showing:
            kept = await self.card(talk, view.card)
            if kept is None or (kept["rev"] <= view.rev and not kept["gone"]):
                message = card_message(view, channel=talk.channel, to=to)
                await self._put(_key(talk, "card", view.card), message)
        if kept is None:
            await self._tidy(talk)
        return view.card

    async def card(self, talk: Talk, card: str) -> Message | None:
        """A card as it was shown last, or the mark that it left."""
        return await self._get(_key(talk, "card", card))

    async def has(self, card: str, place: Place) -> bool:
        kept = await self.card(Talk.at(place), card)
        return kept is not None and not kept["gone"]

    async def remove(self, place: Place) -> None:
        """Leave a mark in the message's place, from which open pages learn that it is gone."""
        if place.message is None:
            return
        talk = Talk.at(place)
        async with self._showing:
            kept = await self.card(talk, place.message)
            if kept is not None and not kept["gone"]:
                mark = kept | {"gone": True, "title": "", "jobs": []}
                await self._put(_key(talk, "card", place.message), mark)
                await self._forget(talk, place.message)

    async def say(self, talk: Talk, card: str, said: Said, *, to: str | None) -> Message:
        """Keep what was typed or pressed above the card that it made."""
        message = said_message(card, said, channel=talk.channel, to=to)
        return await self._put(_key(talk, "said", card), message)

    async def note(self, seat: Seat, key: str, note: PrivateReply, said: Said) -> Message:
        return await self._keep_note(
            note_message(key, note, channel=seat.channel, to=seat.name, at=self._clock(), said=said)
        )

    async def refuse(self, seat: Seat, key: str, text: str, said: Said) -> Message:
        return await self._keep_note(
            refusal_message(key, text, channel=seat.channel, to=seat.name, at=self._clock(), said=said)
        )

    async def tell(self, text: str, place: Place) -> None:
        """Show a line of the bot's own to everybody; the last one is kept."""
        talk, now = Talk.at(place), self._clock()
        await self._put(_key(talk, "line"), line_message(text, channel=talk.channel, at=now))

    async def dismiss(self, name: str, key: str) -> None:
        """Take a private note away from all pages of its person."""
        kept = await self._get(f"{_NOTES}{name}/{key}")
        if kept is not None:
            bare = {"title": "", "text": "", "said": "", "facts": [], "cards": [], "files": [], "gone": True}
            await self._put(f"{_NOTES}{name}/{key}", kept | bare)

    async def mark(self, seat: Seat, card: Message, emoji: str, *, on: bool) -> Message:
        """Put somebody's emoji under a card, or take it away.

        Each has a key of its own: two people who react at once never overwrite each other.
        """
        message = reaction_message(
            card["card"], emoji, seat.name, on=on, channel=seat.channel, to=card["to"], at=self._clock()
        )
        return await self._put(_key(seat.talk, "reaction", f"{card['card']}/{emoji}/{seat.name}"), message)

    async def marks(self, seat: Seat, card: str) -> list[str]:
        """The emoji that somebody has under a card."""
        entries = await self._adapter_data.since(_key(seat.talk, "reaction", f"{card}/"), 0, limit=_PAGE)
        found = [orjson.loads(entry.value) for entry in entries]
        return [one["emoji"] for one in found if one["on"] and one["name"] == seat.name]

    async def snapshot(self, name: str) -> Snapshot:
        """The newest messages that this person may see."""
        # Read before the messages: what comes in between is sent twice instead of never.
        seq = await self._head()
        wanted = [(f"{_NOTES}{name}/", _NOTES_KEPT)]
        for talk in (Talk(), Talk(owner=name)):
            wanted += [(_key(talk, "card"), _SHOWN), (_key(talk, "said"), _SHOWN)]
            wanted += [(_key(talk, "reaction"), _REACTIONS_SHOWN), (_key(talk, "line"), 1)]
        messages = [
            orjson.loads(entry.value)
            for prefix, limit in wanted
            for entry in await self._adapter_data.latest(prefix, limit=limit)
        ]
        return Snapshot(seq=seq, messages=[one for one in present(messages) if seen_by(one, name)])

    async def _head(self) -> int:
        entries = await self._adapter_data.latest(FEED, limit=OVERLAP)
        return max((entry.seq for entry in entries), default=0)

    async def _tidy(self, talk: Talk) -> None:
        """Remove what lies beyond the newest cards, now and then; the first time soon after the start."""
        self._untidy[talk.key] = self._untidy.get(talk.key, _TIDY_EVERY - 1) + 1
        if self._untidy[talk.key] < _TIDY_EVERY:
            return
        self._untidy[talk.key] = 0
        kept = await self._adapter_data.latest(_key(talk, "card"), limit=KEPT)
        if len(kept) < KEPT:
            return
        for old in await self._adapter_data.since(_key(talk, "card"), 0, limit=_PAGE):
            if old.seq >= kept[0].seq:
                return
            await self._adapter_data.remove(old.key)
            await self._forget(talk, old.key.rpartition("/")[2])

    async def _forget(self, talk: Talk, card: str) -> None:
        """Remove what belongs to a card that is no longer there."""
        await self._adapter_data.remove(_key(talk, "said", card))
        for entry in await self._adapter_data.since(_key(talk, "reaction", f"{card}/"), 0, limit=_PAGE):
            await self._adapter_data.remove(entry.key)

    async def _keep_note(self, message: Message) -> Message:
        prefix = f"{_NOTES}{message['to']}/"
        await self._put(prefix + message["id"], message)
        kept = await self._adapter_data.latest(prefix, limit=_PAGE)
        for old in kept[:-_NOTES_KEPT]:
            await self._adapter_data.remove(old.key)
        return message

    async def _get(self, key: str) -> Message | None:
        value = await self._adapter_data.get(key)
        if value is None:
            return None
        message: Message = orjson.loads(value)
        return message

    async def _put(self, key: str, message: Message) -> Message:
        await self._adapter_data.put(key, orjson.dumps(message).decode())
        self.bell.ring()
        return message


def _key(talk: Talk, kind: str, name: str = "") -> str:
    return f"{FEED}{talk.key}/{kind}/{name}"
