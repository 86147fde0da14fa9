"""The least that a page with live messages can do: one static file, and a stream without a store behind it.

Starts a server on the port that it is given.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from html import escape

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

#: as many messages as the playground starts with
_MESSAGES = 200
_PAGE = """<!doctype html><meta charset="utf-8"><title>Bare</title>
<nav><button data-channel="dm">dm</button><button data-channel="studio">studio</button></nav>
<div id="messages"><ol>{messages}</ol></div>
<script>
const lists = {{ studio: document.querySelector("ol"), dm: document.createElement("ol") }};
for (const button of document.querySelectorAll("button"))
  button.onclick = () => document.getElementById("messages").replaceChildren(lists[button.dataset.channel]);
</script>"""
_MESSAGE = '<li class="message"><b>Ada</b> <p>{}</p></li>'

_listeners = set[asyncio.Queue[bytes]]()


async def _page(_: Request) -> Response:
    texts = (escape(f"/imagine a red fox in the snow {number}") for number in range(_MESSAGES))
    return HTMLResponse(_PAGE.format(messages="".join(map(_MESSAGE.format, texts))))


async def _events(_: Request) -> Response:
    async def follow() -> AsyncIterator[bytes]:
        queue = asyncio.Queue[bytes]()
        _listeners.add(queue)
        try:
            yield b"retry: 1000\n\n"
            while True:
                yield await queue.get()
        finally:
            _listeners.remove(queue)

    return StreamingResponse(follow(), media_type="text/event-stream")


async def _command(request: Request) -> Response:
    event = b"data: " + orjson.dumps(await request.json()) + b"\n\n"
    for queue in _listeners:
        queue.put_nowait(event)
    return JSONResponse({})


if __name__ == "__main__":
    routes = [
        Route("/", _page),
        Route("/playground/events", _events),
        Route("/playground/command", _command, methods=["POST"]),
    ]
    uvicorn.run(Starlette(routes=routes), port=int(sys.argv[1]), log_config=None, timeout_graceful_shutdown=1)
