"""The requests of a page, without a browser."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from tests.playground.serving import Served

BEAR = "/imagine a teddy bear with an electric guitar"


async def post(served: Served, path: str, me: str, body: dict[str, Any]) -> Any:
    await served.core.all_shown()
    async with served.client() as client:
        answer = await client.post(f"/playground/{path}", params={"me": me}, json=body)
        answer.raise_for_status()
        return answer.json()


async def command(served: Served, me: str, text: str, key: str = "key-00001", **more: Any) -> Any:
    return await post(served, "command", me, {"text": text, "key": key} | more)


async def fill(served: Served, me: str, name: str, key: str = "key-00001", **values: Any) -> Any:
    """Send a command as its form does."""
    return await post(served, "command", me, {"command": name, "values": values, "key": key})


async def react(
    served: Served, me: str, card: str, emoji: str, key: str, *, on: bool = True, **more: Any
) -> Any:
    return await post(served, "react", me, {"card": card, "emoji": emoji, "on": on, "key": key} | more)


async def decide(served: Served, me: str, asked: dict[str, Any], label: str, key: str = "key-decide") -> Any:
    """Press a button under a question."""
    choice = next(one for one in asked["question"]["choices"] if one["label"] == label)
    body = {"job": choice["job"], "question": choice["question"], "confirmed": choice["confirms"]}
    return await post(served, "decide", me, body | {"key": key})


async def state(served: Served, me: str = "ada") -> Any:
    await served.core.all_shown()
    async with served.client() as client:
        return (await client.get("/playground/state", params={"me": me})).json()


async def seen(served: Served, me: str, kind: str, channel: str = "studio") -> list[Any]:
    """Return the messages of one kind that a person sees in a conversation."""
    messages = (await state(served, me))["messages"]
    return [one for one in messages if (one["kind"], one["channel"]) == (kind, channel)]


async def upload(served: Served, me: str, content: bytes, name: str = "hills.png") -> tuple[HTTPStatus, Any]:
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": quote(name)}
    async with served.client() as client:
        answer = await client.post("/playground/upload", params={"me": me}, headers=headers, content=content)
        return HTTPStatus(answer.status_code), answer.json()
