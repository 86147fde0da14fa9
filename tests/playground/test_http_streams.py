"""Event streams over HTTP: which are closed, and with which reason."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from adapters.playground.delivery.conversation_store import ConversationStore
from adapters.playground.delivery.poller import MOST_STREAMS
from adapters.playground.delivery.publisher import CardPublisher
from bot.settings import Switch
from tests.patience import PATIENCE_S
from tests.playground.live_cards import NOW, place, running_card
from tests.playground.serving import Served, serve


async def events(client: httpx.AsyncClient, me: str = "ada") -> tuple[Any, AsyncIterator[str]]:
    """Open a stream over HTTP; return it with the lines that follow."""
    request = client.build_request("GET", f"/playground/events?me={me}&since=0")
    answer = await client.send(request, stream=True)
    assert answer.status_code == HTTPStatus.OK
    lines = answer.aiter_lines()
    assert await anext(lines) == "retry: 1000"
    return answer, lines


async def reason_of(lines: AsyncIterator[str]) -> str:
    """Return the reason with which a stream ends."""
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if line == "event: closed":
                data = await anext(lines)
                return str(orjson.loads(data.removeprefix("data: "))["reason"])
    return "without a reason"


async def test_the_oldest_of_too_many_streams_of_a_person_is_closed_with_the_reason(served: Served) -> None:
    async with served.client(limits=httpx.Limits(max_connections=50)) as client:
        opened = [await events(client) for _ in range(MOST_STREAMS)]
        others = await events(client, "grace")
        opened.append(await events(client))
        assert "replaced" == await reason_of(opened[0][1])
        # Everybody else's go on.
        await CardPublisher(ConversationStore(served.core.adapter_data, lambda: NOW)).show(
            running_card(1), place()
        )
        for _, lines in (*opened[1:], others):
            async with asyncio.timeout(PATIENCE_S):
                while '"kind":"card"' not in await anext(lines):
                    pass
        for answer, _ in (*opened, others):
            await answer.aclose()


async def test_a_stream_ends_when_its_session_does() -> None:
    password = SecretStr("open sesame")
    async with (
        serve(playground=Switch.ON, playground_password=password) as served,
        served.client() as client,
        served.client() as other,
    ):
        for one in (client, other):
            assert (await one.post("/playground/login", json={"password": "open sesame"})).is_success
        answer, lines = await events(client)
        kept, _ = await events(other)
        await client.post("/playground/logout", json={})
        assert "signed-out" == await reason_of(lines)
        assert not kept.is_closed
        await answer.aclose()
        await kept.aclose()
