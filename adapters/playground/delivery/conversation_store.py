"""Stores the messages of all conversations in the adapter data. Each message has a key of its own."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import orjson

from adapters.playground.messages.conversations import STUDIO, Conversation, direct_messages
from adapters.playground.messages.records import (
    Record,
    UserMessage,
    is_current,
    is_visible_to,
    note_record,
    reaction_record,
    refusal_record,
    user_message_record,
)
from bot.service.adapter_data import AdapterData
from bot.service.replies import PrivateReply

#: prefix of the keys of everything that is sent to open pages; stored, so it stays as it is
FEED = "room/"
_NOTES = f"{FEED}note/"
#: messages of each conversation that a page starts with, and reactions to them
_CARDS_SHOWN, _REACTIONS_SHOWN = 200, 800
#: cards that each conversation keeps, and new cards between two removals of older ones
KEPT, _REMOVE_EVERY = 500, 50
#: private notes of a person that are kept, and for how many milliseconds
_NOTES_KEPT, _NOTES_KEPT_MS = 30, 24 * 3_600_000
#: characters of a file's address that are stored with a note
_FILE_KEPT = 500_000
#: what is left of a note that is no longer shown
_DISMISSED: Record = {
    "title": "",
    "text": "",
    "said": "",
    "facts": [],
    "cards": [],
    "files": [],
    "file": None,
    "gone": True,
}
_PAGE = 200
#: A database may commit two sequence numbers in the other order than it gave them out. Readers look this
#: far back, or they would miss the later commit for good.
OVERLAP = 32

#: milliseconds UTC
Clock = Callable[[], int]


class ChangeSignal:
    """Wakes everybody in this process who waits for a change."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Return the event of the next change. Take it before reading, so that no change is missed."""
        return self._next

    def notify(self) -> None:
        self._next.set()
        self._next = asyncio.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a page starts with, and the sequence number from which its event stream continues."""

    seq: int
    messages: list[Record]


class ConversationStore:
    """Reads and writes cards, messages, notes and reactions."""

    def __init__(self, adapter_data: AdapterData, clock: Clock) -> None:
        self.changed = ChangeSignal()
        self.now = clock
        self._adapter_data = adapter_data
        #: new cards of each conversation since its old ones were last removed
        self._new_cards: dict[str, int] = {}

    async def card(self, conversation: Conversation, card: str) -> Record | None:
        """Return a card as it was last shown; one that was deleted has `gone` set."""
        return await self._get(_key(conversation, "card", card))

    async def put_card(self, conversation: Conversation, record: Record) -> None:
        await self._put(_key(conversation, "card", record["card"]), record)

    async def put_message(
        self, conversation: Conversation, card: str, message: UserMessage, *, to: str | None
    ) -> Record:
        """Store the message that a card answers."""
        record = user_message_record(card, message, channel=conversation.channel, to=to)
        return await self._put(_key(conversation, "said", card), record)

    async def put_announcement(self, conversation: Conversation, record: Record) -> None:
        """Store a message of the bot itself, in place of the one before."""
        await self._put(_key(conversation, "line"), record)

    async def put_note(
        self, conversation: Conversation, name: str, key: str, note: PrivateReply, message: UserMessage
    ) -> Record:
        """Store a reply to a person, which everybody in the conversation sees if it is posted.

        Returns it with its file. A large one is not stored: every load of the page would bring it along.
        """
        to = None if note.posted and conversation.owner is None else name
        record = note_record(key, note, channel=conversation.channel, to=to, at=self.now(), message=message)
        prefix = _key(conversation, "post") if to is None else f"{_NOTES}{to}/"
        await self._put_note(_without_large_file(record), prefix)
        return record

    async def put_refusal(
        self, conversation: Conversation, name: str, key: str, text: str, message: UserMessage
    ) -> Record:
        record = refusal_record(
            key, text, channel=conversation.channel, to=name, at=self.now(), message=message
        )
        return await self._put_note(record, f"{_NOTES}{name}/")

    async def extend_note(
        self, conversation: Conversation, name: str, key: str, page: PrivateReply
    ) -> Record | None:
        """Add another page to the list in a stored reply; None where that was dismissed meanwhile."""
        stored = await self._get(f"{_NOTES}{name}/{key}")
        if stored is None or stored.get("gone"):
            return None
        next_page = note_record(
            key,
            page,
            channel=conversation.channel,
            to=name,
            at=self.now(),
            message=UserMessage(text=""),
        )
        known = {card["jobs"][0]["id"] for card in stored["cards"]}
        new = [card for card in next_page["cards"] if card["jobs"][0]["id"] not in known]
        grown = stored | {"cards": [*stored["cards"], *new], "more": next_page["more"]}
        return await self._put_note(grown, f"{_NOTES}{name}/")

    async def dismiss(self, name: str, key: str) -> None:
        """Remove a private note from all pages of its person."""
        stored = await self._get(f"{_NOTES}{name}/{key}")
        if stored is not None:
            await self._put(f"{_NOTES}{name}/{key}", stored | _DISMISSED)

    async def remove_from_notes(self, card: str, jobs: Collection[str]) -> None:
        """Remove deleted jobs from everybody's notes, and what was drawn of them; an empty note goes, too.

        `card` is their own: a post in a gallery's channel is removed without its result being deleted.
        """
        seq = 0
        while entries := await self._adapter_data.since(_NOTES, seq):
            seq = entries[-1].seq
            for entry in entries:
                record: Record = orjson.loads(entry.value)
                cards = list(_cards_without(record["cards"], card, jobs))
                if cards != record["cards"]:
                    left = {"cards": cards, "facts": [], "file": None} if cards else _DISMISSED
                    await self._put(entry.key, record | left)

    async def dismiss_all(self, conversation: Conversation, name: str) -> None:
        """Remove the private notes of a person in a conversation from all of their pages."""
        for entry in await self._adapter_data.latest(f"{_NOTES}{name}/", limit=_PAGE):
            record = orjson.loads(entry.value)
            if is_current(record) and record["channel"] == conversation.channel:
                await self.dismiss(name, record["id"])

    async def set_reaction(
        self, conversation: Conversation, name: str, card: Record, emoji: str, *, on: bool
    ) -> None:
        """Add a person's reaction to a card, or remove it.

        Each reaction has a key of its own, so two people who react at once never overwrite each other.
        """
        record = reaction_record(
            card["card"], emoji, name, on=on, channel=conversation.channel, to=card["to"], at=self.now()
        )
        await self._put(_key(conversation, "reaction", f"{card['card']}/{emoji}/{name}"), record)

    async def reactions(self, conversation: Conversation, name: str, card: str) -> list[str]:
        """Return the emoji with which a person has reacted to a card."""
        prefix = _key(conversation, "reaction", f"{card}/")
        found = [
            orjson.loads(entry.value) for entry in await self._adapter_data.since(prefix, 0, limit=_PAGE)
        ]
        return [one["emoji"] for one in found if one["on"] and one["name"] == name]

    async def snapshot(self, name: str) -> Snapshot:
        """Return the newest messages that a person may see."""
        # Read before the messages: what is stored in between is then sent twice instead of never.
        head = await self._adapter_data.latest(FEED, limit=OVERLAP)
        wanted = [(f"{_NOTES}{name}/", _NOTES_KEPT)]
        for conversation in (STUDIO, direct_messages(name)):
            wanted += [
                (_key(conversation, "card"), _CARDS_SHOWN),
                (_key(conversation, "said"), _CARDS_SHOWN),
                (_key(conversation, "reaction"), _REACTIONS_SHOWN),
                (_key(conversation, "line"), 1),
                (_key(conversation, "post"), _NOTES_KEPT),
            ]
        records = [
            orjson.loads(entry.value)
            for prefix, limit in wanted
            for entry in await self._adapter_data.latest(prefix, limit=limit)
        ]
        return Snapshot(
            seq=max((entry.seq for entry in head), default=0),
            messages=[
                record
                for record in records
                if is_current(record) and is_visible_to(record, name) and not self._is_old_note(record)
            ],
        )

    async def remove_old_cards(self, conversation: Conversation) -> None:
        """Remove all but the newest cards; does so only for every 50th new card, and soon after the start."""
        count = self._new_cards.get(conversation.key, _REMOVE_EVERY - 1) + 1
        self._new_cards[conversation.key] = count % _REMOVE_EVERY
        if count < _REMOVE_EVERY:
            return
        kept = await self._adapter_data.latest(_key(conversation, "card"), limit=KEPT)
        if len(kept) < KEPT:
            return
        for old in await self._adapter_data.since(_key(conversation, "card"), 0, limit=_PAGE):
            if old.seq >= kept[0].seq:
                return
            await self._adapter_data.remove(old.key)
            await self.remove_belongings(conversation, old.key.rpartition("/")[2])

    async def remove_belongings(self, conversation: Conversation, card: str) -> None:
        """Remove the message and the reactions of a card that no longer exists."""
        await self._adapter_data.remove(_key(conversation, "said", card))
        prefix = _key(conversation, "reaction", f"{card}/")
        for entry in await self._adapter_data.since(prefix, 0, limit=_PAGE):
            await self._adapter_data.remove(entry.key)

    async def forget(self, name: str) -> None:
        """Remove a person's notes, and their reactions to what others have made."""
        for entry in await self._adapter_data.since(f"{_NOTES}{name}/", 0):
            await self._adapter_data.remove(entry.key)
        prefix, seq = _key(STUDIO, "reaction"), 0
        while entries := await self._adapter_data.since(prefix, seq):
            seq = entries[-1].seq
            for entry in entries:
                if entry.key.endswith(f"/{name}"):
                    await self._adapter_data.remove(entry.key)
        await self._adapter_data.remove(_key(direct_messages(name), "line"))

    async def _put_note(self, record: Record, prefix: str) -> Record:
        await self._put(prefix + record["id"], record)
        stored = await self._adapter_data.latest(prefix, limit=_PAGE)
        surplus = len(stored) - _NOTES_KEPT
        for index, old in enumerate(stored):
            if index < surplus or self._is_old_note(orjson.loads(old.value)):
                await self._adapter_data.remove(old.key)
        return record

    def _is_old_note(self, record: Record) -> bool:
        private = record["kind"] == "note" and record["to"] is not None
        return private and self.now() - int(record["at"]) > _NOTES_KEPT_MS

    async def _get(self, key: str) -> Record | None:
        value = await self._adapter_data.get(key)
        if value is None:
            return None
        record: Record = orjson.loads(value)
        return record

    async def _put(self, key: str, record: Record) -> Record:
        await self._adapter_data.put(key, orjson.dumps(record).decode())
        self.changed.notify()
        return record


def _key(conversation: Conversation, kind: str, name: str = "") -> str:
    return f"{FEED}{conversation.key}/{kind}/{name}"


def _cards_without(cards: Iterable[Record], card: str, jobs: Collection[str]) -> Iterator[Record]:
    """The cards without these jobs of one of them."""
    for one in cards:
        gone = jobs if one["card"] == card else ()
        if left := [job for job in one["jobs"] if job["id"] not in gone]:
            yield one | {"jobs": left}


def _without_large_file(record: Record) -> Record:
    """The record as it is stored: a large file has its name and no address."""
    file = record["file"]
    if file is None or len(file["address"]) <= _FILE_KEPT:
        return record
    return record | {"file": file | {"address": ""}}
