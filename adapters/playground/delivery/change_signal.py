"""A bell that rings when something in the room has changed."""

import asyncio


class Bell:
    """Wakes everybody who listens, here in this process."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """The next ring; take it before looking, so that nothing rings unheard in between."""
        return self._next

    def ring(self) -> None:
        self._next.set()
        self._next = asyncio.Event()


async def heard(ring: asyncio.Event, *, within_s: float) -> bool:
    """Wait for a ring; False when none came in time."""
    try:
        async with asyncio.timeout(within_s):
            await ring.wait()
    except TimeoutError:
        return False
    return True
