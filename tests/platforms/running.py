"""A whole bot in this process, for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from bot.bootstrap import App
from tests.patience import PATIENCE_S

#: longer than any test of a whole bot takes
_PATIENCE_S = max(180.0, 3 * PATIENCE_S)


@asynccontextmanager
async def running(app: App, ready: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Run a bot until the block ends, which begins once `ready` has ended; raises what keeps it from that."""
    async with asyncio.timeout(_PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(app.run())
        waiting = group.create_task(ready)
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            waiting.cancel()
            await task
        try:
            yield
        finally:
            app.stop()
