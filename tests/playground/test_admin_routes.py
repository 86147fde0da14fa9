"""What the admin page reads, and how it sends commands, over real sockets."""

from http import HTTPStatus
from typing import Any

import pytest

from bot.service.admin.queries.paging import PAGE
from tests.playground.page_requests import BEAR, command, fill, post, seen, state
from tests.playground.serving import Served

SECTIONS = ("start", "overview", "members", "allowances", "rules", "audit", "keys", "queue", "reports")
COSTLY = "/animate a fox that runs --model ray-2 --resolution 1080p"


async def read(served: Served, section: str, *, me: str = "ada", **query: Any) -> Any:
    async with served.client() as client:
        answer = await client.get(f"/playground/admin/{section}", params={"me": me} | query)
        answer.raise_for_status()
        return answer.json()


async def send(served: Served, me: str, name: str, key: str, **values: Any) -> Any:
    """Send a command as the admin page does."""
    body = {"command": name, "values": values, "key": key, "beside": True}
    return await post(served, "command", me, body)


@pytest.mark.parametrize("section", SECTIONS)
async def test_a_section_is_for_admins_only(served: Served, section: str) -> None:
    async with served.client() as client:
        refused = await client.get(f"/playground/admin/{section}", params={"me": "grace"})
        assert HTTPStatus.FORBIDDEN == refused.status_code
        assert "Only an admin" in refused.json()["error"]
        if section != "start":
            unknown = await client.get(f"/playground/admin/{section}", params={"me": "nobody"})
            assert HTTPStatus.NOT_FOUND == unknown.status_code
    assert await read(served, section)
    assert [True, False] == [(await state(served, name))["manages"] for name in ("ada", "grace")]


async def test_the_page_itself_holds_no_data_and_no_inline_code(served: Served) -> None:
    async with served.client() as client:
        page = await client.get("/playground/admin")
    assert "no-cache" == page.headers["cache-control"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert not [one for one in ("<script>", " style=", " onclick", "http:", "https:") if one in page.text]


async def test_a_reply_beside_a_control_is_stored_in_no_conversation(served: Served) -> None:
    done = await send(served, "ada", "quotas set", "key-00001", member="grace", amount="2.50")
    assert "grace may use $2.50 each day, from now." in done["reply"]["text"]
    wrong = await send(served, "ada", "quotas set", "key-00002", member="grace", amount="a lot")
    assert (True, "amount") == (wrong["refused"], wrong["reply"]["option"])
    unknown = await send(
        served, "ada", "quotas grant", "key-00003", member="zoe", amount="1", reason="why not"
    )
    assert "member" == unknown["reply"]["option"]
    refused = await send(served, "grace", "quotas set", "key-00004", amount="100")
    assert "Only an admin" in refused["reply"]["text"]
    assert [] == (await state(served))["messages"] + (await state(served, "grace"))["messages"]


async def test_a_posted_report_is_for_everybody_and_shown_beside_its_button(served: Served) -> None:
    report = await send(served, "ada", "studio usage", "key-00001", by="member")
    assert report["reply"]["file"]["picture"]
    assert [] == await seen(served, "ada", "note")
    posted = await send(served, "ada", "studio usage", "key-00002", by="member", post=True)
    assert report["reply"]["title"] == posted["reply"]["title"]
    (note,) = await seen(served, "grace", "note")
    assert (None, "/studio usage --by member --post") == (note["to"], note["said"])


async def test_members_are_listed_with_what_is_left_before_they_ask_for_anything(served: Served) -> None:
    await command(served, "ada", BEAR)
    await served.core.finish()
    await send(served, "ada", "quotas set", "key-00002", member="grace", amount="2")
    await send(served, "ada", "quotas grant", "key-00003", member="grace", amount="1", reason="a prize")
    await send(served, "ada", "rules block", "key-00004", member="grace")
    listed = {one["name"]: one for one in (await read(served, "members"))["items"]}
    assert {"ada", "grace"} == listed.keys()
    (mine,), (hers,) = listed["ada"]["limits"], listed["grace"]["limits"]
    assert mine["used"]["value"] == (await served.core.newest()).price
    assert mine["left"]["value"] == mine["amount"]["value"] - mine["used"]["value"]
    assert ("$2.00", "2", "$1.00", "$3.00") == (
        hers["amount"]["text"],
        hers["amount"]["typed"],
        hers["granted"]["text"],
        hers["left"]["text"],
    )
    assert hers["resets_at"] > served.core.now
    flags = ("has_own_rule", "blocked", "blocked_by_operator")
    assert [(False, False, False), (True, True, False)] == [
        tuple(listed[name][flag] for flag in flags) for name in ("ada", "grace")
    ]
    assert ["grace"] == [one["name"] for one in (await read(served, "members", words="GRA"))["items"]]


async def test_long_lists_come_in_pages(served: Served) -> None:
    for number in range(PAGE - 1):
        await post(served, "people", "ada", {"name": f"person-{number}"})
    pages = [await read(served, "members", page=page) for page in (1, 2, 3)]
    assert [(PAGE, True), (1, False), (0, False)] == [(len(one["items"]), one["more"]) for one in pages]
    assert PAGE + 1 == len({one["id"] for page in pages for one in page["items"]})
    async with served.client() as client:
        wrong = await client.get("/playground/admin/members", params={"me": "ada", "page": "-1"})
    assert HTTPStatus.BAD_REQUEST == wrong.status_code


async def test_rules_of_allowances_say_how_to_change_and_remove_them(served: Served) -> None:
    await send(served, "ada", "quotas set", "key-00001", member="grace", amount="5", unit="pictures")
    await send(served, "ada", "quotas set", "key-00002", channel="studio|studio", amount="7", period="week")
    await send(served, "ada", "quotas set", "key-00003", workspace=True, amount="20", period="month")
    await send(served, "ada", "quotas set", "key-00004", amount="1.25")
    await send(served, "ada", "quotas pace", "key-00005", cooldown=30, running=3)
    found = await read(served, "allowances")
    assert {"cooldown_s": 30, "running": 3} == found["pace"]
    assert [("workspace", "month", "$20.00")] == [
        (one["level"], one["period"], one["amount"]["text"])
        for one in found["caps"]
        if one["level"] == "workspace"
    ]
    rules = found["rules"]["items"]
    assert {"$1.25", "5 pictures", "$7.00", "$20.00"} == {rule["amount"]["text"] for rule in rules}
    for number, rule in enumerate(rules):
        done = await send(
            served, "ada", "quotas remove", f"key-1000{number}", unit=rule["unit"], **rule["target"]
        )
        assert not done["refused"], rule
    assert [] == (await read(served, "allowances"))["rules"]["items"]


async def test_the_overview_has_spending_jobs_caps_and_the_set_up(served: Served) -> None:
    await fill(
        served,
        "ada",
        "studio setup",
        "key-00001",
        budget="25",
        admin_channel="studio|studio",
        reactions="off",
        timezone="Asia/Tokyo",
    )
    await send(served, "ada", "studio retention", "key-00005", prompts=90)
    await command(served, "ada", BEAR, "key-00002")
    await served.core.finish()
    await command(served, "grace", COSTLY, "key-00003")
    await send(served, "ada", "studio pause", "key-00004", reason="a party")
    found = await read(served, "overview")
    first = (await served.core.jobs())[0]
    assert {first.price} == {found["spent"][period]["value"] for period in ("today", "month")}
    assert {"held": 1, "waiting": 0, "running": 0} == found["jobs"]
    assert (True, "a party") == (found["paused"], found["pause_reason"])
    assert "paused here by an admin: a party" in found["notice"]
    assert {"media": None, "prompts": 90} == found["retention"]
    setup = found["setup"]
    assert ("$25.00", False, "Asia/Tokyo") == (
        setup["budget"]["text"],
        setup["reactions"],
        setup["timezone"],
    )
    assert {"name": "studio", "value": "studio|studio"} == setup["admin_channel"]
    cap = next(one for one in found["caps"] if one["level"] == "workspace")
    assert (first.price, 25_000_000) == (cap["used"]["value"], cap["amount"]["value"])


async def test_rules_and_reactions_are_data(served: Served) -> None:
    await send(served, "ada", "rules deny", "key-00001", command="animate", model="ray-2", member="grace")
    await send(served, "ada", "rules words", "key-00002", action="add", word="bad*")
    await send(served, "ada", "rules prices", "key-00003", confirm="off", approve="5")
    await send(served, "ada", "rules reactions", "key-00004", emoji="🔥", action="animate", votes=3)
    await send(served, "ada", "rules reactions", "key-00005", emoji="🔁", action="nothing")
    await send(served, "ada", "studio setup", "key-00007", channels=["studio|studio"])
    found = await read(served, "rules")
    assert {"channels": ["studio"], "roles": []} == found["set_up"]
    (rule,) = found["access"]
    assert (1, "deny", "deny /animate with ray-2 for grace", "ada") == (
        rule["id"],
        rule["effect"],
        rule["text"],
        rule["by"],
    )
    assert ["bad*"] == [one["pattern"] for one in found["words"]]
    assert (None, "$5.00") == (found["prices"]["confirm"], found["prices"]["approve"]["text"])
    reactions = {one["emoji"]: one for one in found["reactions"]}
    assert ("animate", 3, True) == tuple(reactions["🔥"][name] for name in ("action", "votes", "changed"))
    assert (None, True) == (reactions["🔁"]["action"], reactions["🔁"]["changed"])
    assert not reactions["⭐"]["changed"]
    assert (
        "emoji" == (await send(served, "ada", "rules reactions", "key-00006", emoji="abc"))["reply"]["option"]
    )


async def test_the_audit_is_searched(served: Served) -> None:
    await send(served, "ada", "studio pause", "key-00001", reason="a party")
    await send(served, "ada", "quotas set", "key-00002", member="grace", amount="5")
    found = await read(served, "audit")
    assert ["quotas set", "studio pause"] == [one["action"] for one in found["items"]]
    newest = found["items"][0]
    assert ("ada", "grace", False) == (newest["who"], newest["about"], newest["refused"])
    assert ["amount", "$5.00"] in newest["details"]
    await send(served, "ada", "quotas set", "key-00003", amount="5")
    await send(served, "ada", "quotas set", "key-00004", workspace=True, amount="50")
    about = [one["about"] for one in (await read(served, "audit"))["items"]]
    assert ["the whole workspace", "every member", "grace", ""] == about
    assert found["days"] == served.core.engine.services.settings.audit_days
    for query, count in (
        ({"words": "PARTY"}, 1),
        ({"action": "quotas"}, 3),
        ({"member": "grace"}, 1),
        ({"words": "nothing like it"}, 0),
    ):
        assert count == len((await read(served, "audit", **query))["items"]), query


async def test_held_jobs_are_approved_and_waiting_ones_cancelled(served: Served) -> None:
    await send(served, "ada", "rules prices", "key-00001", confirm="off", approve="1")
    await command(served, "grace", COSTLY, "key-00002")
    await command(served, "grace", BEAR, "key-00003")
    await command(served, "grace", f"{BEAR} --private", "key-00004")
    held, waiting, hidden = (await read(served, "queue"))["items"]
    assert ("held", "approval", "animate", "grace", "a fox that runs") == tuple(
        held[name] for name in ("group", "hold", "command", "name", "title")
    )
    assert ["approve", "refuse"] == [one["decision"] for one in held["decisions"]]
    assert (True, False, "") == (waiting["cancellable"], hidden["cancellable"], hidden["title"])
    approve = held["decisions"][0]
    body = {"decision": "approve", "label": approve["label"], "job": held["id"], "card": held["card"]}
    done = await post(served, "decision", "ada", body | {"key": "key-00005", "beside": True})
    assert "Approved" == done["reply"]["title"]
    done = await send(served, "ada", "cancel", "key-00006", job=waiting["id"])
    assert "Cancelled" == done["reply"]["title"]
    left = (await read(served, "queue", group="waiting"))["items"]
    assert {held["id"], hidden["id"]} == {one["id"] for one in left}
    assert [] == (await read(served, "queue", group="held"))["items"]
    async with served.client() as client:
        wrong = await client.get("/playground/admin/queue", params={"me": "ada", "group": "lost"})
    assert HTTPStatus.BAD_REQUEST == wrong.status_code


async def test_reports_are_listed_with_what_can_be_done(served: Served) -> None:
    await command(served, "grace", BEAR)
    job = (await served.core.newest()).id
    await served.core.finish(job)
    await send(served, "ada", "rules moderators", "key-00002", channel="studio|studio")
    await command(served, "grace", f"/report {job} not nice", "key-00003")
    (report,) = (await read(served, "reports"))["items"]
    assert ("Reported by grace: not nice", False) == (report["note"], report["removed"])
    remove = report["decisions"][0]
    body = {"decision": "remove", "label": remove["label"], "job": job, "card": report["card"]}
    await post(served, "decision", "ada", body | {"key": "key-00004", "beside": True})
    (report,) = (await read(served, "reports"))["items"]
    assert (True, ["block"]) == (report["removed"], [one["decision"] for one in report["decisions"]])


async def test_a_key_is_shown_masked_and_the_shared_accounts_to_operators_only(served: Served) -> None:
    assert {"own": None, "shared": []} == await read(served, "keys")
    key = "luma-6c2e-4f7a-90b1-3f9a"
    done = await post(served, "key", "ada", {"api_key": key, "key": "key-00001", "beside": True})
    assert "API key set" == done["reply"]["title"]
    own = (await read(served, "keys"))["own"]
    assert ("luma-…3f9a", "ada", "ready") == (own["masked"], own["set_by"], own["account"]["state"])
    assert key not in str(own)
    assert [] == (await state(served))["messages"]
