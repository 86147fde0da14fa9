"""The whole bot with clients that send slowly or not at all: everybody else is served meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.playground import plugin
from bot.bootstrap import App
from tests.engine.settings import given_settings
from tests.patience import until
from tests.web.running_app import served

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def sent_by(app: App, count: int, begun: str) -> AsyncIterator[list[Connection]]:
    """Clients that send this and nothing more."""
    host = app.address.removeprefix("http://")
    found: list[Connection] = []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection(*host.split(":"))
            writer.write(begun.format(host=host, origin=app.address).encode())
            found.append((reader, writer))
        yield found
    finally:
        for _, writer in found:
            writer.close()


UPLOAD = (
    "POST /playground/upload?me=ada HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n"
    "Content-Type: application/octet-stream\r\nContent-Length: 90000000\r\n\r\nsome"
)
COMMAND = (
    "POST /playground/command?me=ada HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n"
    "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{"
)


async def test_slow_clients_hold_up_nobody_and_leave_nothing(tmp_path: Path) -> None:
    app = App(given_settings(tmp_path, http_port=0), plugins=[plugin])
    incoming = tmp_path / "media" / "incoming"
    async with (
        served(app) as http,
        sent_by(app, 100, ""),
        sent_by(app, 50, "GET /playground/state HTTP/1.1\r\nHost: "),
        sent_by(app, 20, COMMAND),
        sent_by(app, 6, UPLOAD) as uploads,
    ):
        # Two of one member are taken; the others are told so before their body.
        refused = asyncio.gather(*(reader.readline() for reader, _ in uploads))
        await until(lambda: incoming.exists() and len(list(incoming.iterdir())) == 2)
        assert (await http.get("/healthz")).is_success
        body = {"text": "/imagine a red fox", "key": "key-00001"}
        answer = await http.post("/playground/command?me=grace", json=body, headers={"Origin": app.address})
        assert not answer.json()["refused"], answer.json()
        while True:
            messages = (await http.get("/playground/state?me=grace")).json()["messages"]
            cards = [one for one in messages if one["kind"] == "card"]
            if cards and all(job["tone"] == "done" for job in cards[0]["jobs"]):
                break
            await asyncio.sleep(0.02)
        for _, writer in uploads:
            writer.close()
        lines = await refused
        assert [b" 429 " in line for line in lines].count(True) == 4, lines
        await until(lambda: not list(incoming.iterdir()))
