"""The room: the channel's messages as they lie in the vault, and a bell that rings when one changes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson

from adapters.playground.people import name_of
from adapters.playground.ports import Clock, Vault
from adapters.playground.wire import (
    Message,
    card_message,
    note_message,
    present,
    refusal_message,
    said_message,
    seen_by,
)
from bot.domain.cards import CardView
from bot.engine.answers import Note

FEED = "feed/"
_CARDS, _SAID, _NOTES = f"{FEED}card/", f"{FEED}said/", f"{FEED}note/"
#: messages that a page begins with
_SHOWN = 200
_NOTES_KEPT = 30
_PAGE = 200
#: A database may commit two numbers in the other order than it gave them out; a reader looks this far
#: back, or it would miss the later of the two for good.
OVERLAP = 32


class Bell:
    """Wakes everybody who listens, here in this process."""

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self.closed = False

    def listen(self) -> asyncio.Event:
        """The next ring; take it before looking, so that nothing rings unheard in between."""
        return self._next

    def ring(self) -> None:
        self._next.set()
        if not self.closed:
            self._next = asyncio.Event()

    def close(self) -> None:
        """Let everybody go, for good."""
        self.closed = True
        self.ring()


async def heard(ring: asyncio.Event, *, within_s: float) -> bool:
    """Wait for a ring; False when none came in time."""
    try:
        async with asyncio.timeout(within_s):
            await ring.wait()
    except TimeoutError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a page begins with, and the number from which its event stream goes on."""

    seq: int
    messages: list[Message]


class Room:
    """Keeps what is shown. A message has one key, so that putting it twice is putting it once."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self.bell = Bell()
        self._vault = vault
        self._clock = clock
        self._showing = asyncio.Lock()

    async def show(self, view: CardView, *, private: bool) -> str:
        """Keep this revision, unless a newer one is kept already; answers the message's id."""
        to = name_of(view.member) if private or view.private else None
        async with self._showing:
            kept = await self._get(_CARDS + view.card)
            if kept is None or (kept["rev"] <= view.rev and not kept["gone"]):
                await self._put(_CARDS + view.card, card_message(view, to=to))
        return view.card

    async def has(self, card: str) -> bool:
        kept = await self._get(_CARDS + card)
        return kept is not None and not kept["gone"]

    async def remove(self, card: str) -> None:
        """Leave a mark in the message's place, from which open pages learn that it is gone."""
        async with self._showing:
            kept = await self._get(_CARDS + card)
            if kept is not None and not kept["gone"]:
                await self._put(_CARDS + card, kept | {"gone": True, "title": "", "jobs": []})
                await self._vault.remove(_SAID + card)

    async def say(self, card: str, text: str, *, to: str | None) -> Message:
        """Keep what was typed or pressed above the card that it made."""
        return await self._put(_SAID + card, said_message(card, text, to=to))

    async def note(self, name: str, key: str, note: Note, *, said: str) -> Message:
        return await self._keep_note(note_message(key, note, to=name, at=self._clock(), said=said))

    async def refuse(self, name: str, key: str, text: str, *, said: str) -> Message:
        return await self._keep_note(refusal_message(key, text, to=name, at=self._clock(), said=said))

    async def dismiss(self, name: str, key: str) -> None:
        """Take a private note away from all pages of its person."""
        kept = await self._get(f"{_NOTES}{name}/{key}")
        if kept is not None:
            bare = {"title": "", "text": "", "said": "", "facts": [], "cards": [], "gone": True}
            await self._put(f"{_NOTES}{name}/{key}", kept | bare)

    async def snapshot(self, name: str) -> Snapshot:
        """The newest messages that this person may see."""
        # Read before the messages: what comes in between is sent twice instead of never.
        seq = await self._head()
        messages = [
            orjson.loads(entry.value)
            for prefix in (_CARDS, _SAID, f"{_NOTES}{name}/")
            for entry in await self._vault.latest(prefix, limit=_SHOWN)
        ]
        return Snapshot(seq=seq, messages=[one for one in present(messages) if seen_by(one, name)])

    async def follow(
        self, name: str, seq: int, *, still_s: float
    ) -> AsyncIterator[tuple[int, Message] | None]:
        """All changes after `seq` that this person may see, until the bell is closed.

        Answers None whenever nothing has happened for `still_s` seconds.
        """
        sent: set[int] = set()
        while not self.bell.closed:
            ring = self.bell.listen()
            entries = await self._vault.since(FEED, max(0, seq - OVERLAP), limit=_PAGE)
            for entry in entries:
                if entry.seq in sent:
                    continue
                sent.add(entry.seq)
                seq = max(seq, entry.seq)
                message = orjson.loads(entry.value)
                if seen_by(message, name):
                    yield entry.seq, message
            sent = {number for number in sent if number > seq - OVERLAP}
            if len(entries) < _PAGE and not await heard(ring, within_s=still_s):
                yield None

    async def newest(self) -> tuple[int, ...]:
        """Numbers of the last changes; a different answer means that something has changed."""
        return tuple(entry.seq for entry in await self._vault.latest(FEED, limit=OVERLAP))

    async def _head(self) -> int:
        return max(await self.newest(), default=0)

    async def _keep_note(self, message: Message) -> Message:
        prefix = f"{_NOTES}{message['to']}/"
        await self._put(prefix + message["id"], message)
        kept = await self._vault.latest(prefix, limit=_PAGE)
        for old in kept[:-_NOTES_KEPT]:
            await self._vault.remove(old.key)
        return message

    async def _get(self, key: str) -> Message | None:
        value = await self._vault.get(key)
        if value is None:
            return None
        message: Message = orjson.loads(value)
        return message

    async def _put(self, key: str, message: Message) -> Message:
        await self._vault.put(key, orjson.dumps(message).decode())
        self.bell.ring()
        return message
