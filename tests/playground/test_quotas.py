"""Quotas, the set-up and a pause, as a page asks for them."""

from typing import Any

from tests.playground.page_requests import command, fill, state
from tests.playground.serving import Served


async def told(served: Served, text: str, key: str, *, me: str = "ada") -> str:
    answer = await command(served, me, text, key)
    return str(answer["messages"][0])


async def banner(served: Served, me: str = "grace") -> str:
    async with served.client() as client:
        found: dict[str, Any] = (await client.get("/playground/quota", params={"me": me})).json()
    return str(found["quota"]["pause"])


async def test_a_person_who_has_done_nothing_yet_gets_a_quota(served: Served) -> None:
    assert "grace may use 1 picture each day" in await told(
        served, "/quotas set grace --amount 1 --unit pictures", "key-00001"
    )
    limits = (await state(served, "grace"))["quota"]["limits"]
    assert any(one["parts"][0].startswith("1 picture left of 1 picture") for one in limits)
    assert "⟦" in str(limits), "the page shows when it resets in the browser's time zone"


async def test_the_form_of_the_set_up_names_the_channel(served: Served) -> None:
    answer = await fill(
        served,
        "ada",
        "studio setup",
        "key-00001",
        budget="25",
        channels=["studio|studio"],
        admin_channel="studio|studio",
        reactions="off",
        timezone="Asia/Tokyo",
    )
    facts = dict(answer["messages"][0]["facts"])
    assert {
        "Budget of a month": "$25.00",
        "Channels": "studio",
        "Warnings go to": "studio",
        "Reactions": "start nothing",
        "Time zone": "Asia/Tokyo",
    }.items() <= facts.items()
    assert "/studio setup" in answer["messages"][0]["said"]


async def test_the_page_is_told_of_a_pause_and_of_its_end(served: Served) -> None:
    assert "" == await banner(served)
    await command(served, "ada", "/studio pause out of money", "key-00001")
    assert "paused here by an admin: out of money" in await banner(served)
    await command(served, "ada", "/studio resume", "key-00002")
    await command(served, "ada", "/imagine a fox", "key-00003")
    await served.core.run()
    await served.core.finish()
    await command(served, "ada", "/quotas set --workspace --amount 0.001", "key-00004")
    assert (await banner(served)).startswith("Paused: the cap of this workspace for today is used up")
    await command(served, "ada", "/quotas remove --workspace", "key-00005")
    assert "" == await banner(served)
