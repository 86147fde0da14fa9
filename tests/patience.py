"""How long tests wait for what must come.

Long enough for whatever else the machine has to do: what is there keeps nobody waiting.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: on a machine that does nothing else, and how many times as much it may be: who waits longer waits in vain
_IDLE_S, _LOAD_MAX = 15.0, 4.0
#: the first and the longest pause between two looks
_PAUSE_S, _PAUSE_MAX_S = 0.002, 0.03


def _load() -> float:
    """How many times as much there is to do as there are processors to do it, between 1 and 4."""
    processors = os.cpu_count() or 1
    running = float(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    with suppress(OSError, AttributeError):  # not every system can tell
        running += os.getloadavg()[0]
    return min(max(1.0, running / processors), _LOAD_MAX)


PATIENCE_S = _IDLE_S * _load()
PATIENCE_MS = PATIENCE_S * 1000


async def until(look: Callable[[], Any], *, within_s: float = PATIENCE_S) -> Any:
    """Wait for what others do and nothing announces; answers what `look` found.

    `look` may be a coroutine function. Raises TimeoutError.
    """
    pause_s = _PAUSE_S
    async with asyncio.timeout(within_s):
        while True:
            found = look()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(pause_s)
            # Most of it comes at once; what does not is not looked for hundreds of times a second.
            pause_s = min(pause_s * 1.5, _PAUSE_MAX_S)
