"""Turns at something scarce, shared out by who asks."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairGate:
    """Lets `places` callers in at once: one of each key at a time, and the keys in rotation.

    Who asks often waits behind their own requests, never in front of somebody else's first one.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        #: who waits, by key; the key whose turn is next comes first
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._inside: set[Hashable] = set()

    @asynccontextmanager
    async def turn(self, key: Hashable = None) -> AsyncIterator[None]:
        """Wait for a turn and hold it; without a key each caller counts for itself."""
        key = object() if key is None else key
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(place)
        self._admit()
        try:
            await place
            yield
        finally:
            if place.done() and not place.cancelled():
                self._inside.discard(key)
                self._free += 1
                if key in self._waiting:
                    self._waiting.move_to_end(key)
            else:
                self._withdraw(key, place)
            self._admit()

    def _admit(self) -> None:
        for key in list(self._waiting):
            if not self._free:
                return
            if key in self._inside:
                continue
            place = self._waiting[key][0]
            self._withdraw(key, place)
            if place.cancelled():
                # Its caller will notice in a moment; another one of this key may go now.
                self._admit()
                return
            self._inside.add(key)
            self._free -= 1
            place.set_result(None)

    def _withdraw(self, key: Hashable, place: asyncio.Future[None]) -> None:
        """Take a caller out of its queue, if it still stands there; the key goes to the end of the row."""
        queue = self._waiting.get(key)
        if queue is None or place not in queue:
            return
        queue.remove(place)
        if queue:
            self._waiting.move_to_end(key)
        else:
            del self._waiting[key]
