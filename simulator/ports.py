"""Ports of the simulator: reading URLs, rendering in another process, posting callbacks."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

#: Reads a URL completely. Raises FileUnavailable where trying again may help, FileUnreadable where not.
Fetch = Callable[[str], Awaitable[bytes]]

#: Posts a callback's JSON body to its URL and returns the status.
Post = Callable[[str, bytes], Awaitable[int]]


class Render(Protocol):
    """Runs a top-level function of this package in a worker process and returns its plain data.

    Raises FileUnavailable where the worker failed, FileUnreadable where the function can never succeed.
    """

    async def __call__(self, function: Callable[..., object], /, *args: Any, timeout_s: float) -> object: ...
