"""A fair semaphore: limits concurrency and rotates between keys."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairGate:
    """Admits `slots` callers at once, one per key, and rotates between the keys.

    A key with many requests waits for its own; it never delays another key's first request.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        #: waiting callers by key; the next key comes first
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._inside: set[Hashable] = set()

    @asynccontextmanager
    async def slot(self, key: Hashable = None) -> AsyncIterator[None]:
        """Wait for a slot and hold it; a caller without a key has one of its own."""
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
                # Cancelled, but the caller has not run yet: admit the next one of this key.
                self._admit()
                return
            self._inside.add(key)
            self._free -= 1
            place.set_result(None)

    def _withdraw(self, key: Hashable, place: asyncio.Future[None]) -> None:
        """Remove a caller from its queue if it is still there; the key moves to the end of the rotation."""
        queue = self._waiting.get(key)
        if queue is None or place not in queue:
            return
        queue.remove(place)
        if queue:
            self._waiting.move_to_end(key)
        else:
            del self._waiting[key]
