"""An HTTP transport that never leaves this process."""

import asyncio

import httpx
from starlette.types import ASGIApp


class InProcess(httpx.AsyncBaseTransport):
    """Hands requests to an ASGI app of this process."""

    def __init__(self, app: ASGIApp) -> None:
        # No loopback peer: what is open to this machine alone stays closed to what was written elsewhere.
        self._asgi = httpx.ASGITransport(app=app, client=("in-process", 0))
        self._running: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # As over a socket, the app goes on when its caller has given up: half a create would be worse.
        task = asyncio.create_task(self._asgi.handle_async_request(request), name="request in process")
        self._running.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if not task.cancelled() or (asking := asyncio.current_task()) is None or asking.cancelling():
                raise
            # Not the caller was cancelled but what it called: the app is being closed.
            raise httpx.ReadError("The connection broke off") from error
        except Exception as error:
            raise httpx.ReadError("The connection broke off") from error

    async def aclose(self) -> None:
        """End what still runs."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _done(self, task: "asyncio.Task[httpx.Response]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Nobody may wait for it any more; a failure that somebody waits for is raised there.
            task.exception()
