"""Accounts are linked here only where the page needs a password, because it lets everybody be anybody."""

import re
from typing import Any

from pydantic import SecretStr

from bot.settings import Switch
from tests.playground.page_requests import command
from tests.playground.serving import Served, serve

_PASSWORD = "open sesame, please"


async def test_an_open_page_links_nobody(served: Served) -> None:
    refused = await command(served, "ada", "/link", "key-00001")
    assert "it needs no login" in refused["messages"][0]["text"]
    assert [] == await served.core.engine.rows("SELECT * FROM link_code")


async def test_two_accounts_are_linked_behind_a_password() -> None:
    async with (
        serve(playground=Switch.ON, playground_password=SecretStr(_PASSWORD)) as served,
        served.client() as client,
    ):

        async def send(path: str, me: str, **body: Any) -> Any:
            answer = await client.post(f"/playground/{path}", params={"me": me}, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        await client.post("/playground/login", json={"password": _PASSWORD})
        shown = await send("command", "ada", text="/link", key="key-00001")
        code = re.search(r"/link (\S+)", str(shown["messages"][0]["text"]))
        assert code is not None

        asked = await send("command", "grace", text=code[0], key="key-00002")
        question = asked["question"]
        assert "Link Playground · grace with Playground · ada?" == question["title"]
        (link,) = (one for one in question["choices"] if one["confirms"])
        answer = {"job": link["job"], "question": link["question"], "confirmed": True, "label": "Link"}
        done = await send("decide", "grace", key="key-00003", **answer)
        assert ["Linked"] == [one["title"] for one in done["messages"]]
        # Ada reads it in her direct messages, where the publisher posts it.
        rows = await served.core.engine.rows("SELECT person FROM linked_person ORDER BY person")
        assert ["playground:ada", "playground:grace"] == [row["person"] for row in rows]
