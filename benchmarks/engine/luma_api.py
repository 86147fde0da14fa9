"""The generation API as far as watching needs it: generations that end after a fixed time, a list, callbacks.

It counts requests, and when it first told each generation's end.
"""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import orjson
from PIL import Image
from starlette.types import Receive, Scope, Send

from bot.web.server import Server, listen

#: the model with which a process warms up, and its seconds
WARM_UP: Literal["photon-flash-1"] = "photon-flash-1"
_WARM_UP_S = 0.5
_FILES = "/files/"
_ROOT = "/dream-machine/v1"
#: callbacks under way at once
_CALLS = 20


@dataclass(slots=True, kw_only=True)
class _Generation:
    created_at: datetime
    #: on the monotonic clock
    ends_at: float
    request: dict[str, Any]
    #: when its end was first told, on the monotonic clock
    told_at: float | None = None

    @property
    def is_picture(self) -> bool:
        return str(self.request.get("model")).startswith("photon")


@dataclass(slots=True)
class LumaApi:
    """What the account has made."""

    #: seconds from a create to its end; `WARM_UP` takes less
    takes_s: float
    #: base of the bot's address; None: it is not called back
    calls: str | None = None
    url: str = ""
    #: content of every picture but for its comment
    picture: bytes = b""
    #: seconds that a page of the list takes longer for each ten generations
    delay_s: float = 0.0
    requests: int = 0
    generations: dict[str, _Generation] = field(default_factory=dict)
    #: called with the id of each generation that a response tells about
    on_told: Callable[[str], None] = lambda _: None
    _called: set[asyncio.Task[None]] = field(default_factory=set)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_CALLS))
    _http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False))

    def forget(self) -> None:
        """Begin to count."""
        self.requests = 0
        self.generations.clear()

    def noticed_ms(self, *, warm_up: bool = False) -> list[float]:
        """Milliseconds from the end of each generation to the response that told it; `WARM_UP` is apart."""
        return [
            (one.told_at - one.ends_at) * 1000
            for one in self.generations.values()
            if one.told_at is not None and (one.request["model"] == WARM_UP) is warm_up
        ]

    def add(self, identity: str, request: dict[str, Any], ends_at: float) -> None:
        """Have a generation that was created earlier."""
        self.generations[identity] = _Generation(
            created_at=datetime.now(UTC), ends_at=ends_at, request=request
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        path = scope["path"].removeprefix(_ROOT)
        if path.startswith(_FILES):
            await _send_picture(send, self._picture(path))
            return
        status, document = 200, object()
        if scope["method"] == "POST":
            status, document = 201, self._create(orjson.loads(await _body(receive)))
        elif path == "/generations":
            query = parse_qs(scope["query_string"].decode())
            document = page = self._page(int(query["limit"][0]), int(query["offset"][0]))
            await asyncio.sleep(self.delay_s * len(page["generations"]) / 10)
        elif path.startswith("/generations/") and path.endswith("/list"):
            document = []
        elif path.startswith("/generations/"):
            identity = path.rpartition("/")[2]
            known = identity in self.generations
            status, document = (200, self._told(identity)) if known else (404, {"detail": "Not found"})
        else:
            document = {"credit_balance": 10_000_000}
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": orjson.dumps(document)})

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        identity = str(uuid4())
        takes_s = _WARM_UP_S if request["model"] == WARM_UP else self.takes_s
        self.add(identity, request, time.monotonic() + takes_s)
        callback = request.get("callback_url")
        if callback is not None and self.calls is not None:
            task = asyncio.create_task(
                self._call(f"{self.calls}{urlsplit(callback).path}", identity, takes_s)
            )
            self._called.add(task)
            task.add_done_callback(self._called.discard)
        return self._document(identity)

    def _page(self, limit: int, offset: int) -> dict[str, Any]:
        newest = islice(reversed(self.generations), offset, offset + limit)
        found = [self._told(identity) for identity in newest]
        return {
            "has_more": offset + limit < len(self.generations),
            "count": len(found),
            "limit": limit,
            "offset": offset,
            "generations": found,
        }

    def _told(self, identity: str) -> dict[str, Any]:
        one = self.generations[identity]
        if one.told_at is None and time.monotonic() >= one.ends_at:
            one.told_at = time.monotonic()
        self.on_told(identity)
        return self._document(identity)

    def _document(self, identity: str) -> dict[str, Any]:
        one = self.generations[identity]
        ended = time.monotonic() >= one.ends_at
        file = f"{self.url}{_FILES}{identity}"
        made = {"image": f"{file}.jpg"} if one.is_picture else {"video": f"{file}.mp4"}
        return {
            "id": identity,
            "generation_type": "image" if one.is_picture else "video",
            "state": "completed" if ended else "dreaming",
            "failure_reason": None,
            "created_at": one.created_at.isoformat(),
            "assets": made if ended else None,
            "model": one.request.get("model"),
            "request": one.request,
        }

    def _picture(self, path: str) -> bytes:
        """A JPEG that differs from all others by a comment."""
        comment = path.encode()
        return b"\xff\xd8\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + self.picture[2:]

    async def _call(self, url: str, identity: str, takes_s: float) -> None:
        await asyncio.sleep(takes_s)
        async with self._turns:
            await self._http.post(url, content=orjson.dumps(self._document(identity)))

    async def close(self) -> None:
        for task in self._called:
            task.cancel()
        await asyncio.gather(*self._called, return_exceptions=True)
        await self._http.aclose()


async def _send_picture(send: Send, content: bytes) -> None:
    headers = [(b"content-type", b"image/jpeg"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


@asynccontextmanager
async def luma_api(takes_s: float, calls: str | None = None) -> AsyncIterator[LumaApi]:
    """Serve the API on a port of this machine."""
    api = LumaApi(takes_s, calls)
    with listen("127.0.0.1", 0) as listener:
        api.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ready = asyncio.Event()
        server = Server(api, started=ready.set)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="generation API")
        await ready.wait()
        try:
            yield api
        finally:
            server.should_exit = True
            await serving
            await api.close()


def photo() -> bytes:
    """A picture whose file is as large as those of the API."""
    noise = Image.frombytes("RGB", (1360, 768), Random(7).randbytes(1360 * 768 * 3))  # noqa: S311
    file = io.BytesIO()
    noise.resize((340, 192)).resize((1360, 768)).save(file, "JPEG", quality=90)
    return file.getvalue()
