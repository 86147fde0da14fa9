"""Rules in the playground: held jobs, reports, and reactions that an admin has set."""

from typing import Any

from tests.playground.page_requests import BEAR, command, post, react, seen, state
from tests.playground.serving import Served

COSTLY = "/animate a fox that runs --model ray-2 --resolution 1080p"


async def decide(served: Served, me: str, card: dict[str, Any], decision: str, key: str) -> Any:
    """Press a button under a held or reported job."""
    button = next(one for one in card["decisions"] if one["decision"] == decision)
    body = {
        "decision": decision,
        "label": button["label"],
        "job": card["jobs"][0]["id"],
        "card": card["card"],
    }
    return await post(served, "decision", me, body | {"key": key})


async def newest(served: Served, me: str = "ada") -> Any:
    return (await seen(served, me, "card"))[-1]


async def test_a_price_is_confirmed_by_who_asked(served: Served) -> None:
    quoted = await post(served, "price", "grace", {"text": COSTLY})
    assert "$1.60 · you confirm it first" == quoted["price"]
    await command(served, "grace", COSTLY)
    card = await newest(served, "grace")
    assert ["approve", "refuse"] == [one["decision"] for one in card["decisions"]]
    assert not card["jobs"][0]["cancellable"]
    refused = await decide(served, "ada", card, "approve", "key-00002")
    assert "Only grace can confirm" in refused["messages"][0]["text"]
    confirmed = await decide(served, "grace", card, "approve", "key-00003")
    assert "Confirmed" == confirmed["toast"]["title"]
    await served.core.finish((await served.core.newest()).id)
    assert [] == (await newest(served))["decisions"]


async def test_a_report_is_acted_on_by_an_admin_only(served: Served) -> None:
    """The first person is the admin."""
    await command(served, "grace", BEAR)
    job = (await served.core.newest()).id
    await served.core.finish(job)
    await command(served, "ada", "/rules moderators here", "key-00002")
    await command(served, "grace", f"/report {job} not nice", "key-00003")
    report = await newest(served)
    assert report["jobs"][0]["spoiler"]
    assert ["Note", "Reported by grace: not nice"] == report["jobs"][0]["facts"][0]
    refused = await decide(served, "grace", report, "block", "key-00004")
    assert "Only admins and moderators" in refused["messages"][0]["text"]
    await decide(served, "ada", report, "block", "key-00005")
    blocked = await command(served, "grace", BEAR, "key-00006")
    assert "blocked you" in blocked["messages"][0]["text"]
    await decide(served, "ada", await newest(served), "remove", "key-00007")
    gone = await newest(served)
    assert (report["card"], ["unblock"]) == (gone["card"], [one["decision"] for one in gone["decisions"]])


async def test_a_reaction_that_an_admin_has_set_is_offered_and_counted(served: Served) -> None:
    await command(served, "grace", BEAR)
    await served.core.finish((await served.core.newest()).id)
    card = (await newest(served))["card"]
    await command(served, "ada", "/rules reactions animate 🔥 --votes 2", "key-00002")
    offered = (await state(served))["channels"]["studio"]["reactions"]
    assert {"emoji": "🔥", "label": "Animate", "action": "animate"} in offered
    voted = await react(served, "grace", card, "🔥", "key-00003")
    assert "1 of 2" in voted["toast"]["text"]
    await react(served, "ada", card, "🔥", "key-00004")
    assert 2 == await served.core.card_count()
