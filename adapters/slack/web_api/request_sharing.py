"""One request for all who ask the same question at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class SharedRequests(Generic[_T]):
    """Runs one request per key at a time; callers that come meanwhile get its answer.

    A burst of a thousand commands in one channel would else be a thousand equal requests, and a rate limit.
    """

    def __init__(self, cancelled: Callable[[], _T]) -> None:
        #: what the others get when the caller who runs the request is cancelled
        self._cancelled = cancelled
        self._running: dict[Hashable, asyncio.Future[_T]] = {}

    async def ask(self, key: Hashable, request: Callable[[], Awaitable[_T]]) -> _T:
        """Answer what `request` answers, which must not raise."""
        running = self._running.get(key)
        if running is not None:
            # A caller that is cancelled must not cancel the answer of the others.
            return await asyncio.shield(running)
        future = self._running[key] = asyncio.get_running_loop().create_future()
        found: _T | None = None
        try:
            found = await request()
        finally:
            del self._running[key]
            future.set_result(self._cancelled() if found is None else found)
        return found
