"""Reads new messages from the store once per process and passes them to all open event streams."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import orjson
import structlog

from adapters.playground.delivery.conversation_store import FEED, OVERLAP, ConversationStore
from adapters.playground.delivery.event_streams import (
    CloseReason,
    EventStream,
    IsSignedIn,
    StreamEvent,
    is_set_within,
)
from adapters.playground.delivery.people import PersonStore
from adapters.playground.messages.records import MediaLink, Record, is_visible_to, with_links
from bot.domain.errors import StoreError
from bot.service.adapter_data import AdapterData, Entry

#: open streams of one person; with more, the oldest is closed
MOST_STREAMS = 20
#: seconds between the comments that keep proxies from closing an idle stream
KEEP_ALIVE_S = 15.0
_PAGE = 200
#: streams that are woken at once
_TOGETHER = 10
#: seconds in which no changes are passed on after many streams were woken
_LONGEST_PAUSE_S = 0.2

_log = structlog.get_logger(__name__)


class StorePoller:
    """The playground's receiver. Input comes by HTTP, so all it does is keep open pages up to date."""

    def __init__(
        self,
        *,
        adapter_data: AdapterData,
        store: ConversationStore,
        people: PersonStore,
        link: MediaLink,
        poll_every_s: float = 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._adapter_data = adapter_data
        self._store = store
        self._people = people
        self._link = link
        self._poll_every_s = poll_every_s
        self._sleep = sleep
        #: the oldest first
        self._streams: list[EventStream] = []
        #: newest sequence number that was passed on; None before the first poll
        self._newest: int | None = None
        #: sequence numbers that were passed on and may be read again
        self._passed: set[int] = set()
        self._running = asyncio.Event()

    @property
    def open_streams(self) -> int:
        """The number of open event streams."""
        return len(self._streams)

    async def run(self) -> None:
        """Poll at every change made in this process, and every second for those of other processes."""
        try:
            has_people = False
            while True:
                changed = self._store.changed.next()
                try:
                    if not has_people:
                        # Stores the first people; a database that cannot be written is no fault of ours.
                        await self._people.everybody()
                        has_people = True
                    await self._poll()
                except StoreError as error:
                    _log.warning("playground_poll_failed", error=str(error))
                await is_set_within(changed, self._poll_every_s)
        finally:
            # An event stream that stays open would delay the web server's stop.
            self._running.clear()
            for stream in self._streams:
                stream.close(CloseReason.AGAIN)

    async def follow(
        self, name: str, seq: int, is_signed_in: IsSignedIn, *, keep_alive_s: float = KEEP_ALIVE_S
    ) -> AsyncIterator[bytes]:
        """Yield all changes after `seq` that a person may see, as server-sent events."""
        yield b"retry: 1000\n\n"
        with self._opened(name) as stream:
            if not await is_set_within(self._running, keep_alive_s):
                return
            # From here on new changes wait in the stream; older ones are read here.
            since = (self._newest or 0) - OVERLAP
            sent: set[int] = set()
            async for number, record in self._stored_after(seq):
                if number > since:
                    sent.add(number)
                if is_visible_to(record, name):
                    yield self._event(number, record).data
            async for events in stream.events(is_signed_in, keep_alive_s=keep_alive_s):
                if not events:
                    yield b": keep-alive\n\n"
                elif unsent := b"".join([event.data for event in events if event.seq not in sent]):
                    yield unsent
            if stream.close_event:
                yield stream.close_event

    def recheck_sessions(self) -> None:
        """Have every stream check whether its reader is still signed in."""
        for stream in self._streams:
            stream.recheck_session()

    @contextmanager
    def _opened(self, name: str) -> Iterator[EventStream]:
        stream = EventStream(name)
        self._streams.append(stream)
        own = [one for one in self._streams if one.name == name and one.close_reason is None]
        for one in own[:-MOST_STREAMS]:
            one.close(CloseReason.REPLACED)
        try:
            yield stream
        finally:
            self._streams.remove(stream)

    async def _stored_after(self, seq: int) -> AsyncIterator[tuple[int, Record]]:
        """Yield what was stored after a sequence number, and what may have been committed late before it."""
        seq = max(0, seq - OVERLAP)
        while entries := await self._adapter_data.since(FEED, seq, limit=_PAGE):
            for entry in entries:
                yield entry.seq, orjson.loads(entry.value)
            if len(entries) < _PAGE:
                return
            seq = entries[-1].seq

    async def _poll(self) -> None:
        """Pass on what is new, including entries that were committed late: see `OVERLAP`."""
        if self._newest is None:
            self._passed = {entry.seq for entry in await self._adapter_data.latest(FEED, limit=OVERLAP)}
            self._newest = max(self._passed, default=0)
        while True:
            entries = await self._adapter_data.since(FEED, max(0, self._newest - OVERLAP), limit=_PAGE)
            await self._pass_on([entry for entry in entries if entry.seq not in self._passed])
            self._newest = max([self._newest, *(entry.seq for entry in entries)])
            self._passed = {number for number in self._passed if number > self._newest - OVERLAP}
            self._running.set()
            if len(entries) < _PAGE:
                return

    async def _pass_on(self, entries: Sequence[Entry]) -> None:
        """Put entries into the streams of those who may see them; all of a stream's at once."""
        self._passed.update(entry.seq for entry in entries)
        records = [(entry.seq, orjson.loads(entry.value)) for entry in entries]
        events = [(record, self._event(seq, record)) for seq, record in records if self._streams]
        #: by the reader's name
        visible: dict[str, list[StreamEvent]] = {}
        woken, began = 0, asyncio.get_running_loop().time()
        for stream in tuple(self._streams):
            if stream.name not in visible:
                visible[stream.name] = [
                    event for record, event in events if is_visible_to(record, stream.name)
                ]
            if not visible[stream.name]:
                continue
            stream.put(visible[stream.name])
            woken += 1
            if woken % _TOGETHER == 0:
                # Commands are answered in between.
                await asyncio.sleep(0)
        if woken > _TOGETHER:
            # At most half of the time is spent on this. What is stored meanwhile is sent together.
            took = asyncio.get_running_loop().time() - began
            await self._sleep(min(took, _LONGEST_PAUSE_S))

    def _event(self, seq: int, record: Record) -> StreamEvent:
        data = orjson.dumps(with_links(record, self._link))
        return StreamEvent(seq=seq, data=b"id: %d\ndata: %s\n\n" % (seq, data))
