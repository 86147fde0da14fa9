"""An HTTP transport that never leaves this process."""

import asyncio

import httpx
from starlette.types import ASGIApp

#: Origins of the built-in simulator and of our own routes, for URLs that never leave this process. Names
#: under `.invalid` never resolve: https://www.rfc-editor.org/rfc/rfc2606
SIMULATOR_ORIGIN = "http://simulator.invalid"
OWN_ORIGIN = "http://reverie.invalid"
API_URL = f"{SIMULATOR_ORIGIN}/dream-machine/v1"


class InProcessTransport(httpx.AsyncBaseTransport):
    """Hands requests to an ASGI app of this process."""

    def __init__(self, app: ASGIApp) -> None:
        # Not a loopback address: routes that are open to loopback peers stay closed to it.
        self._asgi = httpx.ASGITransport(app=app, client=("in-process", 0))
        self._running: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # As over a socket, the app continues when its client disconnects: a create must not end halfway.
        task = asyncio.create_task(self._asgi.handle_async_request(request), name="request in process")
        self._running.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if not task.cancelled() or (asking := asyncio.current_task()) is None or asking.cancelling():
                raise
            # The app was cancelled because it is being closed, not the client.
            raise httpx.ReadError("The connection broke off") from error
        except Exception as error:
            raise httpx.ReadError("The connection broke off") from error

    async def aclose(self) -> None:
        """Cancel the requests that are still running."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _done(self, task: "asyncio.Task[httpx.Response]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Retrieve the exception of a request that nobody waits for; asyncio else logs it.
            task.exception()
