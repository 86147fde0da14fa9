"""What the simulator needs from whoever runs it: reading URLs, drawing in another process, calling back."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

#: Reads a URL whole. Raises Unavailable where asking again may help, Unreadable where it does not.
Fetch = Callable[[str], Awaitable[bytes]]

#: Posts a callback, its JSON body to its URL; answers the status.
Post = Callable[[str, bytes], Awaitable[int]]


class Render(Protocol):
    """Runs a top-level function of this package in a worker process and answers its plain data.

    Raises Unavailable where the worker failed, Unreadable where the function can never succeed.
    """

    async def __call__(self, function: Callable[..., object], /, *args: Any, timeout_s: float) -> object: ...
