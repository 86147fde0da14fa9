"""The workspace's own API key over HTTP: its form alone sends it, and no conversation stores it."""

from typing import Any

from bot.domain.errors import AccountProblem
from tests.playground.page_requests import command, fill, post, state
from tests.playground.serving import Served

KEY = "luma-6c2e-4f7a-90b1-3f9a"


async def enter(served: Served, me: str = "ada", key: str = "key-enter") -> Any:
    return await post(served, "key", me, {"api_key": KEY, "key": key})


async def conversation(served: Served) -> str:
    rows = await served.core.adapter_data.latest("", limit=200)
    return str([await state(served, me) for me in ("ada", "grace")]) + str(rows)


async def test_the_first_person_enters_the_key_in_a_form(served: Served) -> None:
    asked = await command(served, "ada", "/studio key set", "key-00001")
    assert ("Set this workspace's API key", []) == (asked["key_form"]["title"], asked["messages"])

    answer = await enter(served)

    assert "API key set" == answer["messages"][0]["title"]
    shown = await command(served, "ada", "/studio key", "key-00002")
    assert "luma-…3f9a" in str(shown["messages"][0]["facts"])
    assert KEY not in await conversation(served)
    price = await post(served, "price", "ada", {"text": "/imagine a fox"})
    assert price["price"].endswith("billed to this workspace's own key")


async def test_others_cannot_enter_a_key(served: Served) -> None:
    assert "Only an admin" in (await enter(served, "grace"))["messages"][0]["text"]
    assert await served.core.engine.rows("SELECT * FROM workspace_key") == []


async def test_a_refused_key_is_not_repeated(served: Served) -> None:
    served.core.keys.of(KEY).check_error = AccountProblem(f"the key {KEY} is unknown")
    answer = await enter(served)
    assert answer["refused"]
    assert "does not accept this key" in answer["messages"][0]["text"]
    assert KEY not in await conversation(served)


async def test_a_typed_key_is_refused_and_redacted(served: Served) -> None:
    typed = await command(served, "ada", f"/studio key set {KEY}", "key-00001")
    filled = await fill(served, "ada", "studio key", "key-00002", action=KEY)
    for answer in (typed, filled):
        assert answer["refused"]
        assert "never typed" in answer["messages"][0]["text"]
        assert "/studio key •••" == answer["messages"][0]["said"]
    assert KEY not in await conversation(served)
