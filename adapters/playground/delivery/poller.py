"""What changes in the conversations, read once in this process and passed on to every open event stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import orjson
import structlog

from adapters.playground.access.people import People
from adapters.playground.delivery.change_signal import heard
from adapters.playground.delivery.conversation_store import FEED, OVERLAP, Room
from adapters.playground.delivery.event_streams import Change, Closing, Stream
from adapters.playground.messages.wire import Link, Message, seen_by, sent
from adapters.playground.ports import AdapterData, Entry
from bot.domain.errors import StoreError

#: streams of one person; the oldest is closed when there are more
MOST_STREAMS = 20
#: seconds between the comments that keep proxies from closing a silent stream
KEEP_ALIVE_S = 15.0
_PAGE = 200

_log = structlog.get_logger(__name__)

#: whether whoever reads a stream is still signed in
IsKnown = Callable[[], Awaitable[bool]]


class Feed:
    """The playground's inlet: people come in over HTTP, so what is left is to tell their open pages."""

    def __init__(
        self, *, adapter_data: AdapterData, room: Room, people: People, link: Link, look_every_s: float = 1.0
    ) -> None:
        self._adapter_data = adapter_data
        self._room = room
        self._people = people
        self._link = link
        self._look_every_s = look_every_s
        #: the oldest first
        self._streams: list[Stream] = []
        #: number of the newest change that was passed on; None before the first look
        self._newest: int | None = None
        #: numbers that were passed on and may come up again
        self._passed: set[int] = set()
        self._running = asyncio.Event()

    async def run(self) -> None:
        """Look whenever something was put here, and every second for what other processes have put."""
        try:
            await self._people.everybody()
            while True:
                ring = self._room.bell.listen()
                try:
                    await self._look()
                except StoreError as error:
                    _log.warning("playground_look_failed", error=str(error))
                await heard(ring, within_s=self._look_every_s)
        finally:
            # An event stream that stays open would hold up the web server's stop.
            self._running.clear()
            for stream in self._streams:
                stream.finish(Closing.AGAIN)

    async def follow(
        self, name: str, seq: int, is_known: IsKnown, *, still_s: float = KEEP_ALIVE_S
    ) -> AsyncIterator[bytes]:
        """All changes after number `seq` that this person may see, as server-sent events."""
        yield b"retry: 1000\n\n"
        with self._opened(name) as stream:
            if not await self._runs(still_s):
                return
            # From here on the reader's changes wait in the stream; what was before is read here.
            since = (self._newest or 0) - OVERLAP
            told: set[int] = set()
            async for number, message in self._past(seq):
                if number > since:
                    told.add(number)
                if seen_by(message, name):
                    yield self._change(number, message).event
            async for change in stream.changes(is_known, still_s=still_s):
                if change is None:
                    yield b": still here\n\n"
                elif change.number not in told:
                    yield change.event
            if stream.farewell:
                yield stream.farewell

    def recheck(self) -> None:
        """Have every stream find out whether its reader is still signed in."""
        for stream in self._streams:
            stream.recheck()

    @contextmanager
    def _opened(self, name: str) -> Iterator[Stream]:
        stream = Stream(name)
        self._streams.append(stream)
        mine = [one for one in self._streams if one.name == name and one.closing is None]
        for one in mine[:-MOST_STREAMS]:
            one.finish(Closing.REPLACED)
        try:
            yield stream
        finally:
            self._streams.remove(stream)

    async def _runs(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await self._running.wait()
        except TimeoutError:
            return False
        return True

    async def _past(self, seq: int) -> AsyncIterator[tuple[int, Message]]:
        """What was put after a number, with what a database may have committed later than that."""
        seq = max(0, seq - OVERLAP)
        while entries := await self._adapter_data.since(FEED, seq, limit=_PAGE):
            for entry in entries:
                yield entry.seq, orjson.loads(entry.value)
            if len(entries) < _PAGE:
                return
            seq = entries[-1].seq

    async def _look(self) -> None:
        """Pass on what is new. A database may commit two numbers in the other order than it gave them out."""
        if self._newest is None:
            self._passed = {entry.seq for entry in await self._adapter_data.latest(FEED, limit=OVERLAP)}
            self._newest = max(self._passed, default=0)
        while True:
            entries = await self._adapter_data.since(FEED, max(0, self._newest - OVERLAP), limit=_PAGE)
            for entry in entries:
                if entry.seq not in self._passed:
                    self._pass_on(entry)
            self._newest = max([self._newest, *(entry.seq for entry in entries)])
            self._passed = {number for number in self._passed if number > self._newest - OVERLAP}
            self._running.set()
            if len(entries) < _PAGE:
                return

    def _pass_on(self, entry: Entry) -> None:
        self._passed.add(entry.seq)
        message = orjson.loads(entry.value)
        readers = [stream for stream in self._streams if seen_by(message, stream.name)]
        if readers:
            change = self._change(entry.seq, message)
            for stream in readers:
                stream.put(change)

    def _change(self, number: int, message: Message) -> Change:
        data = orjson.dumps(sent(message, self._link))
        return Change(number=number, event=b"id: %d\ndata: %s\n\n" % (number, data))
