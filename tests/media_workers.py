"""Media workers that tests share, one after the other, instead of starting their own.

A worker forks a child for each call and keeps nothing of it, so sharing one shows in nothing but the time
that starting it takes. The workers belong to an event loop of their own, in a thread that ends with the
process: each test has another loop.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from types import TracebackType
from typing import Any, Self

from bot.domain.errors import MediaUnavailable
from bot.media.sandbox.pool import Args, Result, SandboxPool
from simulator.drawing.picture import draw_picture
from simulator.video.render import render_thumbnail, render_video
from tests.patience import PATIENCE_S
from tests.plain_renders import draw_plain_picture, render_plain_thumbnail, render_plain_video

_PLAIN: dict[Any, Any] = {
    draw_picture: draw_plain_picture,
    render_thumbnail: render_plain_thumbnail,
    render_video: render_plain_video,
}


class SharedPool(SandboxPool):
    """A pool of one test, whose calls run in the workers of all."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: set[Future[Any]] = set()
        self._closed = threading.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        for call in self._calls:
            call.cancel()

    async def run(
        self,
        function: Callable[[*Args], Result],
        /,
        *args: *Args,
        timeout_s: float,
        cpu_s: float | None = None,
        key: Hashable = None,
        used: Callable[[float], None] | None = None,
        imports: Sequence[str] = (),
    ) -> Result:
        if self._closed.is_set():
            raise MediaUnavailable("The bot is stopping.")
        loop, workers = _workers()
        spent: list[float] = []
        call = asyncio.run_coroutine_threadsafe(
            workers.run(
                function,
                *args,
                timeout_s=timeout_s,
                cpu_s=cpu_s,
                key=(id(self), key),
                used=spent.append,
                imports=imports,
            ),
            loop,
        )
        self._calls.add(call)
        try:
            return await asyncio.wrap_future(call)
        except asyncio.CancelledError:
            if self._closed.is_set() and call.cancelled():
                raise MediaUnavailable("The bot is stopping.") from None
            raise
        finally:
            self._calls.discard(call)
            if used is not None:
                for seconds in spent:
                    used(seconds)


class PlainPool(SharedPool):
    """A shared pool that renders plain pictures and videos, for bots whose tests look at no picture."""

    async def run(self, function: Callable[[*Args], Result], /, *args: *Args, **more: Any) -> Result:
        plain: Callable[[*Args], Result] = _PLAIN.get(function, function)
        return await super().run(plain, *args, **more)


@cache
def _workers() -> tuple[asyncio.AbstractEventLoop, SandboxPool]:
    """Open the pool in a loop of its own, until the process ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="media workers", daemon=True)
    thread.start()
    pool = SandboxPool(processes=2)
    asyncio.run_coroutine_threadsafe(pool.__aenter__(), loop).result(PATIENCE_S)

    def close() -> None:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(pool.__aexit__(None, None, None), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    atexit.register(close)
    return loop, pool
